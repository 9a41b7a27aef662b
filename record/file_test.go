package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"tandem/record/jsonl"
)

func sample(task string) Record {
	return Record{
		Task: task, Decoder: "ar", Seed: 7, PromptTokens: 3, Tokens: 2, Canvas: 3, Seconds: 0.25, Stop: StopEOS,
		Trace: Trace{
			{At: time.Millisecond, Kind: Prefill, Rows: 3, Reach: 3, Commits: []Commit{{0, 5, 0.5}}},
			{At: 2 * time.Millisecond, Kind: Decode, Rows: 1, Reach: 4, Commits: []Commit{{1, 6, 1e-5}}},
		},
		Completion: "return a < b && c\n", Verdict: &Verdict{Result: Pass, Tier: "none"},
	}
}

// write makes a results file of these tasks and returns its path and content.
func write(t *testing.T, tasks ...string) (string, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "run.jsonl")
	w, err := Create(path, Header{Model: ModelInfo{Name: "m"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		if err := w.Write(sample(task)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, string(data)
}

func readAll(path string) (tasks []string, err error) {
	_, records, err := Read(path)
	if err != nil {
		return nil, err
	}
	for r, err := range records {
		if err != nil {
			return tasks, err
		}
		tasks = append(tasks, r.Task)
	}
	return tasks, nil
}

// TestLock: a file that is being written takes no second writer, and is free once it is closed.
func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f.jsonl")
	w, err := Create(path, Header{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(sample("a")); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(path, Header{}); err == nil || !strings.Contains(err.Error(), "another process is writing") {
		t.Errorf("a second Create: %v", err)
	}
	if _, _, _, err := Append(path); err == nil || !strings.Contains(err.Error(), "another process is writing") {
		t.Errorf("Append beside it: %v", err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	again, _, keys, err := Append(path)
	if err != nil || len(keys) != 1 {
		t.Fatalf("%d records and %v", len(keys), err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

func TestRoundTrip(t *testing.T) {
	path, _ := write(t, "a", "b")
	h, records, err := Read(path)
	if err != nil || h.Schema != Schema || h.Model.Name != "m" {
		t.Fatalf("header %+v, %v", h, err)
	}
	for range 2 { // the sequence can be iterated again
		want := []string{"a", "b"}
		for r, err := range records {
			if err != nil || !reflect.DeepEqual(r, sample(want[0])) {
				t.Fatalf("got %+v, %v", r, err)
			}
			want = want[1:]
		}
		if len(want) > 0 {
			t.Fatalf("%v were not read", want)
		}
	}
}

// TestTornAtEveryByte interrupts a run at each byte: what was whole is read, the run resumes, and the file ends as
// if nothing had happened.
func TestTornAtEveryByte(t *testing.T) {
	_, content := write(t, "a", "b")
	header := strings.IndexByte(content, '\n') + 1
	for cut := header; cut < len(content); cut++ {
		path := filepath.Join(t.TempDir(), "torn.jsonl")
		os.WriteFile(path, []byte(content[:cut]), 0o666)
		before, err := readAll(path)
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		w, _, keys, err := Append(path)
		if err != nil || len(keys) != len(before) {
			t.Fatalf("cut at %d: %d keys, %d records, %v", cut, len(keys), len(before), err)
		}
		for _, task := range []string{"a", "b"} {
			if r := sample(task); !keys.Has(r.Key()) {
				w.Write(r)
			}
		}
		w.Close()
		if got, _ := os.ReadFile(path); string(got) != content {
			t.Fatalf("cut at %d: resumed file differs:\n%s", cut, got)
		}
	}
}

// TestTwice: a record that stands twice counts once, whatever lies between, and the first one is it. A resume keeps the lines.
func TestTwice(t *testing.T) {
	_, content := write(t, "a", "b", "c")
	lines := strings.SplitAfter(content, "\n")
	other := strings.Replace(lines[1], `"tokens":2`, `"tokens":9`, 1)
	repeat := strings.Replace(lines[1], `"repeat":0`, `"repeat":1`, 1)
	whole := strings.Join([]string{lines[0], lines[1], lines[2], other, lines[2], repeat, lines[3], strings.TrimSuffix(lines[3], "\n")}, "")
	path := filepath.Join(t.TempDir(), "twice.jsonl")
	if err := os.WriteFile(path, []byte(whole), 0o666); err != nil {
		t.Fatal(err)
	}
	_, records, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // each iteration counts anew
		var got []string
		for r, err := range records {
			if err != nil || r.Tokens != 2 {
				t.Fatalf("%+v, %v", r, err)
			}
			got = append(got, fmt.Sprint(r.Task, r.Repeat))
		}
		if want := []string{"a0", "b0", "a1", "c0"}; !reflect.DeepEqual(got, want) {
			t.Errorf("read %v, want %v", got, want)
		}
	}
	w, _, held, err := Append(path)
	if err != nil || len(held) != 4 {
		t.Fatalf("%d records are held, %v", len(held), err)
	}
	if err := errors.Join(w.Write(sample("d")), w.Close()); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || !strings.HasPrefix(string(got), whole+"\n") {
		t.Errorf("a resume changed what the file held: %v", err)
	}
	if tasks, err := readAll(path); err != nil || strings.Join(tasks, "") != "abacd" {
		t.Errorf("after a resume: %v, %v", tasks, err)
	}
}

func TestBadFiles(t *testing.T) {
	_, content := write(t, "a", "b")
	lines := strings.SplitAfter(content, "\n")
	for _, c := range []struct{ name, content, want string }{
		{"empty", "", "no header"},
		{"torn header", lines[0][:20], "no header"},
		{"no header", lines[1], "not a results file"},
		{"an array", "[1]\n", "not a results file"},
		{"other schema", strings.Replace(lines[0], `"schema":1`, `"schema":2`, 1) + lines[1], "results of schema 2"},
		{"damaged", lines[0] + lines[1][:30] + "\n" + lines[2], "f.jsonl:2: damaged line"},
		{"blank line", lines[0] + "\n" + lines[1], "f.jsonl:2: damaged line"},
		{"negative position", lines[0] + strings.Replace(lines[1], "[0,5,", "[-1,5,", 1), "f.jsonl:2: damaged line"},
		{"huge position", lines[0] + strings.Replace(lines[1], "[0,5,", "[2147483647,5,", 1), "f.jsonl:2: damaged line"},
		{"half a position", lines[0] + strings.Replace(lines[1], "[0,5,", "[0.5,5,", 1), "f.jsonl:2: damaged line"},
	} {
		path := filepath.Join(t.TempDir(), "f.jsonl")
		os.WriteFile(path, []byte(c.content), 0o666)
		_, err := readAll(path)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: Read: %v", c.name, err)
		}
		if _, _, _, err := Append(path); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: Append: %v", c.name, err)
		}
		if got, _ := os.ReadFile(path); string(got) != c.content {
			t.Errorf("%s: a refused file was changed", c.name)
		}
	}
	if _, _, err := Read("missing.jsonl"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
}

func TestFullDisk(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full here")
	}
	if _, err := Create("/dev/full", Header{}); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("got %v", err)
	}
	lines, err := jsonl.Create("/dev/full")
	if err != nil {
		t.Fatal(err)
	}
	w := &Writer{lines}
	for range 2 {
		if err := w.Write(sample("a")); !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("got %v", err)
		}
	}
}

func TestTokensFoldLaterCommits(t *testing.T) {
	trace := Trace{{Commits: []Commit{{2, 9, 1}, {0, 1, 1}}}, {Commits: []Commit{{0, 4, 1}}}}
	if got := trace.Tokens(); !reflect.DeepEqual(got, []int32{4, -1, 9}) {
		t.Errorf("got %v", got)
	}
}

func FuzzRead(f *testing.F) {
	header, _ := json.Marshal(Header{Schema: Schema})
	line, _ := json.Marshal(sample("a"))
	f.Add(append(append(header, '\n'), line...))
	f.Add([]byte(`{"schema":1}` + "\n" + `{"trace":[{"commits":[[1,2,3]]}]}` + "\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "f.jsonl")
		os.WriteFile(path, data, 0o666)
		keys := Held{}
		_, records, err := Read(path)
		if err == nil {
			for r, e := range records {
				if err = e; err == nil {
					r.Trace.Tokens()
					keys[r.Key()] = r.Disturbed()
				}
			}
		}
		w, _, got, errAppend := Append(path)
		if (err == nil) != (errAppend == nil) {
			t.Fatalf("Read: %v, Append: %v", err, errAppend)
		}
		if err != nil {
			return
		}
		defer w.Close()
		if !reflect.DeepEqual(keys, got) {
			t.Fatalf("keys %v, want %v", got, keys)
		}
		last := sample("last")
		if keys[last.Key()] {
			return
		}
		if err := w.Write(last); err != nil {
			t.Fatal(err)
		}
		if tasks, err := readAll(path); err != nil || tasks[len(tasks)-1] != "last" {
			t.Fatalf("after a resume: %v, %v", tasks, err)
		}
	})
}

// TestSelect: only the records that are asked for come, also where the fields stand in another order.
func TestSelect(t *testing.T) {
	path, content := write(t, "a", "b", "a\"c")
	lines := strings.SplitAfter(content, "\n")
	other := strings.Replace(lines[1], `{"task":"a","decoder":"ar"`, `{"decoder":"ar","task":"d"`, 1)
	if err := os.WriteFile(path, []byte(content+other+lines[1]), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		tasks []string
		want  string
	}{{[]string{"a"}, "a"}, {[]string{"a\"c", "d"}, "a\"cd"}, {[]string{"b", "d"}, "bd"}} {
		_, records, err := Select(path, func(task, decoder string) bool { return slices.Contains(c.tasks, task) && decoder == "ar" })
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for r, err := range records {
			if err != nil || len(r.Trace) != 2 {
				t.Fatalf("%+v, %v", r, err)
			}
			got += r.Task
		}
		if got != c.want {
			t.Errorf("%v: %q", c.tasks, got)
		}
	}
}

// BenchmarkRead reads records of about 3.4 KB, as an autoregressive decoder of 30 tokens leaves them; a record is one operation.
func BenchmarkRead(b *testing.B) {
	r := sample("")
	r.Pieces, r.Completion, r.Answer = slices.Repeat([]string{" token"}, 30), strings.Repeat("    return x\n", 20), strings.Repeat("    return x\n", 30)
	r.Trace = nil
	for i := range 30 {
		r.Trace = append(r.Trace, Step{At: time.Duration(1234567 * (i + 1)), Kind: Decode, Rows: 1, Reach: 73 + i, Commits: []Commit{{int32(i), 259, 0.97}}})
	}
	path := filepath.Join(b.TempDir(), "run.jsonl")
	w, err := Create(path, Header{})
	if err != nil {
		b.Fatal(err)
	}
	for i := range b.N {
		r.Task = fmt.Sprint(i)
		if err := w.Write(r); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(info.Size() / int64(b.N))
	b.ResetTimer()
	_, records, err := Read(path)
	if err != nil {
		b.Fatal(err)
	}
	n := 0
	for _, err := range records {
		if err != nil {
			b.Fatal(err)
		}
		n++
	}
	if n != b.N {
		b.Fatalf("%d records of %d", n, b.N)
	}
	b.ReportMetric(1e6*b.Elapsed().Seconds()/float64(b.N), "s/1M-records")
}
