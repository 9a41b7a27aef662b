package evals

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem/evals/sandbox"
	"tandem/record"
)

// crowded is a judge that fails where it runs two programs at once, as a sandbox may beside a fork bomb.
type crowded struct {
	mutex   sync.Mutex
	running map[*bool]bool // by each run's mark: it was not alone
	runs    int
}

func (c *crowded) Run(context.Context, sandbox.Program, sandbox.Limits) (sandbox.Outcome, error) {
	mark := new(bool)
	c.mutex.Lock()
	c.runs++
	c.running[mark] = true
	if len(c.running) > 1 {
		for other := range c.running {
			*other = true
		}
	}
	c.mutex.Unlock()
	time.Sleep(20 * time.Millisecond)
	c.mutex.Lock()
	defer c.mutex.Unlock()
	delete(c.running, mark)
	if *mark {
		return sandbox.Outcome{Result: record.SandboxError, Detail: "no fork"}, nil
	}
	return sandbox.Outcome{Result: record.Pass}, nil
}

// TestJudgedAgainAlone: programs whose neighbours made the sandbox fail are judged again without any.
func TestJudgedAgainAlone(t *testing.T) {
	const programs = 8
	judge := &crowded{running: map[*bool]bool{}}
	dir := t.TempDir()
	path := filepath.Join(dir, "run.jsonl")
	w, err := record.Create(path, record.Header{Suite: record.SuiteInfo{SHA256: suite.SHA256}})
	if err != nil {
		t.Fatal(err)
	}
	var samples strings.Builder
	for i := range programs {
		if err := w.Write(record.Record{Task: "a", Decoder: "ar", Sample: i, Completion: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&samples, `{"task_id": "a", "completion": "%d"}`+"\n", i)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	scored := filepath.Join(dir, "scored.jsonl")
	tally, err := Score(t.Context(), path, scored, suite, judge, Options{Workers: 4})
	if err != nil || tally.Errors != 0 || tally.Passed != programs {
		t.Errorf("%+v, %v", tally, err)
	}
	for i, r := range readAll(t, scored) {
		if r.Sample != i {
			t.Errorf("record %d is of sample %d", i, r.Sample)
		}
	}
	ofSamples, err := ScoreSamples(t.Context(), Samples(write(t, "s.jsonl", samples.String())), filepath.Join(dir, "out.jsonl"), suite, judge,
		SampleOptions{Workers: 4, Mode: Verbatim})
	if err != nil || ofSamples.Errors != 0 || ofSamples.Passed != programs {
		t.Errorf("%+v, %v", ofSamples, err)
	}
	if judge.runs <= 2*programs {
		t.Errorf("%d runs of %d programs: none met another", judge.runs, 2*programs)
	}
}
