package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tandem/bench"
	"tandem/bench/telemetry"
	"tandem/cmd/tandem/flags"
	"tandem/cmd/tandem/progress"
	"tandem/datasets"
	"tandem/decoders"
	"tandem/device"
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
	Prompt    string   `default:"auto" placeholder:"NAME|FILE" help:"How the tasks are asked, of decoders that name no prompt: auto (chat where the checkpoint has a chat template and the suite allows it, else completion), a name below, or a file with {{ prompt }} in it."`
	Threshold float64  `default:"0.9" help:"Commit threshold of the diffusion decoders that name no policy."`
	Model     string   `default:"embedded" help:"embedded, a folder in Hugging Face format, a .gguf file, or a name of tandem models list or of the hub that was fetched."`
	Dtype     string   `default:"" enum:",${dtypes}" placeholder:"bf16" help:"Dtype of the weights: ${dtype_choice}; the checkpoint's own by default."`
	deviceFlags
	Endpoints string `placeholder:"FILE" help:"YAML file of the servers that decoders called endpoint/NAME ask; see docs/ENDPOINTS.md."`
	Nonce     string `default:"auto" enum:"auto,on,off" help:"Begin what endpoints are asked with a word of the repeat, so that no cache holds it: auto does where endpoints alone are asked, and more than once."`
	Raw       bool   `help:"Keep what endpoints stream as it came, in raw.jsonl."`
	Repeats   int    `least:"1" default:"5" help:"Times that each task is decoded, interleaved."`
	Extra     int    `least:"0" name:"extra-repeats" default:"1" help:"Times that a decoding which other work on the machine disturbed is decoded again, at most. The same run goes on with a larger number."`
	Samples   int    `least:"1" default:"1" help:"Samples of each task, for pass@k; give the decoders a temperature, such as ar/temperature=0.8."`
	Limit     int    `least:"0" placeholder:"N" help:"Only the first N tasks; 0 for all."`
	Shard     string `placeholder:"I/N" help:"Only the tasks of one of N shards, 0/N to N-1/N, each for a machine or a job of its own; tandem merge puts them together."`
	Batch     int    `least:"1" default:"1" help:"Tasks that a decoder decodes at once."`
	MaxTokens int    `least:"1" default:"128" help:"Most tokens of an output."`
	Length    string `default:"natural" enum:"natural,forced" help:"natural: an output ends where the model ends it. forced: all have --max-tokens tokens, for speed alone."`
	Seed      uint64 `default:"1" help:"Seed of the order and of the samples."`
	Judge     string `default:"auto" enum:"auto,none" help:"auto: programs are run and judged in a sandbox. none: no pass rates, speed alone; the same command without it judges later."`
	sandboxFlag
	Workers int           `least:"0" placeholder:"N" help:"Programs judged at once; one for each processor by default."`
	Energy  time.Duration `placeholder:"10s" help:"On a GPU, measure joules per token afterwards: windows of this length, three for each decoder."`
	Turns   bool          `help:"Write \"ready\" and wait for a line on standard input before each decoding, and write no report: so tandem ab interleaves builds."`
	Out     string        `placeholder:"DIR" help:"Folder of the results; the same one resumes an interrupted run. By default one below results/ for each different run."`
	Config  flags.Config  `placeholder:"FILE" help:"YAML file of these flags, such as docs/run.yaml; flags of the command line win."`
	summaryFlags
}

// Help follows the flags' list.
func (runCmd) Help() string {
	return fmt.Sprintf("A decoder is named by its family and settings: ar, ar/temperature=0.8, diffusion/block=16/threshold=0.9. "+
		"ar knows %s. diffusion knows %s. endpoint/NAME, of --endpoints, knows %s.\n\nPrompts: %s.", strings.Join(decoders.AR.Keys(), ", "),
		strings.Join(decoders.Diffusion.Keys(), ", "), strings.Join(decoders.Endpoint.Keys(), ", "),
		strings.Join(evals.PromptNames(), ", "))
}

// check reports the first flag whose value makes no sense, beside those that are too low.
func (c runCmd) check() error {
	if !(c.Threshold > 0 && c.Threshold <= 1) {
		return fmt.Errorf("--threshold must be above 0 and at most 1, not %g", c.Threshold)
	}
	if c.Energy != 0 && !c.decodesHere() {
		return fmt.Errorf("--energy reads the energy counter of a GPU here, and only endpoints are asked: leave it out")
	}
	if c.Energy != 0 && c.Energy < telemetry.MinWindow {
		return fmt.Errorf("--energy %v is too short for a counter that ticks every 100 ms: give at least %v, better 10s", c.Energy, telemetry.MinWindow)
	}
	return c.summaryFlags.check()
}

