package evals

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"unicode/utf8"

	"tandem/evals/sandbox"
	"tandem/record"
)

// sampleLines has a sample of each sort for the suite of two tasks.
const sampleLines = `{"task_id": "a", "completion": "    right"}
{"task_id": "b", "completion": "    wrong", "model": "m<x>", "passed": true, "n": 1.50}

{"solution": "def a():\n    right", "task_id": "a"}
`

func write(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

const wantLines = `{"task_id": "a", "completion": "    right", "passed": true, "verdict": "pass", "result": "passed", "flaky": false, "judged": "two abc, extract verbatim, 0s, 1 runs"}
{"task_id": "b", "completion": "    wrong", "model": "m<x>", "n": 1.50, "passed": false, "verdict": "fail", "result": "failed: fail: assert", "flaky": false, "judged": "two abc, extract verbatim, 0s, 1 runs"}
{"solution": "def a():\n    right", "task_id": "a", "passed": true, "verdict": "pass", "result": "passed", "flaky": false, "judged": "two abc, extract verbatim, 0s, 1 runs"}
`

func TestScoreSamples(t *testing.T) {
	in, out := write(t, "s.jsonl", sampleLines), filepath.Join(t.TempDir(), "out.jsonl")
	tally, err := ScoreSamples(t.Context(), Samples(in), out, suite, passing(), SampleOptions{Workers: 3, Mode: Verbatim})
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, out); got != wantLines {
		t.Errorf("%s", got)
	}
	if tally.Samples != 3 || tally.Passed != 2 || tally.ByTask["a"] != (Count{2, 2}) || tally.ByTask["b"] != (Count{1, 0}) {
		t.Errorf("%+v", tally)
	}
	// Torn at any byte, it goes on to the same file and judges only what is missing.
	for cut := range len(wantLines) + 1 {
		if err := os.WriteFile(out, []byte(wantLines[:cut]), 0o644); err != nil {
			t.Fatal(err)
		}
		judge := passing()
		tally, err := ScoreSamples(t.Context(), Samples(in), out, suite, judge, SampleOptions{Mode: Verbatim})
		whole := strings.Count(wantLines[:cut], "\n")
		if err != nil || read(t, out) != wantLines || tally.Resumed != whole || len(judge.seen) != 3-whole || tally.Passed != 2 {
			t.Fatalf("torn at %d: %+v, %v, %d judged", cut, tally, err, len(judge.seen))
		}
	}
}

