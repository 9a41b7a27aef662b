package evals

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"tandem/datasets"
	"tandem/datasets/basics"
	"tandem/evals/sandbox"
	"tandem/record"
)

func TestMain(m *testing.M) {
	sandbox.Main()
	os.Exit(m.Run())
}

func TestExtract(t *testing.T) {
	task := datasets.Example{Prompt: "import math\n\ndef f(x):\n    \"\"\"Double.\"\"\"\n"}
	for _, c := range []struct{ name, completion, want, note string }{
		{"plain", "    return 2 * x\n", "    return 2 * x\n", ""},
		{"empty", "", "", ""},
		{"second function", "    return 2 * x\n\ndef g(x):\n    return x\n", "    return 2 * x\n", ""},
		{"class", "    return 1\nclass A: pass", "    return 1", ""},
		{"comment in column 0", "    return 1\n# test\n", "    return 1", ""},
		{"comment within", "    # twice\n    return 2 * x", "    # twice\n    return 2 * x", ""},
		{"decorator", "    return 1\n@cache\ndef g(): pass", "    return 1", ""},
		{"print", "    return 1\nprint(f(2))", "    return 1", ""},
		{"main block", "    return 1\nif __name__ == '__main__':\n    f(1)", "    return 1", ""},
		{"inner if", "    if x:\n        return 1\n    return 2", "    if x:\n        return 1\n    return 2", ""},
		{"fence", "    return 1\n```\nThis function…", "    return 1", ""},
		{"prose", "    return 1\nThis function…", "    return 1\nThis function…", ""},
		{"tabs", "\treturn 1\n", "\treturn 1\n", ""},
		{"mask left over", "    return <|mask|> * x\n", "    return <|mask|> * x\n", "mask tokens were left over"},
		{"mask behind the stop", "    return 1\n# <|mask|>", "    return 1", ""},
		{"comment in a body", "    y = x\n# more\n\n    return y", "    y = x\n# more\n\n    return y", ""},
		{"comments in a body", "    y = x\n# a\n  # b\n# c\n\treturn y\n# d\nz", "    y = x\n# a\n  # b\n# c\n\treturn y", ""},
		{"comment before code in column 0", "    return 1\n# test\nassert f(1)\n    # so", "    return 1", ""},
		{"end of sequence", "    return 1</s>", "    return 1", `cut off at the end: "</s>"`},
		{"ends of sequence", "    return 1<|im_end|>\n<｜end▁of▁sentence｜> <|im_end|><|im_end|>\n", "    return 1",
			`cut off at the end: "<|im_end|>", "<｜end▁of▁sentence｜>", "<|im_end|>"`},
		{"end of sequence before the stop", "    return 1<|endoftext|>\n# test", "    return 1", `cut off at the end: "<|endoftext|>"`},
		{"end of sequence in a string", "    return '</s>'\n", "    return '</s>'\n", ""},
		{"end of sequence within", "    return x<eos> + 1", "    return x<eos> + 1", ""},
		{"a comparison", "    return x <s", "    return x <s", ""},
		{"mask before the end of sequence", "    return <|mask|><pad><pad>", "    return <|mask|>", `mask tokens were left over; cut off at the end: "<pad>"`},
	} {
		program, note := Extract(task, c.completion)
		if program != task.Prompt+c.want || note != c.note {
			t.Errorf("%s: %q, note %q", c.name, strings.TrimPrefix(program, task.Prompt), note)
		}
	}
}

func FuzzExtract(f *testing.F) {
	f.Add("    return 1\ndef g")
	f.Add("<|mask|>")
	f.Fuzz(func(t *testing.T, completion string) {
		task := datasets.Example{Prompt: "def f():\n"}
		program, _ := Extract(task, completion)
		if !strings.HasPrefix(task.Prompt+completion, program) || !strings.HasPrefix(program, task.Prompt) {
			t.Errorf("%q is not the prompt and a beginning of %q", program, completion)
		}
	})
}

// TestAskKeepsTheBytes: the prompt reaches the model as it stands in the suite's file.
func TestAskKeepsTheBytes(t *testing.T) {
	for _, task := range basics.Suite().Tasks {
		if Ask(task) != task.Prompt {
			t.Fatalf("%s: the prompt was changed", task.TaskID)
		}
	}
}

