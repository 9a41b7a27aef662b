package jsonl

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// An item is a line of the tests.
type item struct {
	N    int    `json:"n"`
	Text string `json:"text,omitempty"`
}

func parseItem(line []byte, v *item) error { return json.Unmarshal(line, v) }

// items are the lines of that many items, long enough that some batches are filled.
func items(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{"n":%d,"text":%q}`+"\n", i, strings.Repeat("x", i%1000))
	}
	return b.String()
}

// serially reads with Next, together with All: both must give the same values, error, line, torn line and length.
func serially(t *testing.T, text string) (values []item, err error) {
	t.Helper()
	one, all := NewReader(strings.NewReader(text), "f.jsonl"), NewReader(strings.NewReader(text), "f.jsonl")
	for {
		var v item
		if err = one.Next(func(line []byte) error { return parseItem(line, &v) }); err != nil {
			break
		}
		values = append(values, v)
	}
	if err == io.EOF {
		err = nil
	}
	var got []item
	var gotErr error
	for v, err := range All(all, parseItem) {
		if gotErr != nil {
			t.Error("something follows an error")
		}
		if gotErr = err; err == nil {
			got = append(got, v)
		}
	}
	if !reflect.DeepEqual(got, values) || fmt.Sprint(gotErr) != fmt.Sprint(err) {
		t.Errorf("All gives %d values and %v, Next %d and %v", len(got), gotErr, len(values), err)
	}
	if one.line != all.line || one.whole != all.whole || one.unended != all.unended || string(one.Torn()) != string(all.Torn()) {
		t.Errorf("All ends at %+v, Next at %+v", all, one)
	}
	return values, err
}

// TestAll: values come in the order of the file, however many lines there are, and a long line is one.
func TestAll(t *testing.T) {
	for _, n := range []int{0, 1, 2, 5000} {
		values, err := serially(t, items(n))
		if err != nil || len(values) != n {
			t.Fatalf("%d values of %d, %v", len(values), n, err)
		}
		for i, v := range values {
			if v.N != i {
				t.Fatalf("value %d is %d", i, v.N)
			}
		}
	}
	long := fmt.Sprintf(`{"n":1,"text":%q}`+"\n", strings.Repeat("y", 3*batchBytes))
	if values, err := serially(t, items(3)+long+items(3)); err != nil || len(values) != 7 {
		t.Errorf("%d values, %v", len(values), err)
	}
}

// TestDamage: whatever lies before damage is read, the error names its line, and a torn last line is none.
func TestDamage(t *testing.T) {
	whole := items(3000)
	for _, c := range []struct {
		name, text string
		values     int
		line       int // of the damage; 0 for none
		torn       string
	}{
		{"in the middle", whole + "{\n" + whole, 3000, 3001, ""},
		{"blank", items(2) + "\n" + items(2), 2, 3, ""},
		{"at the end, with its newline", whole + "{\n", 3000, 3001, ""},
		{"torn", whole + `{"n":`, 3000, 0, `{"n":`},
		{"without a newline", whole + `{"n":7}`, 3001, 0, ""},
		{"damage before a torn line", items(1) + "?\n{", 1, 2, ""},
	} {
		values, err := serially(t, c.text)
		var damage *Damage
		if errors.As(err, &damage) != (c.line > 0) || damage != nil && (damage.Line != c.line || damage.Path != "f.jsonl") || len(values) != c.values {
			t.Errorf("%s: %d values, %v", c.name, len(values), err)
		}
		r := NewReader(strings.NewReader(c.text), "")
		for range All(r, parseItem) {
		}
		if string(r.Torn()) != c.torn {
			t.Errorf("%s: torn is %q", c.name, r.Torn())
		}
	}
}

// A failing reader gives its text and then its error.
type failing struct{ text io.Reader }

var errDisk = errors.New("the disk is gone")

func (f failing) Read(p []byte) (int, error) {
	n, err := f.text.Read(p)
	if err == io.EOF {
		err = errDisk
	}
	return n, err
}

// TestReadError: what was read whole before the disk failed is delivered, then the error.
func TestReadError(t *testing.T) {
	n, last := 0, error(nil)
	for _, err := range All(NewReader(failing{strings.NewReader(items(2000) + `{"n":5`)}, ""), parseItem) {
		if last = err; err == nil {
			n++
		}
	}
	if n != 2000 || !errors.Is(last, errDisk) {
		t.Errorf("%d values, %v", n, last)
	}
}

// TestNoGoroutineIsLeft: neither by a sequence that is read to its end, nor by one that is left, nor by one that fails.
func TestNoGoroutineIsLeft(t *testing.T) {
	text := items(5000)
	before := runtime.NumGoroutine()
	for _, c := range []struct {
		text string
		most int
	}{{text, 1 << 30}, {text, 1}, {text, 2500}, {text + "{\n" + text, 1 << 30}} {
		n := 0
		for range All(NewReader(strings.NewReader(c.text), ""), parseItem) {
			if n++; n == c.most {
				break
			}
		}
		deadline := time.Now().Add(10 * time.Second)
		for runtime.NumGoroutine() > before { // one that has ended its work may still be there for a moment
			if time.Sleep(time.Millisecond); time.Now().After(deadline) {
				t.Fatalf("%d goroutines after %d values, %d before", runtime.NumGoroutine(), n, before)
			}
		}
	}
}

// TestAppend: a torn line is cut off, a missing newline added, and a file that is refused stays as it is.
func TestAppend(t *testing.T) {
	read := func(r *Reader) error {
		for _, err := range All(r, parseItem) {
			if err != nil {
				return err
			}
		}
		return nil
	}
	for _, c := range []struct{ before, after string }{
		{"", `{"n":9}` + "\n"},
		{`{"n":1}` + "\n" + `{"n"`, `{"n":1}` + "\n" + `{"n":9}` + "\n"},
		{`{"n":1}`, `{"n":1}` + "\n" + `{"n":9}` + "\n"},
		{"?\n", "?\n"},
	} {
		path := filepath.Join(t.TempDir(), "f.jsonl")
		if c.before != "" { // else it is created
			if err := os.WriteFile(path, []byte(c.before), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		w, err := Append(path, read)
		if err == nil {
			err = errors.Join(w.Write(item{N: 9}), w.Close())
		}
		if got, readErr := os.ReadFile(path); readErr != nil || string(got) != c.after || (err != nil) != (c.before == c.after) {
			t.Errorf("%q became %q: %v", c.before, got, err)
		}
	}
}

// TestBusy: a file has one writer at a time.
func TestBusy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f.jsonl")
	w, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	var busy *Busy
	if _, err := Create(path); !errors.As(err, &busy) || busy.Path != path {
		t.Errorf("a second Create: %v", err)
	}
	if _, err := Append(path, func(*Reader) error { return nil }); !errors.As(err, &busy) {
		t.Errorf("Append beside it: %v", err)
	}
}

// TestDevices: a device is written, and neither read, cut, locked nor flushed.
func TestDevices(t *testing.T) {
	for path, want := range map[string]error{os.DevNull: nil, "/dev/full": syscall.ENOSPC} {
		if _, err := os.Stat(path); err != nil {
			continue
		}
		for range 2 { // two at once
			w, err := Append(path, func(*Reader) error { return errors.New("read") })
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			if err := w.Write(item{}); !errors.Is(err, want) {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
}