func packed(t testing.TB, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestSampleText: a solution wins over a completion, as in evalplus/evaluate.py, null is as absent, and characters are kept: a
// pair of surrogates, U+FFFD itself, and half a pair in a field that is not judged.
func TestSampleText(t *testing.T) {
	for _, c := range []struct {
		line, text string
		whole      bool
	}{
		{`{"task_id": "a", "completion": "c"}`, "c", false},
		{`{"task_id": "a", "completion": "c", "solution": "s"}`, "s", true},
		{`{"task_id": "a", "completion": "c", "solution": ""}`, "", true},
		{`{"task_id": "a", "completion": "c", "solution": null}`, "c", false},
		{`{"task_id": "a", "completion": "\ud83d\ude00 \\ud83d ` + "\ufffd" + `", "logged": "\ud83d"}`, "\U0001f600 \\ud83d \ufffd", false},
	} {
		s, err := readSample([]byte(c.line), 1)
		if err != nil {
			t.Fatal(err)
		}
		if text, whole := s.text(); text != c.text || whole != c.whole {
			t.Errorf("%s: %q, whole %t", c.line, text, whole)
		}
	}
}

// TestFolderSamplesRefuse: a file that would be judged as another text is refused by name.
func TestFolderSamplesRefuse(t *testing.T) {
	for text, want := range map[string]string{"x = '\xe9'\n": "byte 6 (0xe9) is no UTF-8", "\ufeffx = 1\n": "a byte-order mark"} {
		dir := t.TempDir()
		file := filepath.Join(dir, "HumanEval_2", "0.py")
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		for _, err := range Samples(dir) {
			if err == nil || !strings.Contains(err.Error(), file+": "+want) {
				t.Errorf("%v, want %q", err, want)
			}
		}
	}
}

// TestSamplesForms: the same samples packed, and as EvalPlus's folder, whose numbers are put in order.
func TestSamplesForms(t *testing.T) {
	n := 0
	for s, err := range Samples(write(t, "s.jsonl.gz", string(packed(t, sampleLines)))) {
		if n++; err != nil || s.TaskID == "" {
			t.Errorf("%+v, %v", s, err)
		}
	}
	if n != 3 {
		t.Errorf("%d samples", n)
	}
	dir := t.TempDir()
	for _, name := range []string{"HumanEval_10/0.py", "HumanEval_2/10.py", "HumanEval_2/9.py"} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte("# "+name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for s, err := range Samples(dir) {
		if err != nil {
			t.Fatal(err)
		}
		text, whole := s.text()
		got = append(got, s.TaskID+" "+text)
		if !whole {
			t.Error("a file is a whole program")
		}
	}
	if want := "[HumanEval/2 # HumanEval_2/9.py HumanEval/2 # HumanEval_2/10.py HumanEval/10 # HumanEval_10/0.py]"; fmt.Sprint(got) != want {
		t.Errorf("%v", got)
	}
}

func TestSamplesRefuse(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"not JSON", sampleLines + "{", "line 5: unexpected end"},
		{"prose", "a note\n", "line 1: invalid character 'a' looking for beginning of value: write one JSON object a line"},
		{"no task", `{"completion": "x"}`, `line 1: field "task_id" is missing`},
		{"no text", `{"task_id": "a"}`, `line 1: neither "completion" nor "solution"`},
		{"unknown task", sampleLines + `{"task_id": "c", "completion": ""}`, `line 5: task "c" is not in suite two`},
		{"empty", "\n\n", "no sample is in it"},
		{"a number", `{"task_id": 3, "completion": ""}`, `line 1: it is a JSON number or holds one in place of a string: write {"task_id":`},
		{"an array", `[{"task_id": "a", "completion": ""}]`, "line 1: it is a JSON array or holds one"},
		{"a mark", "\ufeff" + sampleLines, "line 1: a byte-order mark stands before it: write the file as UTF-8 without one"},
		{"UTF-16", "\xff\xfe{\x00\"\x00", "it is UTF-16 or UTF-32: write it as UTF-8"},
		{"a cut gzip file", string(packed(t, sampleLines))[:80], "the gzip file is cut off: copy or pack it anew"},
		{"not UTF-8", sampleLines + `{"task_id": "a", "completion": "right` + "\xe9\"}", "line 5: byte 38 (0xe9) is no UTF-8"},
		{"half a pair", sampleLines + `{"task_id": "a", "completion": "right \ud83d"}`, `line 5: \ud83d is half of a surrogate pair`},
		{"half a pair in a solution", `{"task_id": "a", "completion": "", "solution": "\uDC00"}`, `line 1: \uDC00 is half of a surrogate pair`},
	} {
		path := write(t, "s.jsonl", c.text)
		if _, err := CheckSamples(path, suite); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: checked: %v, want %q", c.name, err, c.want)
		}
		out := filepath.Join(t.TempDir(), "out.jsonl")
		_, err := ScoreSamples(t.Context(), Samples(path), out, suite, passing(), SampleOptions{Mode: Verbatim})
		if err == nil || !strings.Contains(err.Error(), strings.TrimPrefix(c.want, "no sample is in it")) {
			t.Errorf("%s: scored: %v, want %q", c.name, err, c.want)
		}
		if strings.HasPrefix(c.text, sampleLines) && read(t, out) != wantLines {
			t.Errorf("%s: what was judged before is lost: %q", c.name, read(t, out))
		}
	}
	// Results of other samples are refused and stay.
	in := write(t, "s.jsonl", sampleLines)
	for _, held := range []string{strings.Replace(wantLines, "right", "left", 1), wantLines + wantLines, "{}\n", "some notes\n",
		`{"important": "a line without an end"}`, wantLines + "a tail", strings.ReplaceAll(wantLines, "two abc", "two abd"),
		strings.ReplaceAll(wantLines, "1 runs", "2 runs")} {
		out := write(t, "out.jsonl", held)
		var foreign *Foreign
		if _, err := ScoreSamples(t.Context(), Samples(in), out, suite, passing(), SampleOptions{Mode: Verbatim}); !errors.As(err, &foreign) || foreign.Path != out {
			t.Errorf("%v", err)
		}
		if read(t, out) != held {
			t.Error("the file was changed")
		}
	}
	if _, err := ScoreSamples(t.Context(), Samples(in), t.TempDir()+"/no/out", suite, passing(), SampleOptions{}); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "/no/out") {
		t.Errorf("no folder: %v", err)
	}
}

// TestScoreSamplesReruns: a program that passes half of the time does not pass, and a sandbox error is no verdict.
func TestScoreSamplesReruns(t *testing.T) {
	in := write(t, "s.jsonl", `{"task_id": "a", "completion": "x"}`+"\n"+`{"task_id": "b", "completion": "y"}`)
	out := filepath.Join(t.TempDir(), "out.jsonl")
	judge := &counting{answer: func(n int, p sandbox.Program) (sandbox.Outcome, error) {
		switch {
		case strings.HasSuffix(p.Source, "y"):
			return sandbox.Outcome{Result: record.SandboxError, Detail: "no fork"}, nil
		case n%2 == 0:
			return sandbox.Outcome{Result: record.Fail}, nil
		}
		return sandbox.Outcome{Result: record.Pass}, nil
	}}
	tally, err := ScoreSamples(t.Context(), Samples(in), out, suite, judge, SampleOptions{Workers: 1, Reruns: 4, Mode: Verbatim})
	if err != nil || tally.Flaky != 1 || tally.Errors != 1 || tally.Passed != 0 || len(tally.ByTask) != 1 || len(judge.seen) != 6 {
		t.Errorf("%+v, %v, %d runs", tally, err, len(judge.seen))
	}
	if text := read(t, out); !strings.Contains(text, ": passed 2 of 4 runs") || !strings.Contains(text, `"verdict": "sandbox error"`) {
		t.Errorf("%s", text)
	}
}