// A job is what run does: the files and flags, read and checked.
type job struct {
	suite  datasets.Suite
	remote endpoints         // those of --endpoints
	model  *checkpoint.Model // nil where endpoints alone decode
	asked  evals.Prompts
	plan   []decoders.Settings
	judge  *sandbox.Runner // nil where no program is run
	header record.Header   // what is known before the model is on a device
}

// config is that of the model; the zero value where there is none.
func (j job) config() (c transformer.Config) {
	if j.model != nil {
		c = j.model.Config
	}
	return c
}

// Run measures, judges and reports: each stage reads the file that the one before it wrote.
func (c runCmd) Run(a *app) error {
	j, err := c.prepare(a)
	if err != nil {
		return err
	}
	if j.judge != nil {
		defer j.judge.Close()
	}
	if c.Out == "" {
		c.Out = c.folder(j.header)
	}
	if err := os.MkdirAll(c.Out, 0o755); err != nil {
		return fmt.Errorf("--out: %w; choose a folder that can be written", err)
	}
	fmt.Fprintf(a.stderr, "results: %s\n", c.Out)
	runFile := filepath.Join(c.Out, record.RunFile)
	if err := c.decode(a, runFile, j); err != nil {
		return err
	}
	if err := c.score(a, runFile, filepath.Join(c.Out, record.ScoredFile), j); err != nil {
		return err
	}
	if c.Turns { // whoever gives the turns compares the records
		return nil
	}
	return report(a, c.Out, c.summaryFlags)
}

// folder is where the results lie by default.
func (c runCmd) folder(h record.Header) string {
	return filepath.Join("results", bench.FolderName(h, c.Device, c.Kernels, fmt.Sprint(c.Threads)))
}

// prepare reads and checks all that can be before the model is on a device.
func (c runCmd) prepare(a *app) (j job, err error) {
	if err := c.check(); err != nil {
		return j, err
	}
	if j.suite, err = c.load(c.Suite); err != nil {
		return j, err
	}
	if j.remote, err = c.readEndpoints(); err != nil {
		return j, err
	}
	if c.decodesHere() {
		if j.model, err = loadModel(c.Model, transformer.Dtype(c.Dtype)); err != nil {
			return j, err
		}
	}
	if j.plan, err = planDecoders(c.Decoders, c.Sweep, c.Threshold, j.config()); err != nil {
		return j, err
	}
	if err = j.remote.check(j.plan); err != nil {
		return j, err
	}
	if j.asked, j.plan, err = planPrompts(c.Prompt, j); err != nil {
		return j, err
	}
	if err = checkSamples(a.stderr, c.Samples, j.plan); err != nil {
		return j, err
	}
	fmt.Fprint(a.stderr, decoders.NoBaseline(j.plan, j.config()))
	j.header = c.header(j)
	if c.Shard != "" {
		if j.header.Shard, err = bench.ParseShard(c.Shard); err != nil {
			return j, fmt.Errorf("--shard: %w", err)
		}
	}
	if c.Judge == "none" || !evals.HasPrograms(j.suite) {
		return j, nil
	}
	if j.judge, err = c.judge(c.Model == embedded && len(j.remote.of(j.plan)) == 0); err != nil {
		return j, fmt.Errorf("%w, or measure speed alone with --judge none", err)
	}
	return j, nil
}

// header says what is run.
func (c runCmd) header(j job) record.Header {
	h := record.Header{
		Schema:      record.Schema,
		Environment: record.Environment{Version: version, Commit: commit},
		Suite:       record.SuiteInfo{Name: j.suite.Name, SHA256: j.suite.SHA256, Tasks: len(j.suite.Tasks)},
		Model:       record.ModelInfo{Name: j.remote.models(j.plan)},
		Plan: record.PlanInfo{Repeats: c.Repeats, Extra: c.Extra, Samples: c.Samples, Limit: c.Limit, Batch: c.Batch,
			MaxTokens: c.MaxTokens, Length: c.Length, Seed: c.Seed, Nonce: c.nonce(j)},
	}
	if m := j.model; m != nil {
		h.Model = record.ModelInfo{Name: m.Name, SHA256: m.SHA256(), Parameters: m.Parameters, Dtype: string(m.Weights.Dtype)}
	}
	for _, s := range j.plan {
		h.Decoders = append(h.Decoders, j.remote.info(s))
	}
	return h
}

// score judges the run's records, or with --judge none passes them on.
func (c runCmd) score(a *app, in, out string, j job) error {
	o := evals.Options{Workers: c.Workers, Limits: limits(j.suite.CPU), Unjudged: c.Judge == "none"}
	if !o.Unjudged {
		o.Progress = progress.New(a.stderr, "judging").Report
	}
	var judge evals.Judge // answers that are no programs need none
	if j.judge != nil {
		judge, o.Tier, o.Python = j.judge, string(j.judge.Tier()), j.judge.Python()
	}
	_, err := evals.Score(a.ctx, in, out, j.suite, judge, o)
	return err
}

