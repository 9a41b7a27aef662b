package evals

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"

	"tandem/datasets"
	"tandem/evals/sandbox"
	"tandem/record"
)

// A Judge runs a program against its test; sandbox.Runner is one. The error is for a cancelled context alone.
type Judge interface {
	Run(ctx context.Context, p sandbox.Program, l sandbox.Limits) (sandbox.Outcome, error)
}

// Options say how Score works. The zero value judges as many programs at once as there are processors.
type Options struct {
	Workers  int
	Reruns   int // runs of each program, with hash seeds of their own, that must all pass; 0 is one
	Limits   sandbox.Limits
	Unjudged bool                  // records are written without verdicts, and the judge may be nil
	Tier     string                // the judge's isolation, for the header of a run that was decoded without a judge
	Python   string                // its Python, likewise
	Progress func(done, total int) // after each record; may be nil
}

// A Tally is what Score did.
type Tally struct {
	Records  int // of the run
	Resumed  int // of these, found scored
	Programs int // judged now: distinct ones
	Passed   int // records scored now that passed
	Errors   int // records scored now whose verdict is a sandbox error
	Flaky    int // programs judged now that passed in some of their runs
}

// Score judges the records of the run at in and writes them, with Answer and Verdict and in the same order, to out, each
// as soon as it and all before it are judged. An interrupted scoring goes on where it stopped; a file at out that is of
// another run, or that holds records of this one without verdicts, is replaced. A record with an Err keeps no verdict. After a
// sandbox error a program is judged once more, alone. The suite must be the one of the run: another hash is an error.
//
// With Unjudged the records are written as they are. Verdicts that out holds already stay.
func Score(ctx context.Context, in, out string, suite datasets.Suite, judge Judge, o Options) (tally Tally, err error) {
	header, sequence, err := record.Read(in)
	if err != nil {
		return Tally{}, err
	}
	if header.Suite.SHA256 != suite.SHA256 {
		return Tally{}, fmt.Errorf("%s was run on suite %s with hash %.12s, this one is %s with hash %.12s: score it with the suite of the run",
			in, header.Suite.Name, header.Suite.SHA256, suite.Name, suite.SHA256)
	}
	switch {
	case o.Unjudged:
		header.Environment.SandboxTier = ""
	case header.Environment.SandboxTier == "" && o.Tier != "":
		header.Environment.SandboxTier, header.Environment.Python = o.Tier, o.Python
	}
	writer, held, err := open(out, header, o.Unjudged)
	if err != nil {
		return Tally{}, err
	}
	defer func() { err = errors.Join(err, writer.Close()) }()

	tasks := map[string]datasets.Example{}
	for _, task := range suite.Tasks {
		tasks[task.TaskID] = task
	}
	var waiting []record.Record
	for r, err := range sequence {
		if err != nil {
			return tally, err
		}
		if tally.Records++; held.Has(r.Key()) {
			tally.Resumed++
			continue
		}
		if _, ok := tasks[r.Task]; !ok {
			return tally, fmt.Errorf("%s: task %q is not in suite %s", in, r.Task, suite.Name)
		}
		waiting = append(waiting, r)
	}
	answers := &answers{prompts: promptsOf(header)}
	defer answers.Close()
	err = scoreAll(ctx, waiting, writer, tasks, answers, judge, o, &tally)
	return tally, err
}

// open continues a scored file of the same run, or begins one: for verdicts also where one lacks some.
func open(path string, header record.Header, unjudged bool) (*record.Writer, record.Held, error) {
	if info, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
		w, err := record.Create(path, header)
		return w, nil, err
	}
	w, before, held, err := record.Append(path)
	if err != nil {
		return nil, nil, fmt.Errorf("%w; delete the file to judge the run anew", err)
	}
	if unjudged { // who judged what is there already is no matter
		header.Environment.SandboxTier, header.Environment.Python = before.Environment.SandboxTier, before.Environment.Python
	}
	same, err := sameHeader(before, header)
	if err == nil && same && !unjudged {
		same, err = judged(path)
	}
	if err != nil {
		return nil, nil, errors.Join(err, w.Close())
	}
	if same {
		return w, held, nil
	}
	if err := w.Close(); err != nil {
		return nil, nil, err
	}
	w, err = record.Create(path, header)
	return w, nil, err
}

// sameHeader compares headers as a file keeps them.
func sameHeader(a, b record.Header) (bool, error) {
	was, err := json.Marshal(a)
	if err != nil {
		return false, err
	}
	is, err := json.Marshal(b)
	return string(was) == string(is), err
}

// judged says whether each record of a scored file that could be decoded has its verdict.
func judged(path string) (bool, error) {
	_, records, err := record.Read(path)
	if err != nil {
		return false, err
	}
	for r, err := range records {
		if err != nil || r.Err == "" && r.Verdict == nil {
			return false, err
		}
	}
	return true, nil
}

// A program is a distinct text to judge; done is closed when verdict holds.
type program struct {
	task    datasets.Example
	answer  string
	note    string
	verdict record.Verdict
	flaky   bool
	done    chan struct{}
}