// endless yields n samples and counts how far ahead of the judge it was asked.
func endless(n int, asked *atomic.Int64) iter.Seq2[Sample, error] {
	return func(yield func(Sample, error) bool) {
		for i := range n {
			asked.Add(1)
			s, err := readSample(fmt.Appendf(nil, `{"task_id": "a", "completion": "right %d"}`, i), i+1)
			if !yield(s, err) {
				return
			}
		}
	}
}

// TestScoreSamplesIsBounded: however many samples there are, only a few are read ahead of those that are written.
func TestScoreSamplesIsBounded(t *testing.T) {
	var asked, most atomic.Int64
	out := filepath.Join(t.TempDir(), "out.jsonl")
	tally, err := ScoreSamples(t.Context(), endless(20_000, &asked), out, suite, passing(), SampleOptions{Workers: 2, Mode: Verbatim,
		Progress: func(done int) { most.Store(max(most.Load(), asked.Load()-int64(done))) }})
	if err != nil || tally.Passed != 20_000 {
		t.Fatalf("%+v, %v", tally, err)
	}
	if most.Load() > int64(3*queueLength(2)) {
		t.Errorf("%d samples were in memory at once", most.Load())
	}
}

// TestScoreSamplesInterrupted: what was judged before stays, and the same call goes on.
func TestScoreSamplesInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out := filepath.Join(t.TempDir(), "out.jsonl")
	var asked atomic.Int64
	judge := &counting{answer: func(n int, p sandbox.Program) (sandbox.Outcome, error) {
		if n == 100 {
			cancel()
		}
		return sandbox.Outcome{Result: record.Pass}, ctx.Err()
	}}
	_, err := ScoreSamples(ctx, endless(500, &asked), out, suite, judge, SampleOptions{Workers: 2, Mode: Verbatim})
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "the same command goes on") {
		t.Fatalf("%v", err)
	}
	tally, err := ScoreSamples(t.Context(), endless(500, &asked), out, suite, passing(), SampleOptions{Workers: 2, Mode: Verbatim})
	if err != nil || tally.Samples != 500 || tally.Resumed < 50 || tally.Resumed > 100 {
		t.Errorf("%+v, %v", tally, err)
	}
}

// TestScoreSamplesInterruptedPipe: a reader that waits for a pipe's writer holds nobody up once the context ended, with samples
// read before and without.
func TestScoreSamplesInterruptedPipe(t *testing.T) {
	in, out := io.Pipe()
	t.Cleanup(func() { in.Close() })
	go io.WriteString(out, sampleLines) // and never an end
	ctx, cancel := context.WithCancel(t.Context())
	results := filepath.Join(t.TempDir(), "out.jsonl")
	_, err := ScoreSamples(ctx, ReadSamples("of a pipe", in), results, suite, passing(), SampleOptions{Mode: Verbatim,
		Progress: func(done int) {
			if done == 3 {
				cancel()
			}
		}})
	if !errors.Is(err, context.Canceled) || read(t, results) != wantLines {
		t.Errorf("%v, %q", err, read(t, results))
	}
	silent, _ := io.Pipe()
	t.Cleanup(func() { silent.Close() })
	if _, err := ScoreSamples(ctx, ReadSamples("of a pipe", silent), results, suite, passing(), SampleOptions{Mode: Verbatim}); err == nil {
		t.Error("no error")
	}
}

// FuzzSamples: whatever the line, it is refused or judged, and its result is JSON with the line's fields.
func FuzzSamples(f *testing.F) {
	for line := range strings.Lines(sampleLines) {
		f.Add([]byte(line))
	}
	f.Add([]byte(`{"task_id":"a","completion":"","passed":1,"passed":{},"Passed":"","":[]}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		s, err := readSample(line, 1)
		if err != nil || !utf8.Valid(line) { // datasets.Lines gives none
			return
		}
		out, err := withFields(s.raw, scoredFields, true, record.Pass, "passed")
		if err != nil {
			t.Fatal(err)
		}
		var result scored
		if text, _ := s.text(); strings.Contains(text, "\ufffd") && !bytes.Contains(line, []byte("\ufffd")) && !bytes.Contains(bytes.ToLower(line), []byte(`\ufffd`)) {
			t.Errorf("%q has become %q", line, text)
		}
		if err := json.Unmarshal(out, &result); err != nil || bytes.Count(out, []byte("\n")) > bytes.Count(s.raw, []byte("\n"))+1 {
			t.Fatalf("%q gives %q: %v", line, out, err)
		}
		if again, err := readSample(out, 1); err != nil || !again.same(s) {
			t.Errorf("%q gives %q: another sample, %v", line, out, err)
		}
	})
}