// decode runs the plan's decoders over the suite.
func (c runCmd) decode(a *app, path string, j job) (err error) {
	setup := bench.Setup{Header: j.header, EOS: j.config().EOSTokens, Progress: progress.New(a.stderr, "decoding").Report}
	if j.model != nil {
		setup.Tokenizer = pieces{j.model.Tokenizer}
	}
	longest, err := j.ask(&setup, c.Limit)
	if err != nil {
		return fmt.Errorf("%w: choose another --prompt", err)
	}
	hangUp, err := c.openEndpoints(a, &setup, j)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, hangUp()) }()
	if c.Turns {
		setup.Turn = bench.Turns(os.Stdin, a.stdout)
	}
	if j.model == nil {
		fmt.Fprintf(a.stderr, "%s, asked over the network; %s\n", j.header.Model.Name, c.judging(j.judge))
		setup.Header.Environment = bench.Environment(a.ctx, version, commit)
		j.judged(&setup.Header.Environment)
		return runBench(a, path, setup)
	}
	return c.decodeHere(a, path, setup, longest, j)
}

// decodeHere runs the plan with the model on a device of this machine.
func (c runCmd) decodeHere(a *app, path string, setup bench.Setup, longest int, j job) (err error) {
	if err := c.fits(longest, j); err != nil {
		return err
	}
	own, slots := ofModel(j.plan), longest+c.MaxTokens
	backend, err := c.open(a, j.model, len(own)*c.Batch*slots)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, backend.Close()) }()
	about := backend.Describe()
	fmt.Fprintf(a.stderr, "%s (%.1fM parameters, %s) on %s (%s, %d threads); %s\n", j.model.Name,
		float64(j.model.Parameters)/1e6, about.Dtype, about.Device, about.Features, about.Threads, c.judging(j.judge))

	if err = j.locate(a, backend, &setup.Header); err != nil {
		return err
	}
	closeAll, err := setup.Open(backend, own, slots)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeAll()) }()
	return c.watch(a, backend, setup, func() error { return runBench(a, path, setup) })
}

// fits refuses prompts and outputs for which the model has no positions.
func (c runCmd) fits(longest int, j job) error {
	switch most := j.model.Config.MaxPositions; {
	case most > 0 && longest >= most:
		return fmt.Errorf("the longest prompt of %s has %d tokens, but %s was trained for %d positions: choose another --suite or --model",
			j.suite.Name, longest, j.model.Name, most)
	case most > 0 && longest+c.MaxTokens > most:
		return fmt.Errorf("the longest prompt and --max-tokens %d need %d positions, but %s was trained for %d: lower --max-tokens",
			c.MaxTokens, longest+c.MaxTokens, j.model.Name, most)
	}
	return nil
}

// runBench runs the plan and says what came of it.
func runBench(a *app, path string, setup bench.Setup) error {
	tally, err := bench.Run(a.ctx, path, setup)
	if err == nil && tally.Failed > 0 {
		fmt.Fprintf(a.stderr, "%d of %d examples could not be decoded; %s says why\n", tally.Failed, tally.Total, path)
	}
	if err == nil && tally.Resumed == tally.Total {
		fmt.Fprintf(a.stderr, "%s holds all %d examples of this run already: another --out measures anew\n", path, tally.Total)
	}
	return err
}

// watch calls run, on a GPU with its power, clocks and energy written down beside it.
func (c runCmd) watch(a *app, backend transformer.Backend, setup bench.Setup, run func() error) error {
	on := backend.Describe().Device
	if on != device.CUDA && c.Energy > 0 {
		return fmt.Errorf("--energy reads a GPU's energy counter, and this run is on the %s: leave it out", on)
	}
	if on != device.CUDA {
		return run()
	}
	skipped := func(err error) { fmt.Fprintf(a.stderr, "%v: the run goes on without power, clocks and energy\n", err) }
	return bench.Watched(a.ctx, setup, backend, filepath.Join(c.Out, record.TelemetryFile), c.Energy, skipped, run)
}

// locate adds to a header the machine on which the model lies now, and its ceilings.
func (j job) locate(a *app, backend transformer.Backend, h *record.Header) (err error) {
	if h.Ceilings, err = device.Ceilings(backend); err != nil {
		return err
	}
	about := backend.Describe()
	h.Model.Dtype, h.Model.Attention = string(about.Dtype), string(backend.Config().Attention)
	h.Environment = bench.EnvironmentOn(a.ctx, version, commit, about)
	j.judged(&h.Environment)
	return nil
}

// judged adds to an environment how programs are judged.
func (j job) judged(e *record.Environment) {
	if j.judge != nil {
		e.SandboxTier, e.Python = string(j.judge.Tier()), j.judge.Python()
	}
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

// pieces is a tokenizer as the run loop wants it.
type pieces struct{ *tokenizer.Tokenizer }

func (p pieces) Piece(token int32) string { return string(p.Tokenizer.Piece(token)) }
