package claims

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tandem/record"
)

// A decoder of a synthetic run: how many tokens a second, at which share of the ceiling, and every how many tasks one fails.
type decoder struct {
	name  string
	rate  float64
	share float64
	fails int
}

// writeRun writes a run of 80 tasks and 5 repeats on an idle machine as DIR/scored.jsonl.
func writeRun(t *testing.T, h record.Header, waited float64, list ...decoder) string {
	t.Helper()
	dir := t.TempDir()
	file, err := os.Create(filepath.Join(dir, "scored.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	out := json.NewEncoder(file)
	for _, d := range list {
		h.Decoders = append(h.Decoders, record.DecoderInfo{Name: d.name, Settings: map[string]any{}})
	}
	h.Schema, h.Suite.Tasks, h.Plan.Repeats, h.Plan.Samples, h.Plan.Length = record.Schema, 80, 5, 1, "natural"
	if err := out.Encode(h); err != nil {
		t.Fatal(err)
	}
	for _, d := range list {
		for task := range 80 {
			for repeat := range 5 {
				if err := out.Encode(d.decode(task, repeat, waited)); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	return dir
}

// decode is one record: tasks differ in length, and a little in speed.
func (d decoder) decode(task, repeat int, waited float64) record.Record {
	tokens := 40 + task%7*10
	seconds := float64(tokens) / d.rate * (1 + 0.002*float64(task%5))
	r := record.Record{Task: fmt.Sprint("t", task), Decoder: d.name, Repeat: repeat, Tokens: tokens, Canvas: tokens, Seconds: seconds, Stop: record.StopEOS,
		Ideal: d.share * seconds, Interference: record.Interference{Busy: 0.99, Waited: &waited}, Verdict: &record.Verdict{Result: record.Pass}}
	if d.fails > 0 && task%d.fails == 0 {
		r.Verdict.Result = record.Fail
	}
	step := record.Step{At: time.Duration(seconds * 1e9), Kind: record.Denoise, Rows: tokens}
	for i := range tokens {
		step.Commits = append(step.Commits, record.Commit{Pos: int32(i), Token: 5, P: 0.9})
	}
	r.Trace = record.Trace{step}
	return r
}

// on is a header of a model on a device.
func on(gpu, model string, parameters int64, suite string, tokens int) record.Header {
	h := record.Header{Environment: record.Environment{CPU: "a processor", Cores: 2, Threads: 2, Device: "cpu"},
		Suite: record.SuiteInfo{Name: suite}, Model: record.ModelInfo{Name: model, Parameters: parameters, Dtype: "bf16"},
		Plan: record.PlanInfo{Batch: 1, MaxTokens: tokens}}
	if gpu != "" {
		h.Environment.Device, h.Environment.GPU = "cuda", gpu
	}
	return h
}

const (
	ladaSize     = 8_015_581_184
	nemotronSize = 8_500_000_000
	a100         = "NVIDIA A100-SXM4-80GB"
	b200         = "NVIDIA B200"
	dual         = "diffusion/cache=dual/block=32/threshold=0.9"
	none         = "diffusion/cache=none/block=32/threshold=0.9"
)

// TestVerdicts: what a run may say of a claim, and what stands in the way.
func TestVerdicts(t *testing.T) {
	l := shippedLedger(t)
	lada := on(a100, "LLaDA-8B-Instruct", ladaSize, "humaneval", 256)
	nemotron := on(b200, "nvidia--Nemotron-Labs-Diffusion-8B", nemotronSize, "humaneval", 128)
	change := func(h record.Header, with func(h *record.Header)) record.Header { with(&h); return h }
	for _, c := range []struct {
		name, id string
		header   record.Header
		waited   float64
		decoders []decoder
		verdict  Verdict
		reason   string
	}{
		{"as claimed", "fast-dllm-v1-humaneval-256", lada, 0, []decoder{{none, 30, 0.8, 0}, {dual, 114, 0.8, 0}}, Reproduced,
			"the ratio of tokens per second is 3.8 [3.8, 3.8] here, 3.74 claimed"},
		{"faster than claimed", "fast-dllm-v1-humaneval-256", lada, 0, []decoder{{none, 30, 0.8, 0}, {dual, 300, 0.8, 0}}, Reproduced, "3.74 claimed"},
		{"half of it", "fast-dllm-v1-humaneval-256", lada, 0, []decoder{{none, 30, 0.8, 0}, {dual, 57, 0.8, 0}}, Contradicted, "1.9 [1.9, 1.9] here, 3.74 claimed"},
		{"half of it by a poor engine", "fast-dllm-v1-humaneval-256", lada, 0, []decoder{{none, 30, 0.8, 0}, {dual, 57, 0.2, 0}}, NotComparable, "reaches only 20%"},
		{"half of it by other settings", "fast-dllm-v1-humaneval-256", lada, 0, []decoder{{none, 30, 0.8, 0}, {"diffusion/cache=dual/block=8/threshold=0.9", 57, 0.8, 0}},
			NotComparable, "decoded as diffusion/cache=dual/block=8/threshold=0.9, not as"},
		{"no uncached control", "fast-dllm-v1-humaneval-256", lada, 0, []decoder{{"ar", 30, 0.8, 0}, {dual, 114, 0.8, 0}}, NotComparable, "no decoder without a cache"},
		{"other tasks", "fast-dllm-v1-gsm8k-256", lada, 0, []decoder{{none, 30, 0.8, 0}, {dual, 300, 0.8, 0}}, NotComparable, "other tasks: humaneval, not gsm8k"},
		{"shorter outputs", "fast-dllm-v1-humaneval-512", lada, 0, []decoder{{none, 30, 0.8, 0}, {dual, 300, 0.8, 0}}, NotComparable, "at most 256 tokens, not 512"},
		{"a folder of that name, of another size", "fast-dllm-v1-humaneval-256", change(lada, func(h *record.Header) { h.Model.Parameters = 1e9 }), 0,
			[]decoder{{none, 30, 0.8, 0}, {dual, 114, 0.8, 0}}, NotComparable, "another model: LLaDA-8B-Instruct, not LLaDA-8B"},

		{"its own ar", "nemotron-diffusion-8b-865", nemotron, 0, []decoder{{"ar", 200, 0.8, 0}, {"diffusion/block=32", 810, 0.8, 0}}, Reproduced, "about 4 claimed"},
		{"a weak baseline", "nemotron-diffusion-8b-865", nemotron, 0, []decoder{{"ar", 200, 0.23, 0}, {"diffusion/block=32", 810, 0.8, 0}}, NotComparable,
			"ar reaches only 23% of this machine's ceiling"},
		{"a baseline of an unknown share", "nemotron-diffusion-8b-865", nemotron, 0, []decoder{{"ar", 200, 0, 0}, {"diffusion/block=32", 810, 0.8, 0}}, NotComparable,
			"which share of the ceiling ar reaches is not known"},
		{"a lower quality", "nemotron-diffusion-8b-865", nemotron, 0, []decoder{{"ar", 200, 0.8, 0}, {"diffusion/block=32", 810, 0.8, 4}}, NotComparable,
			"the same quality is not shown (-25.0 points of pass@1)"},
		{"slower, by an unknown sampler", "nemotron-diffusion-8b-865", nemotron, 0, []decoder{{"ar", 200, 0.8, 0}, {"diffusion/block=32", 300, 0.8, 0}}, NotComparable,
			"its sampler's settings are not noted"},
		{"another card", "nemotron-diffusion-8b-865", change(nemotron, func(h *record.Header) { h.Environment.GPU = "NVIDIA GB200" }), 0,
			[]decoder{{"ar", 200, 0.8, 0}, {"diffusion/block=32", 810, 0.8, 0}}, NotComparable, "another card: NVIDIA GB200, not B200"},
		{"another batch", "nemotron-diffusion-8b-865", change(nemotron, func(h *record.Header) { h.Plan.Batch = 8 }), 0,
			[]decoder{{"ar", 200, 0.8, 0}, {"diffusion/block=32", 810, 0.8, 0}}, NotComparable, "batch 8, not 1"},
		{"a busy machine", "nemotron-diffusion-8b-865", nemotron, 0.5, []decoder{{"ar", 200, 0.8, 0}, {"diffusion/block=32", 810, 0.8, 0}}, NotComparable,
			"not measured: other work on the machine disturbed 100%"},
		{"no baseline", "nemotron-diffusion-8b-865", nemotron, 0, []decoder{{"diffusion/block=32", 810, 0.8, 0}}, NotComparable, "no cached ar to compare with"},
		{"nothing of its kind", "nemotron-diffusion-8b-865", nemotron, 0, []decoder{{"ar", 810, 0.8, 0}}, NotComparable, "no run has a decoder of its kind"},

		{"diffusion as such", "diffusion-wins-at-batch-1", on("", "sdar-4b", 4_022_468_096, "mbpp", 64), 0,
			[]decoder{{"ar", 10, 0.8, 0}, {"diffusion/block=4", 15, 0.8, 0}}, Reproduced, "1.5 [1.5, 1.5] here, over 1 claimed"},
		{"diffusion as such, slower", "diffusion-wins-at-batch-1", on("", "sdar-4b", 4_022_468_096, "mbpp", 64), 0,
			[]decoder{{"ar", 10, 0.8, 0}, {"diffusion/block=4", 8, 0.8, 0}}, Contradicted, "0.8 [0.8, 0.8] here, over 1 claimed"},
		{"the embedded model", "diffusion-wins-at-batch-1", on("", "embedded", 5_246_976, "basics", 64), 0,
			[]decoder{{"ar", 10, 0.8, 0}, {"diffusion/block=4", 80, 0.8, 0}}, NotComparable, "one narrow grammar"},
		{"a model that fills in no masks", "diffusion-wins-at-batch-1", on("", "qwen2.5-7b", 7_615_616_512, "mbpp", 64), 0,
			[]decoder{{"ar", 10, 0.8, 0}, {"diffusion/block=4", 80, 0.8, 0}}, NotComparable, "not known as a model that was trained to fill in masks"},
		{"weights for whole sequences", "diffusion-wins-at-batch-1", change(lada, func(h *record.Header) { h.Model.Attention = record.WholeSequence }), 0,
			[]decoder{{"ar", 10, 0.8, 0}, {dual, 80, 0.8, 0}}, NotComparable, "no fair baseline"},
	} {
		evidence, err := ReadEvidence([]string{writeRun(t, c.header, c.waited, c.decoders...)}, 0)
		if err != nil {
			t.Fatal(err)
		}
		f := l.Check([]Claim{claim(t, l, c.id)}, evidence)[0]
		if f.Verdict != c.verdict || !strings.Contains(f.Reason, c.reason) {
			t.Errorf("%s: %s: %s\nwant %s: %s", c.name, f.Verdict, f.Reason, c.verdict, c.reason)
		}
	}
}

// TestNeverMercury: a run of the embedded model reproduces and contradicts no claim of another model, however fast it is.
func TestNeverMercury(t *testing.T) {
	l := shippedLedger(t)
	for _, gpu := range []string{"", a100, b200, "NVIDIA H200", "NVIDIA H100 80GB HBM3"} {
		for _, rate := range []float64{1, 1e6} {
			dir := writeRun(t, on(gpu, "embedded", 5_246_976, "humaneval", 1000), 0, decoder{"ar", 50, 0.8, 0}, decoder{none, 40, 0.8, 0}, decoder{dual, rate, 0.8, 0})
			evidence, err := ReadEvidence([]string{dir}, 1)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range l.Check(l.Claims, evidence) {
				if f.Verdict != NotComparable {
					t.Errorf("on %q at %g tok/s %s is %s: %s", gpu, rate, f.ID, f.Verdict, f.Reason)
				}
			}
		}
	}
}

// TestResults: the project's own results. The forwards of 2 processors show that ar catches up; the embedded model's runs decide nothing.
func TestResults(t *testing.T) {
	l := shippedLedger(t)
	paths, _ := filepath.Glob("../docs/results/*-cores")
	if len(paths) < 3 {
		t.Fatalf("%d results", len(paths))
	}
	evidence, err := ReadEvidence(paths, 0.1)
	if err != nil {
		t.Fatal(err)
	}
	verdicts := map[Verdict][]string{}
	for _, f := range l.Check(l.Claims, evidence) {
		verdicts[f.Verdict] = append(verdicts[f.Verdict], f.ID)
		if f.ID == "mercury-coder-mini" && (f.Measured == nil || f.Measured.Dollars == nil || len(f.CatchUps) != 1) {
			t.Errorf("%+v", f)
		}
		if f.ID == "blocks-are-nearly-free-at-batch-1" && !strings.HasSuffix(f.Reason, "it depends on the model") {
			t.Errorf("%+v", f)
		}
	}
	if len(verdicts[Contradicted]) > 0 || fmt.Sprint(verdicts[Reproduced]) != "[ar-catches-up-by-batch-64]" {
		t.Errorf("%v reproduced, %v contradicted", verdicts[Reproduced], verdicts[Contradicted])
	}
	machines := evidence.Machines() // the embedded model lies in caches: its bandwidth is not the memory's
	if len(evidence.Runs) != 3 || len(machines) != 1 || machines[0].Bandwidth > 40 {
		t.Errorf("machines %+v of %d runs", machines, len(evidence.Runs))
	}
	if _, err := ReadEvidence([]string{t.TempDir()}, 0); !errors.As(err, new(*NoResults)) {
		t.Errorf("an empty folder: %v", err)
	}
}

// TestForwards: of forwards of which both sides are near the ceiling, one report decides, by batch and by what blocks cost.
func TestForwards(t *testing.T) {
	l := shippedLedger(t)
	for _, c := range []struct {
		name    string
		need    float64
		batch   int
		shares  [2]float64
		warning string
		one, ar Verdict // of blocks-are-nearly-free-at-batch-1 and ar-catches-up-by-batch-64
		reason  string
	}{
		{"free", 1.2, 1, [2]float64{0.8, 0.8}, "", Reproduced, NotComparable, "1.67x to 5x as fast as ar"},
		{"dear", 8, 1, [2]float64{0.8, 0.8}, "", Contradicted, Reproduced, "0.25x to 0.75x as fast as ar"},
		{"between", 3, 1, [2]float64{0.8, 0.8}, "", NotComparable, NotComparable, "it depends on the model"},
		{"dear by a poor block", 8, 1, [2]float64{0.8, 0.2}, "", NotComparable, NotComparable, "diffusion/block=32 is far from the ceiling"},
		{"free by a poor ar", 1.2, 1, [2]float64{0.2, 0.8}, "", NotComparable, NotComparable, "ar is far from the ceiling"},
		{"at batch 64", 8, 64, [2]float64{0.8, 0.8}, "", NotComparable, Reproduced, "not both measured at a batch up to 1"},
		{"free at batch 64", 1.2, 64, [2]float64{0.8, 0.8}, "", NotComparable, Contradicted, "not both measured at a batch up to 1"},
		{"busy", 8, 1, [2]float64{0.8, 0.8}, "other work", NotComparable, NotComparable, "not measured: other work"},
	} {
		path := filepath.Join(t.TempDir(), "bench.json")
		text := fmt.Sprintf(`{"schema":1,"environment":{"cpu":"p","threads":2,"device":"cpu"},"ceilings":{},"rows":[
			{"test":"decode","rows":1,"batch":%d,"context":8,"forwards_per_second":10,"share":%g,"geometry":"g","dtype":"bf16"},
			{"test":"block","rows":32,"batch":%d,"context":8,"forwards_per_second":%g,"share":%g,"geometry":"g","dtype":"bf16"}]}`,
			c.batch, c.shares[0], c.batch, 10/c.need, c.shares[1])
		if c.warning != "" {
			text = strings.TrimSuffix(text, "}") + fmt.Sprintf(`,"warnings":[{"code":"busy","text":%q,"severity":"warning"}]}`, c.warning)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		evidence, err := ReadEvidence([]string{path}, 0)
		if err != nil {
			t.Fatal(err)
		}
		f := l.Check([]Claim{claim(t, l, "blocks-are-nearly-free-at-batch-1"), claim(t, l, "ar-catches-up-by-batch-64")}, evidence)
		if f[0].Verdict != c.one || f[1].Verdict != c.ar || !strings.Contains(f[0].Reason, c.reason) {
			t.Errorf("%s: %s (%s), %s (%s)", c.name, f[0].Verdict, f[0].Reason, f[1].Verdict, f[1].Reason)
		}
	}
}

// TestSlower: a claim of being slower is reproduced by what is as slow, contradicted by what is faster, and a weak baseline flatters what
// contradicts it.
func TestSlower(t *testing.T) {
	for figure, want := range map[string]Verdict{"0.6": Reproduced, "at most 1": Reproduced, "0.3": Contradicted, "at most 0.3": Contradicted, "up to 0.3": Reproduced} {
		own := strings.NewReplacer("{speedup: 2}", "{speedup: "+figure+"}", "hardware: H100", "hardware: any",
			"batch: 1", "batch: 1\n    models: [sdar-4b]\n    decoder: diffusion/*").Replace(entry)
		l, err := parse([]byte(own), nil)
		if err != nil {
			t.Fatal(err)
		}
		for share, verdict := range map[float64]Verdict{0.8: want, 0.2: NotComparable} {
			base, head := share, 0.8
			if want == Reproduced && figure != "up to 0.3" { // it comes out behind: then a poor engine of its own is in the way
				base, head = 0.8, share
			}
			evidence, err := ReadEvidence([]string{writeRun(t, on("", "sdar-4b", 4_022_468_096, "mbpp", 64), 0,
				decoder{"ar", 100, base, 0}, decoder{"diffusion/block=4", 60, head, 0})}, 0)
			if err != nil {
				t.Fatal(err)
			}
			if f := l.Check(l.Claims, evidence)[0]; f.Verdict != verdict {
				t.Errorf("%s claimed, the side in question at %g of the ceiling: %s (%s), want %s", figure, share, f.Verdict, f.Reason, verdict)
			}
		}
	}
}

// TestCheaper: what a machine costs decides on a claim in dollars, and is nothing without a price.
func TestCheaper(t *testing.T) {
	own := strings.NewReplacer("{speedup: 2}", "{dollars_per_million_tokens: 10}", "hardware: H100", "hardware: any", "batch: 1", "batch: 1\n    models: [sdar-4b]\n    decoder: diffusion/*").Replace(entry)
	l, err := parse([]byte(own), nil)
	if err != nil {
		t.Fatal(err)
	}
	dir := writeRun(t, on("", "sdar-4b", 4_022_468_096, "mbpp", 64), 0, decoder{"diffusion/block=4", 100, 0.8, 0})
	for _, c := range []struct {
		price   float64
		verdict Verdict
		reason  string
	}{{3.6, Reproduced, "dollars per million tokens is 10 here, 10 claimed"}, {7.2, Contradicted, "20"}, {0, NotComparable, "dollars per million tokens was not measured"}} {
		evidence, err := ReadEvidence([]string{dir}, c.price)
		if err != nil {
			t.Fatal(err)
		}
		if f := l.Check(l.Claims, evidence)[0]; f.Verdict != c.verdict || !strings.Contains(f.Reason, c.reason) {
			t.Errorf("at %g: %s: %s", c.price, f.Verdict, f.Reason)
		}
	}
}
