// Command tandem measures whether a parallel diffusion decoder is faster than an autoregressive one, at the same
// quality, on this machine. `tandem --help` lists its verbs; one file here holds each.
//
// Exit status: 0 done; 1 a gate or check failed; 2 wrong use, bad input, or a failure of Tandem itself; 3 undecided, where a gate
// says that this must fail. Results go to stdout, progress and errors to stderr.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"tandem/cmd/tandem/flags"
	"tandem/evals/sandbox"
	"tandem/reports/changes"
	"tandem/reports/export"
	"tandem/reports/plot"
	"tandem/transformer"
)

// cli is the command line: each field is a verb and the verb's fields are its flags.
type cli struct {
	Run      runCmd           `cmd:"" help:"Run decoders over a suite: measure, judge, report."`
	Report   reportCmd        `cmd:"" help:"Show a run's table again and rebuild its charts and page."`
	Merge    mergeCmd         `cmd:"" help:"Put the shards of a run together, or say which are missing."`
	Plot     plotCmd          `cmd:"" help:"Draw charts of runs, several in one, for a screen or in print; plot list names them."`
	Compare  compareCmd       `cmd:"" help:"Compare runs: what changed, how sure that is, and whether gates let it pass."`
	AB       abCmd            `cmd:"" name:"ab" help:"Tell two builds apart: run them in turn on this machine until gates are decided."`
	Gate     gateCmd          `cmd:"" help:"Check gates: what they mean and what they can detect."`
	Export   exportCmd        `cmd:"" help:"Write a run for benchstat, spreadsheets, CI systems, and readers of llama-bench and vLLM."`
	Score    scoreCmd         `cmd:"" help:"Judge samples of any model in human-eval's or EvalPlus's format: pass@k."`
	Bench    benchCmd         `cmd:"" help:"Measure the speed of forwards beside this machine's ceilings."`
	Tokenize tokenizeCmd      `cmd:"" help:"Turn texts into the token ids of a model: JSON strings on stdin, JSON arrays on stdout, one a line."`
	Mock     mockCmd          `cmd:"" help:"Serve answers at a known speed, or with a known fault, as an endpoint to measure."`
	Models   modelsCmd        `cmd:"" help:"List, fetch, show and check models: of the Hugging Face hub, a package or a folder."`
	History  historyCmd       `cmd:"" help:"Keep the figures of many runs, and say which commit changed one."`
	Claims   claimsCmd        `cmd:"" help:"Check published claims of speed against what was measured, and do their arithmetic."`
	Datasets datasetsCmd      `cmd:"" help:"List, fetch and check the task suites, or generate the embedded one."`
	Doctor   doctorCmd        `cmd:"" help:"Say what this machine can do: processor, kernels, GPU, sandbox, Python."`
	Version  versionCmd       `cmd:"" help:"Print the version, the commit and the Go release."`
	Help     helpCmd          `cmd:"" help:"Print the help of a verb, as VERB --help does."`
	Asked    kong.VersionFlag `name:"version" help:"Print the version and leave."`
}

type helpCmd struct {
	Verb []string `arg:"" optional:"" help:"Verb, such as run or datasets list."`
}

func (c helpCmd) Run(parsed *kong.Context) error {
	of, err := kong.Trace(parsed.Kong, c.Verb)
	if err == nil {
		err = of.Error
	}
	if err != nil {
		return fmt.Errorf("help: %w; see `tandem --help`", err)
	}
	return of.PrintUsage(false)
}

// An app is what every verb is given.
type app struct {
	ctx    context.Context
	stdout io.Writer
	stderr io.Writer
}

// errFailed marks a gate or check that failed: exit status 1, with its finding already on stdout.
var errFailed = errors.New("check failed")

func main() {
	sandbox.Main()
	stamp(debug.ReadBuildInfo())
	os.Exit(process())
}

// process runs this process's command line. The first signal to end keeps what is finished, the second ends at once.
func process() int {
	ctx, stop := interruptible()
	defer stop()
	context.AfterFunc(ctx, stop)
	return run(ctx, os.Stdout, os.Stderr, os.Args[1:])
}

// interruptible is a context that ends with Ctrl-C, a request to terminate or the terminal's end; under nohup, which has the
// process ignore the last, it lives on.
func interruptible() (context.Context, context.CancelFunc) {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	return signal.NotifyContext(context.Background(), signals...)
}

// vars are what the flags' texts name.
func vars() kong.Vars {
	dtypes := transformer.Dtypes()
	return kong.Vars{"geometries": strings.Join(transformer.Geometries(), ", "), "version": versionText(),
		"dtypes": flags.Join(dtypes, ","), "dtype_choice": flags.Join(dtypes, " or "), "change_formats": strings.Join(changes.Names(), ","),
		"export_formats": strings.Join(export.Names(), ","), "chart_styles": strings.Join(plot.Styles(), ","), "chart_formats": strings.Join(plot.Formats(), ",")}
}

// run is main without the process: it returns the exit status.
func run(ctx context.Context, stdout, stderr io.Writer, args []string) int {
	var c cli
	parsed, err := flags.Parse(&c, stdout, stderr, args, kong.Name("tandem"),
		kong.Description("Is a diffusion language model really faster than an autoregressive one, at the same quality, on this machine?\n\n"+
			"tandem run alone answers it for the embedded checkpoint and tasks, within minutes."),
		vars())
	if err == nil && parsed != nil {
		err = parsed.Run(&app{ctx: ctx, stdout: stdout, stderr: stderr})
	}
	switch {
	case errors.Is(err, errFailed):
		return 1
	case errors.Is(err, errUndecided):
		return 3
	}
	if err != nil {
		return fail(stderr, err)
	}
	return 0
}

// fail prints the error as one line and returns exit status 2.
func fail(stderr io.Writer, err error) int {
	text := strings.TrimSuffix(err.Error()+hint(err), ": "+context.Canceled.Error()) // the message says "interrupted"
	fmt.Fprintf(stderr, "tandem: %s\n", strings.ReplaceAll(text, "\n", "; "))
	return 2
}
