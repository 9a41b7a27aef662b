package ab

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tandem/bench/compare"
	"tandem/record"
)

// write makes a run of 12 tasks in a folder: one decoding of each with two decoders. The second one's forwards take so many times as
// long; moment is what the machine does to both. Where passes is given the run is judged, and it is the second one's verdict.
func write(t *testing.T, dir string, slower, moment float64, noise *rand.Rand, passes ...bool) *compare.Run {
	t.Helper()
	w, err := record.Create(filepath.Join(dir, "scored.jsonl"), record.Header{
		Environment: record.Environment{CPU: "cpu", Cores: 2, Threads: 2, Device: "cpu"},
		Suite:       record.SuiteInfo{Name: "suite", SHA256: "00", Tasks: 12}, Model: record.ModelInfo{Name: "model", SHA256: "11", Dtype: "bf16"},
		Plan:     record.PlanInfo{Repeats: 1, Samples: 1, Batch: 1, MaxTokens: 64, Length: "natural"},
		Decoders: []record.DecoderInfo{{Name: "ar"}, {Name: "diffusion"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for task := range 12 {
		for _, decoder := range []string{"ar", "diffusion"} {
			r := record.Record{Task: fmt.Sprint(task), Decoder: decoder, Tokens: 10, Interference: record.Interference{Busy: 0.97}}
			r.Seconds = 0.01 * moment * math.Exp(0.02*noise.NormFloat64())
			if decoder == "diffusion" {
				r.Seconds *= slower
			}
			if len(passes) > 0 {
				r.Verdict = &record.Verdict{Result: map[bool]record.Result{true: record.Pass, false: record.Fail}[passes[0] || decoder == "ar"]}
			}
			for i := range 10 {
				r.Trace = append(r.Trace, record.Step{At: time.Duration(i+1) * time.Millisecond, Rows: 1, Commits: []record.Commit{{Pos: int32(i), P: 1}}})
			}
			if err := w.Write(r); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := compare.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// pool makes rounds of a build and one that is so many times as slow. A process's placement moves its speed by 2%.
func pool(t *testing.T, slower float64, seed uint64) (rounds [][]*compare.Run) {
	noise := rand.New(rand.NewPCG(seed, 0))
	for range 20 {
		moment := math.Exp(0.2 * noise.NormFloat64())
		var runs []*compare.Run
		for _, factor := range []float64{1, slower} {
			placed := moment * math.Exp(0.02*noise.NormFloat64())
			runs = append(runs, write(t, t.TempDir(), factor, placed, noise))
		}
		rounds = append(rounds, runs)
	}
	return rounds
}

// TestReplay: builds that are alike raise an alarm seldom, and one that is 10% slower is found nearly always.
func TestReplay(t *testing.T) {
	gates, err := compare.ReadGates("")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		slower      float64
		least, most int // alarms of 60
	}{{1, 0, 4}, {1.1, 56, 60}} {
		rounds, noise, alarms := pool(t, c.slower, 11), rand.New(rand.NewPCG(12, 0)), 0
		for range 60 {
			r, err := Replay(rounds, gates, 40, noise)
			if err != nil {
				t.Fatal(err)
			}
			if r.Confirmed {
				alarms++
			}
		}
		if alarms < c.least || alarms > c.most {
			t.Errorf("%g times as slow: %d alarms of 60, want %d to %d", c.slower, alarms, c.least, c.most)
		}
		t.Logf("%g times as slow: %d alarms of 60", c.slower, alarms)
	}
}

// TestPassRates: they are known after the first round. Their alarm stands though no further round is judged, and if there is no time for
// one.
func TestPassRates(t *testing.T) {
	gates, err := compare.ReadGates("")
	if err != nil {
		t.Fatal(err)
	}
	noise := rand.New(rand.NewPCG(5, 0))
	rounds := [][]*compare.Run{{write(t, t.TempDir(), 1, 1, noise, true), write(t, t.TempDir(), 1, 1, noise, false)}}
	for range 9 {
		rounds = append(rounds, []*compare.Run{write(t, t.TempDir(), 1, 1, noise), write(t, t.TempDir(), 1, 1, noise)})
	}
	for _, most := range []int{5, 10} {
		s := &session{Options: Options{Builds: make([]Program, 2), Gates: gates}}
		s.next = func(_ context.Context, number int) ([]*compare.Run, bool, error) {
			if number == most {
				return nil, false, nil
			}
			return rounds[number], true, nil
		}
		r, err := s.run(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if passed, undecided := r.Passed(); passed || undecided || !r.Alarm || r.Confirmed != (most == 10) {
			t.Errorf("%d rounds: passed %v, undecided %v, alarm %v, confirmed %v", most, passed, undecided, r.Alarm, r.Confirmed)
		}
	}
}

// TestUnconfirmed: a speed that is worse, with no time left to confirm it, is undecided: the gate says whether that passes.
func TestUnconfirmed(t *testing.T) {
	noise := rand.New(rand.NewPCG(5, 0))
	var rounds [][]*compare.Run
	for range 5 {
		rounds = append(rounds, []*compare.Run{write(t, t.TempDir(), 1, 1, noise), write(t, t.TempDir(), 2, 1, noise)})
	}
	for _, must := range []string{"pass", "fail"} {
		s := &session{Options: Options{Builds: make([]Program, 2), Gates: []compare.Gate{{Name: "speed", Metric: "tokens_per_second", Undecided: must}}}}
		s.next = func(_ context.Context, number int) ([]*compare.Run, bool, error) {
			if number == len(rounds) {
				return nil, false, nil
			}
			return rounds[number], true, nil
		}
		r, err := s.run(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if passed, undecided := r.Passed(); !r.Alarm || r.Confirmed || passed != (must == "pass") || !undecided {
			t.Errorf("undecided: %s: passed %v, undecided %v, %+v", must, passed, undecided, r.Gates)
		}
	}
}

// taker is a program that knows turns: it writes down each turn that it is given, and then leaves results.
const taker = `#!/bin/sh
while [ "$1" != --out ]; do shift; done
for i in 1 2 3 4; do
  echo ready
  read line || exit 7
  echo "$0 $i" >> "$LOG"
done
mkdir -p "$2" && cp "$RESULT"/scored.jsonl "$2"
`

// TestTurns: of several processes one at a time has its turn, each as often, and rounds that are there are not run again; nor are they
// taken for those of another build.
func TestTurns(t *testing.T) {
	dir, result := t.TempDir(), t.TempDir()
	write(t, result, 1, 1, rand.New(rand.NewPCG(1, 0)))
	log := filepath.Join(dir, "log")
	t.Setenv("LOG", log)
	t.Setenv("RESULT", result)
	var builds []Program
	for _, name := range []string{"a", "b", "c"} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(taker), 0o755); err != nil {
			t.Fatal(err)
		}
		builds = append(builds, Program{Name: name, Path: path})
	}
	o := Options{Builds: builds, Out: filepath.Join(dir, "out"), Budget: time.Hour,
		Args: func(folder string, _ bool) []string { return []string{"--out", folder} }}
	if _, err := Run(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(lines)%12 != 0 || len(lines) < 24 {
		t.Fatalf("%d turns: %s", len(lines), text)
	}
	for i, line := range lines { // the k-th turns of the three lie side by side
		if want := fmt.Sprint(i%12/3 + 1); !strings.HasSuffix(line, " "+want) {
			t.Fatalf("turn %d is %q, want a %s", i, line, want)
		}
	}
	if _, err := Run(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	if again, _ := os.ReadFile(log); len(again) != len(text) {
		t.Error("rounds that were there were run again")
	}
	if err := os.WriteFile(builds[1].Path, []byte(taker+"# another build\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(context.Background(), o); !errors.As(err, new(*Mismatch)) {
		t.Errorf("rounds of another build: %v", err)
	}
}

// TestInterrupted: an interruption is a line that says how to go on, whatever the processes say of it.
func TestInterrupted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "waits")
	if err := os.WriteFile(path, []byte("#!/bin/sh\necho ready\nread line || exit 7\nexec sleep 20\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	started := 0
	o := Options{Builds: []Program{{Name: "a", Path: path}, {Name: "b", Path: path}}, Out: t.TempDir(), Budget: time.Minute,
		Args: func(folder string, _ bool) []string {
			if started++; started > 2 { // the first call is for what the folder holds
				time.AfterFunc(100*time.Millisecond, cancel)
			}
			return nil
		}}
	_, err := Run(ctx, o)
	if err == nil || !strings.HasPrefix(err.Error(), "interrupted: 0 rounds") || !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "\n") {
		t.Errorf("%v", err)
	}
}

// TestBroken: a program that fails is named with what it says.
func TestBroken(t *testing.T) {
	path := filepath.Join(t.TempDir(), "broken")
	if err := os.WriteFile(path, []byte("#!/bin/sh\necho 'tandem: unknown flag' >&2\nexit 2\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	o := Options{Builds: []Program{{Name: "old", Path: path}, {Name: "new", Path: path}}, Out: t.TempDir(), Budget: time.Minute,
		Args: func(string, bool) []string { return nil }}
	if _, err := Run(context.Background(), o); err == nil || !strings.Contains(err.Error(), "unknown flag") {
		t.Errorf("%v", err)
	}
	if _, err := Resolve(context.Background(), "no-such-commit", t.TempDir()); err == nil || !strings.Contains(err.Error(), "neither a binary nor a commit") {
		t.Errorf("%v", err)
	}
}
