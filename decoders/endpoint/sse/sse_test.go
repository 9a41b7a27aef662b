package sse

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"
)

// events are the names and data of all events of a text.
func events(in io.Reader, most int) (all []string, err error) {
	r := NewReader(in, most)
	for {
		e, err := r.Next()
		if err != nil {
			return all, err
		}
		all = append(all, e.Name+"|"+string(e.Data))
	}
}

func TestEvents(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     []string
		err      error
	}{
		{"lf", "data: a\n\ndata: b\n\n", []string{"|a", "|b"}, io.EOF},
		{"crlf", "event: x\r\ndata: a\r\n\r\ndata:b\r\n\r\n", []string{"x|a", "|b"}, io.EOF},
		{"cr", "data: a\rdata: b\r\rdata: c\r\r", []string{"|a\nb", "|c"}, io.EOF},
		{"comments and other fields", ": ping\n\nid: 7\nretry: 9\ndata: a\n: in between\n\n", []string{"|a"}, io.EOF},
		{"byte order mark", "\ufeffdata: a\n\n", []string{"|a"}, io.EOF},
		{"one blank is the field's", "data:  a \n\n", []string{"| a "}, io.EOF},
		{"empty data", "data\n\ndata:\n\n", []string{"|", "|"}, io.EOF},
		{"a name without data", "event: x\n\ndata: a\n\n", []string{"|a"}, io.EOF},
		{"no blank line at the end", "data: a\n", []string{"|a"}, io.EOF},
		{"cut within a line", "data: a\n\ndata: b", []string{"|a"}, io.ErrUnexpectedEOF},
		{"characters of many bytes", "data: né 漢字 😀\n\n", []string{"|né 漢字 😀"}, io.EOF},
		{"bytes that are no text", "data: \xff\xfe\n\n", []string{"|\xff\xfe"}, io.EOF},
		{"nothing", "", nil, io.EOF},
	} {
		for way, in := range map[string]io.Reader{"whole": strings.NewReader(c.in), "byte by byte": iotest.OneByteReader(strings.NewReader(c.in)),
			"with its end": iotest.DataErrReader(strings.NewReader(c.in))} {
			if got, err := events(in, 1000); !slices.Equal(got, c.want) || !errors.Is(err, c.err) {
				t.Errorf("%s, %s: %q and %v, want %q and %v", c.name, way, got, err, c.want, c.err)
			}
		}
	}
}

// TestLarge: 16 MB fit where they may, and what does not fit ends the reading before it is all in memory.
func TestLarge(t *testing.T) {
	const most = 16 << 20
	text := strings.Repeat("x", most)
	got, err := events(strings.NewReader("data: "+text+"\n\n"), most)
	if len(got) != 1 || len(got[0]) != most+1 || err != io.EOF {
		t.Errorf("%d events and %v", len(got), err)
	}
	endless := io.MultiReader(strings.NewReader("data: "+text), zeros{})
	if _, err := events(endless, most); !errors.As(err, new(*TooLarge)) {
		t.Errorf("an endless line: %v", err)
	}
	lines := io.MultiReader(strings.NewReader(strings.Repeat("data: "+text[:most/4]+"\n", 5)), zeros{})
	if _, err := events(lines, most); !errors.As(err, new(*TooLarge)) {
		t.Errorf("an event of many lines: %v", err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// TestStamps: an event has the time of the read that completed it, not that of the call of Next.
func TestStamps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out, in := io.Pipe()
		began := time.Now()
		go func() {
			time.Sleep(10 * time.Millisecond)
			in.Write([]byte("data: a\n\ndata: b\n\ndata: c"))
			time.Sleep(20 * time.Millisecond)
			in.Write([]byte("d\n\n"))
			in.Close()
		}()
		r := NewReader(out, 100)
		for _, want := range []time.Duration{10, 10, 30} {
			e, err := r.Next()
			if at := e.At.Sub(began); err != nil || at != want*time.Millisecond {
				t.Errorf("%s at %v, want %v ms: %v", e.Data, at, int(want), err)
			}
			time.Sleep(3 * time.Millisecond) // who reads is slow
		}
	})
}

func FuzzReader(f *testing.F) {
	f.Add("data: a\r\n\r\n: c\nevent: x\rdata: b\n\n", 3)
	f.Fuzz(func(t *testing.T, text string, at int) {
		whole, err := events(strings.NewReader(text), 100)
		parts, err2 := events(iotest.OneByteReader(strings.NewReader(text)), 100)
		if !slices.Equal(whole, parts) || (err == io.EOF) != (err2 == io.EOF) {
			t.Errorf("%q: %q and %v whole, %q and %v byte by byte", text, whole, err, parts, err2)
		}
	})
}

// endless repeats a text.
type endless struct {
	text string
	at   int
}

func (e *endless) Read(p []byte) (int, error) {
	n := copy(p, e.text[e.at:])
	e.at = (e.at + n) % len(e.text)
	return n, nil
}

func BenchmarkReader(b *testing.B) {
	event := "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\" token\"}}]}\n\n"
	r := NewReader(&endless{text: event}, 1<<20)
	b.SetBytes(int64(len(event)))
	for b.Loop() {
		if _, err := r.Next(); err != nil {
			b.Fatal(err)
		}
	}
}
