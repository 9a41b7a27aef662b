package export

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tandem/internal/golden"
	"tandem/record"
)

// write makes a small scored run: four tasks, two decoders, three repeats; one wrong answer, one disturbed decoding and one that failed.
func write(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	w, err := record.Create(filepath.Join(dir, "scored.jsonl"), record.Header{
		Environment: record.Environment{Commit: "abf0cf6d1e22", OS: "linux/amd64", CPU: "Example CPU", Cores: 2, Threads: 2, Device: "cpu",
			Started: time.Date(2026, 11, 25, 1, 2, 3, 0, time.UTC)},
		Suite:    record.SuiteInfo{Name: "humaneval", SHA256: "00", Tasks: 4},
		Model:    record.ModelInfo{Name: "model", SHA256: "11", Parameters: 5_000_000, Dtype: "bf16"},
		Plan:     record.PlanInfo{Repeats: 3, Samples: 1, Batch: 1, MaxTokens: 64, Length: "natural"},
		Decoders: []record.DecoderInfo{{Name: "ar"}, {Name: "diffusion/block=16/threshold=0.9"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for repeat := range 3 {
		for task := range 4 {
			for d, decoder := range []string{"ar", "diffusion/block=16/threshold=0.9"} {
				r := decoding(task, repeat, d+1)
				r.Decoder = decoder
				if err := w.Write(r); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// decoding is one that commits so many tokens a forward, each forward in 2 ms.
func decoding(task, repeat, many int) record.Record {
	r := record.Record{Task: fmt.Sprintf("HumanEval/%d", task), Repeat: repeat, PromptTokens: 40, Tokens: 8 + 4*task, PeakMemory: 1 << 24,
		Interference: record.Interference{Busy: 0.97}, Verdict: &record.Verdict{Result: record.Pass}}
	for at := 0; at < r.Tokens; at += many {
		step := record.Step{At: time.Duration(len(r.Trace)+1) * 2 * time.Millisecond, Kind: record.Decode, Rows: many}
		for i := range many {
			step.Commits = append(step.Commits, record.Commit{Pos: int32(at + i), Token: 7, P: 1})
		}
		r.Trace = append(r.Trace, step)
	}
	r.Seconds = r.Trace[len(r.Trace)-1].At.Seconds() * (1 + 0.01*float64(repeat))
	switch {
	case task == 2:
		r.Verdict = &record.Verdict{Result: record.Fail, Detail: "assert f(1) == 2"}
	case task == 1 && repeat == 1:
		r.Busy = 0.3
	case task == 3 && repeat == 2:
		r.Err, r.Verdict = "the prompt has no tokens", nil
	}
	return r
}

// TestFormats: every format is what its golden file holds.
func TestFormats(t *testing.T) {
	dir := write(t)
	for _, name := range Names() {
		var b bytes.Buffer
		if err := Write(&b, dir, name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		golden.Equal(t, filepath.Join("testdata", name+".txt"), b.Bytes())
	}
}

// TestBenchstat: the real benchstat reads benchfmt, and compares decoders by their key.
func TestBenchstat(t *testing.T) {
	if out, err := exec.Command("go", "tool", "-n", "benchstat").CombinedOutput(); err != nil {
		t.Skipf("benchstat could not be fetched: %s", out)
	}
	file := filepath.Join(t.TempDir(), "run.txt")
	var b bytes.Buffer
	if err := Write(&b, write(t), "benchfmt"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("go", "tool", "benchstat", "-col", "/decoder", "-row", ".name", file).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, want := range []string{"sec/op", "tok/s", "nfe/op", "pass@1", "-50.00%", "vs base"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}