// scoreAll judges the records' distinct programs with workers and writes the records in order.
func scoreAll(ctx context.Context, records []record.Record, writer *record.Writer, tasks map[string]datasets.Example, answers *answers, judge Judge, o Options, tally *Tally) error {
	programs := map[[3]string]*program{}
	var order []*program
	of := make([]*program, len(records))
	for i := range records {
		r := &records[i]
		if r.Err != "" || o.Unjudged {
			continue
		}
		task, note := tasks[r.Task], ""
		var err error
		if r.Answer, note, err = answers.answerOf(task, answers.prompts[r.Decoder], r.Completion); err != nil {
			return err
		}
		key := [3]string{r.Task, r.Answer, note} // the same program of another text has another note
		if programs[key] == nil {
			programs[key] = &program{task: task, answer: r.Answer, note: note, done: make(chan struct{})}
			order = append(order, programs[key])
		}
		of[i] = programs[key]
	}
	tally.Programs = len(order)
	ctx, cancel := context.WithCancel(ctx)
	wait := judgeAll(ctx, order, &secondTry{judge: judge}, o)
	defer wait()
	defer cancel()
	counted := map[*program]bool{}
	for i, r := range records {
		if of[i] != nil {
			select {
			case <-of[i].done:
			case <-ctx.Done():
				return errInterrupted(ctx.Err())
			}
			verdict := of[i].verdict
			r.Verdict = &verdict
			if of[i].flaky && !counted[of[i]] {
				counted[of[i]] = true
				tally.Flaky++
			}
			switch verdict.Result {
			case record.Pass:
				tally.Passed++
			case record.SandboxError:
				tally.Errors++
			}
		}
		if err := writer.Write(r); err != nil {
			return err
		}
		if o.Progress != nil {
			o.Progress(tally.Resumed+i+1, tally.Records)
		}
	}
	return nil
}

// answers finds the answers of a run, each by the prompt of its decoder.
type answers struct {
	Extractor
	prompts map[string]record.PromptInfo // by decoder; none: a completion
}

// promptsOf are the prompts of a run's decoders.
func promptsOf(h record.Header) map[string]record.PromptInfo {
	of := map[string]record.PromptInfo{}
	for _, d := range h.Decoders {
		for _, p := range h.Prompts {
			if name, _ := d.Settings["prompt"].(string); p.Name == cmp.Or(name, CompletionPrompt) {
				of[d.Name] = p
			}
		}
	}
	return of
}

// judgeAll starts the workers and returns what waits for them.
func judgeAll(ctx context.Context, order []*program, judge Judge, o Options) (wait func()) {
	queue := make(chan *program)
	var workers sync.WaitGroup
	n := o.Workers
	if n < 1 {
		n = runtime.GOMAXPROCS(0)
	}
	for range n {
		workers.Go(func() {
			for p := range queue {
				if p.judge(ctx, judge, o) {
					close(p.done)
				}
			}
		})
	}
	workers.Go(func() {
		defer close(queue)
		for _, p := range order {
			select {
			case queue <- p:
			case <-ctx.Done():
				return
			}
		}
	})
	return workers.Wait
}

// judge fills in the verdict; false means that the context ended first.
func (p *program) judge(ctx context.Context, judge Judge, o Options) bool {
	var err error
	p.verdict, p.flaky, err = Verdict(ctx, p.task, p.answer, judge, o.Limits, o.Reruns)
	p.verdict.Detail = notes(p.note, p.verdict.Detail)
	return err == nil
}

// notes joins what was noted.
func notes(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), "; ")
}

// Verdict judges one answer: any that is no program by comparison, and a program in so many runs, 0 being one, with hash
// seeds of their own. All of them must pass; the verdict is that of the first that did not, and flaky where another did. The
// error is for a cancelled context alone.
func Verdict(ctx context.Context, task datasets.Example, answer string, judge Judge, limits sandbox.Limits, runs int) (v record.Verdict, flaky bool, err error) {
	k := kinds[task.Kind]
	if k.program == nil {
		if wrong := k.judge(task, answer); wrong != "" {
			return record.Verdict{Result: record.Fail, Detail: wrong}, false, ctx.Err()
		}
		return record.Verdict{Result: record.Pass}, false, ctx.Err()
	}
	program, passed := k.program(task, answer), 0
	runs = max(1, runs)
	var first sandbox.Outcome // that did not pass
	for i := range runs {
		program.Seed = uint32(i)
		out, err := judge.Run(ctx, program, limits)
		if err != nil {
			return record.Verdict{}, false, err
		}
		if out.Result == record.Pass {
			passed++
		}
		if i == 0 || first.Result == record.Pass {
			first = out
		}
		if first.Result == record.SandboxError {
			break // it says nothing about the program; that it passed before does not either
		}
	}
	if flaky = passed > 0 && passed < runs && first.Result != record.SandboxError; flaky {
		first.Detail = notes(fmt.Sprintf("passed %d of %d runs", passed, runs), first.Detail)
	}
	return record.Verdict{Result: first.Result, Detail: first.Detail, Seconds: first.Wall.Seconds(), CPU: first.CPU.Seconds(),
		Tier: string(first.Tier), Beside: first.Beside}, flaky, nil
}

// A secondTry is a Judge that judges a program once more after a sandbox error, while no other is judged: a fork bomb among
// its neighbours may have been the cause. The others wait so long, which keeps the order of what is written.
type secondTry struct {
	judge Judge
	alone sync.RWMutex // held by one that is alone, shared by all others
}

// Run runs a program, if need be twice.
func (s *secondTry) Run(ctx context.Context, p sandbox.Program, limits sandbox.Limits) (sandbox.Outcome, error) {
	s.alone.RLock()
	out, err := s.judge.Run(ctx, p, limits)
	s.alone.RUnlock()
	if err != nil || out.Result != record.SandboxError {
		return out, err
	}
	s.alone.Lock()
	defer s.alone.Unlock()
	return s.judge.Run(ctx, p, limits)
}
