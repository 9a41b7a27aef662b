package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/alecthomas/kong"

	"tandem/bench"
	"tandem/cmd/tandem/flags"
	"tandem/cmd/tandem/progress"
	"tandem/device"
	"tandem/reports/forwards"
	"tandem/transformer"
	"tandem/transformer/checkpoint"
	"tandem/transformer/speed"
)

type benchCmd struct {
	Model    string `placeholder:"DIR" help:"Checkpoint to measure: embedded, a folder in Hugging Face format, a .gguf file, or a name of tandem models list or of the hub that was fetched."`
	Geometry string `placeholder:"NAME" help:"Random weights of a published shape, in place of a model: ${geometries}."`
	Dtype    string `default:"" enum:",${dtypes}" placeholder:"bf16" help:"Dtype of the weights: ${dtype_choice} (bf16, or the checkpoint's own)."`
	deviceFlags
	Prefill int    `least:"0" default:"512" help:"Rows of the prefill; 0 leaves it out."`
	Decode  int    `least:"0" default:"128" help:"Tokens decoded one by one; 0 leaves it out."`
	Block   []int  `least:"1" default:"32" help:"Rows of the block forwards, for each batch."`
	Batch   []int  `least:"1" default:"1,2,4" help:"Sequences decoded at once, a token or a block each."`
	Context int    `least:"0" default:"128" help:"Positions cached before a decode or a block."`
	Rounds  int    `least:"1" default:"5" help:"Samples of each test; the tests of a batch take turns."`
	Output  string `short:"o" default:"table" enum:"table,json,jsonl,md,csv,benchfmt" help:"Form of the results: ${enum}."`
	JSON    bool   `help:"The same as --output json."`
	wideFlag
	Out  string `placeholder:"DIR" help:"Folder for bench.json and the charts of throughput against batch."`
	From string `placeholder:"FILE" help:"Show and draw a bench.json again, in place of measuring."`
}

// shown are the flags that go with --from.
var shown = []string{"from", "output", "json", "out", "wide"}

// Run measures forwards beside this machine's ceilings.
func (c benchCmd) Run(a *app, parsed *kong.Context) error {
	for _, name := range flags.Given(parsed) {
		if c.From != "" && !slices.Contains(shown, name) {
			return fmt.Errorf("--from shows what was measured before: leave out --%s", name)
		}
		if c.JSON && name == "output" && c.Output != "json" {
			return fmt.Errorf("--json and --output %s exclude each other", c.Output)
		}
	}
	if c.Out != "" { // a folder that cannot be made shall not cost a measurement
		if err := os.MkdirAll(c.Out, 0o755); err != nil {
			return fmt.Errorf("--out: %w; choose a folder that can be written", err)
		}
	}
	report, err := c.report(a)
	if err != nil {
		return err
	}
	if c.Out != "" {
		if c.From == "" {
			fmt.Fprintf(a.stderr, "wrote %s\n", filepath.Join(c.Out, "bench.json"))
		}
		if err := draw(a, report, c.Out); err != nil {
			return err
		}
	}
	if c.JSON {
		c.Output = "json"
	}
	if !slices.Contains([]string{"table", "md"}, c.Output) { // these two begin with the warnings
		for _, w := range report.Warnings {
			fmt.Fprintf(a.stderr, "tandem: warning: %s\n", w.Text)
		}
	}
	return report.Write(a.stdout, c.Output, c.width(a.stdout))
}

// draw draws the charts into dir.
func draw(a *app, report forwards.Report, dir string) error {
	names, err := report.SaveCharts(dir)
	for _, name := range names {
		fmt.Fprintf(a.stderr, "wrote %s.png and .svg\n", filepath.Join(dir, name))
	}
	if err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	if len(names) == 0 {
		fmt.Fprintln(a.stderr, "tandem: no chart: it needs --decode and --block at two --batch sizes or more")
	}
	return nil
}

// report is measured, or read from a file.
func (c benchCmd) report(a *app) (forwards.Report, error) {
	if c.From == "" {
		return c.measure(a)
	}
	report, err := forwards.Read(c.From)
	if err != nil {
		return report, fmt.Errorf("--from: %w", err)
	}
	return report, nil
}

// measure puts the weights on the device and runs the tests.
func (c benchCmd) measure(a *app) (report forwards.Report, err error) {
	model, err := c.model()
	if err != nil {
		return report, err
	}
	backend, err := c.open(a, model, 0)
	if err != nil {
		return report, err
	}
	defer backend.Close()
	ceilings, done, err := device.Meter(backend)
	if err != nil {
		return report, err
	}
	defer done()
	grid := speed.Grid{Prefill: c.Prefill, Decode: c.Decode, Blocks: c.Block, Batches: c.Batch, Context: c.Context}
	report, err = forwards.Measure(a.ctx, backend, speed.Plan{Tests: grid.Tests(), Rounds: c.Rounds, Ceilings: ceilings,
		Progress: progress.New(a.stderr, "measuring").Report}, forwards.Options{
		Environment: bench.EnvironmentOn(a.ctx, version, commit, backend.Describe()), Elsewhere: bench.Elsewhere(), Dir: c.Out})
	if a.ctx.Err() != nil {
		return report, fmt.Errorf("interrupted: %w", context.Canceled)
	}
	return report, err
}

// model is a checkpoint, or random weights.
func (c benchCmd) model() (*checkpoint.Model, error) {
	switch {
	case c.Model != "" && c.Geometry != "":
		return nil, fmt.Errorf("--model and --geometry exclude each other")
	case c.Geometry == "":
		return loadModel(cmp.Or(c.Model, embedded), transformer.Dtype(c.Dtype))
	}
	config, err := transformer.Geometry(c.Geometry)
	if err != nil {
		return nil, fmt.Errorf("--geometry: %w", err)
	}
	return &checkpoint.Model{Weights: transformer.Random(config, cmp.Or(transformer.Dtype(c.Dtype), transformer.BF16), 1)}, nil
}