// counting judges by a rule and counts the programs that it sees.
type counting struct {
	mutex  sync.Mutex
	seen   []string
	answer func(n int, p sandbox.Program) (sandbox.Outcome, error)
}

func (c *counting) Run(_ context.Context, p sandbox.Program, _ sandbox.Limits) (sandbox.Outcome, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.seen = append(c.seen, p.Source)
	return c.answer(len(c.seen), p)
}

// passing lets pass what contains "right".
func passing() *counting {
	return &counting{answer: func(_ int, p sandbox.Program) (sandbox.Outcome, error) {
		if strings.Contains(p.Source, "right") {
			return sandbox.Outcome{Result: record.Pass, Tier: "test"}, nil
		}
		return sandbox.Outcome{Result: record.Fail, Detail: "assert", Tier: "test"}, nil
	}}
}

var suite = datasets.Suite{Name: "two", SHA256: "abc", Tasks: []datasets.Example{
	{TaskID: "a", Prompt: "def a():\n", Test: "…", EntryPoint: "a"}, {TaskID: "b", Prompt: "def b():\n", Test: "…", EntryPoint: "b"},
}}

// writeRun writes a run of both tasks, twice with the same text, and an example that failed.
func writeRun(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "run.jsonl")
	w, err := record.Create(path, record.Header{Suite: record.SuiteInfo{Name: "two", SHA256: "abc", Tasks: 2}})
	if err != nil {
		t.Fatal(err)
	}
	for repeat := range 2 {
		for _, r := range []record.Record{
			{Task: "a", Decoder: "ar", Completion: "    right\ndef more"}, {Task: "b", Decoder: "ar", Completion: "    wrong"},
			{Task: "a", Decoder: "diffusion", Completion: "    right"}, {Task: "b", Decoder: "diffusion", Err: "no memory"},
		} {
			r.Repeat = repeat
			if err := w.Write(r); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func readAll(t *testing.T, path string) (out []record.Record) {
	t.Helper()
	_, sequence, err := record.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	for r, err := range sequence {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

func TestScore(t *testing.T) {
	dir := t.TempDir()
	in, out := writeRun(t, dir), filepath.Join(dir, "scored.jsonl")
	judge, last := passing(), 0
	tally, err := Score(t.Context(), in, out, suite, judge, Options{Workers: 3, Progress: func(done, total int) { last = done }})
	if err != nil {
		t.Fatal(err)
	}
	if want := (Tally{Records: 8, Programs: 2, Passed: 4}); tally != want || last != 8 || len(judge.seen) != 2 {
		t.Errorf("tally %+v, want %+v; %d done, %d judged", tally, want, last, len(judge.seen))
	}
	records := readAll(t, out)
	want := []record.Result{record.Pass, record.Fail, record.Pass, ""}
	for i, r := range records {
		got := record.Result("")
		if r.Verdict != nil {
			got = r.Verdict.Result
		}
		if got != want[i%4] {
			t.Errorf("record %d: %q, want %q", i, got, want[i%4])
		}
	}
	if records[0].Answer != "def a():\n    right" {
		t.Errorf("answer %q", records[0].Answer)
	}
	again := passing()
	if tally, err := Score(t.Context(), in, out, suite, again, Options{}); err != nil || tally.Resumed != 8 || len(again.seen) != 0 {
		t.Errorf("again: %+v, %v, %d judged", tally, err, len(again.seen))
	}
}

// TestScoreNotes: the same program, once of a text with a special token at its end, is noted there alone.
func TestScoreNotes(t *testing.T) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "run.jsonl"), filepath.Join(dir, "scored.jsonl")
	w, err := record.Create(in, record.Header{Suite: record.SuiteInfo{SHA256: "abc"}})
	if err != nil {
		t.Fatal(err)
	}
	for i, completion := range []string{"    right<|im_end|>", "    right"} {
		if err := w.Write(record.Record{Task: "a", Decoder: "ar", Repeat: i, Completion: completion}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Score(t.Context(), in, out, suite, passing(), Options{}); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{`cut off at the end: "<|im_end|>"`, ""} {
		if v := readAll(t, out)[i].Verdict; v.Result != record.Pass || v.Detail != want {
			t.Errorf("%d: %+v, want %q", i, v, want)
		}
	}
}

// TestScoreResumes tears the scored file and scores on; a file of another run is replaced.
func TestScoreResumes(t *testing.T) {
	dir := t.TempDir()
	in, out := writeRun(t, dir), filepath.Join(dir, "scored.jsonl")
	if _, err := Score(t.Context(), in, out, suite, passing(), Options{}); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(out, whole[:len(whole)*2/3], 0o644); err != nil {
		t.Fatal(err)
	}
	tally, err := Score(t.Context(), in, out, suite, passing(), Options{})
	if err != nil || tally.Resumed == 0 || tally.Resumed == 8 {
		t.Fatalf("%+v, %v", tally, err)
	}
	if now, _ := os.ReadFile(out); !slices.Equal(now, whole) {
		t.Error("the resumed file is not the whole one")
	}
	other, err := record.Create(out, record.Header{Suite: record.SuiteInfo{Name: "another"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	if tally, err := Score(t.Context(), in, out, suite, passing(), Options{}); err != nil || tally.Resumed != 0 || len(readAll(t, out)) != 8 {
		t.Errorf("%+v, %v", tally, err)
	}
}

// TestScoreUnjudged: a run without verdicts is judged later, all of it, and verdicts that are there are not lost.
func TestScoreUnjudged(t *testing.T) {
	dir := t.TempDir()
	in, out := writeRun(t, dir), filepath.Join(dir, "scored.jsonl")
	verdicts := func() (n int) {
		for _, r := range readAll(t, out) {
			if r.Verdict != nil {
				n++
			}
		}
		return n
	}
	speed, judged := Options{Unjudged: true}, Options{Tier: "tier", Python: "3.9"}
	if tally, err := Score(t.Context(), in, out, suite, nil, speed); err != nil || tally != (Tally{Records: 8}) || verdicts() != 0 {
		t.Fatalf("%+v, %v, %d verdicts", tally, err, verdicts())
	}
	if tally, err := Score(t.Context(), in, out, suite, nil, speed); err != nil || tally != (Tally{Records: 8, Resumed: 8}) {
		t.Fatalf("again: %+v, %v", tally, err)
	}
	if tally, err := Score(t.Context(), in, out, suite, passing(), judged); err != nil || tally != (Tally{Records: 8, Programs: 2, Passed: 4}) || verdicts() != 6 {
		t.Fatalf("judged: %+v, %v, %d verdicts", tally, err, verdicts())
	}
	if header, _, err := record.Read(out); err != nil || header.Environment.SandboxTier != "tier" || header.Environment.Python != "3.9" {
		t.Errorf("header %+v, %v", header.Environment, err)
	}
	if tally, err := Score(t.Context(), in, out, suite, nil, speed); err != nil || tally.Resumed != 8 || verdicts() != 6 {
		t.Errorf("unjudged after: %+v, %v, %d verdicts", tally, err, verdicts())
	}

	// Half of it judged, the other half not: the judge does all again.
	whole, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(out, whole[:len(whole)/2], 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Score(t.Context(), in, out, suite, nil, speed); err != nil || verdicts() == 0 || verdicts() == 6 || len(readAll(t, out)) != 8 {
		t.Fatalf("%v, %d verdicts", err, verdicts())
	}
	if _, err := Score(t.Context(), in, out, suite, passing(), judged); err != nil || verdicts() != 6 || len(readAll(t, out)) != 8 {
		t.Errorf("%v, %d verdicts", err, verdicts())
	}
	if now, _ := os.ReadFile(out); !slices.Equal(now, whole) {
		t.Error("judged in two parts, the file is another one")
	}
}

func TestScoreSandboxError(t *testing.T) {
	dir := t.TempDir()
	judge := &counting{answer: func(n int, p sandbox.Program) (sandbox.Outcome, error) {
		if n == 1 || strings.Contains(p.Source, "wrong") {
			return sandbox.Outcome{Result: record.SandboxError, Detail: "no fork"}, nil
		}
		return sandbox.Outcome{Result: record.Pass}, nil
	}}
	tally, err := Score(t.Context(), writeRun(t, dir), filepath.Join(dir, "s.jsonl"), suite, judge, Options{Workers: 1})
	if want := (Tally{Records: 8, Programs: 2, Passed: 4, Errors: 2}); err != nil || tally != want || len(judge.seen) != 4 {
		t.Errorf("%+v, %v, %d runs", tally, err, len(judge.seen))
	}
}

// TestScoreReruns: a program that passes in some runs does not pass, and says in how many it did.
func TestScoreReruns(t *testing.T) {
	dir := t.TempDir()
	seeds := map[uint32]int{}
	judge := &counting{answer: func(n int, p sandbox.Program) (sandbox.Outcome, error) {
		seeds[p.Seed]++
		if strings.Contains(p.Source, "wrong") && p.Seed%2 == 1 {
			return sandbox.Outcome{Result: record.Fail, Detail: "assert 1"}, nil
		}
		return sandbox.Outcome{Result: record.Pass}, nil
	}}
	out := filepath.Join(dir, "s.jsonl")
	tally, err := Score(t.Context(), writeRun(t, dir), out, suite, judge, Options{Workers: 1, Reruns: 5})
	if want := (Tally{Records: 8, Programs: 2, Passed: 4, Flaky: 1}); err != nil || tally != want || len(judge.seen) != 10 || len(seeds) != 5 {
		t.Errorf("%+v, %v, %d runs of %d seeds", tally, err, len(judge.seen), len(seeds))
	}
	v := readAll(t, out)[1].Verdict
	if v.Result != record.Fail || v.Detail != "passed 3 of 5 runs; assert 1" {
		t.Errorf("%+v", v)
	}
}

func TestScoreRefuses(t *testing.T) {
	dir := t.TempDir()
	in, out := writeRun(t, dir), filepath.Join(dir, "scored.jsonl")
	if _, err := Score(t.Context(), filepath.Join(dir, "no.jsonl"), out, suite, passing(), Options{}); !errors.As(err, new(*record.Missing)) {
		t.Errorf("no run: %v", err)
	}
	other := suite
	other.SHA256 = "def"
	if _, err := Score(t.Context(), in, out, other, passing(), Options{}); err == nil || !strings.Contains(err.Error(), "score it with the suite of the run") {
		t.Errorf("another suite: %v", err)
	}
	fewer := suite
	fewer.Tasks = fewer.Tasks[:1]
	if _, err := Score(t.Context(), in, out, fewer, passing(), Options{}); err == nil || !strings.Contains(err.Error(), `task "b" is not in suite`) {
		t.Errorf("a missing task: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	gone := &counting{answer: func(int, sandbox.Program) (sandbox.Outcome, error) { return sandbox.Outcome{}, ctx.Err() }}
	if _, err := Score(ctx, in, out, suite, gone, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestScoreRealPrograms judges programs of the embedded suite in the sandbox: a right one, a wrong one, and one whose
// passing depends on the seed of the hashes.
func TestScoreRealPrograms(t *testing.T) {
	judge, err := sandbox.New(sandbox.Options{})
	if errors.Is(err, sandbox.ErrNoPython) || errors.Is(err, sandbox.ErrNoSandbox) {
		t.Skipf("no judge here: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer judge.Close()
	real, dir := basics.Suite(), t.TempDir()
	path, out := filepath.Join(dir, "run.jsonl"), filepath.Join(dir, "scored.jsonl")
	w, err := record.Create(path, record.Header{Suite: record.SuiteInfo{SHA256: real.SHA256}})
	if err != nil {
		t.Fatal(err)
	}
	right := real.Tasks[0].CanonicalSolution
	for i, completion := range []string{right, "    return None\n", "    if hash('tandem') % 3 == 0: return None\n" + right} {
		if err := w.Write(record.Record{Task: real.Tasks[0].TaskID, Decoder: "ar", Sample: i, Completion: completion}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	tally, err := Score(t.Context(), path, out, real, judge, Options{Reruns: 12})
	if err != nil || tally.Passed != 1 || tally.Programs != 3 || tally.Flaky != 1 {
		t.Errorf("%+v, %v", tally, err)
	}
	for i, want := range []record.Result{record.Pass, record.Fail, record.Fail} {
		if v := readAll(t, out)[i].Verdict; v.Result != want {
			t.Errorf("program %d: %+v, want %s", i, v, want)
		}
	}
}
