package compare

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem/bench/metric"
	"tandem/record"
)

// A build is what a synthetic run was made with.
type build struct {
	speed  float64 // seconds of a token of diffusion, relative
	moment float64 // the same for both decoders: the machine's state
	lost   int     // tasks that the diffusion decoder fails, of those it passed
	tokens int     // more tokens in task 3
	suite  string
	names  []string // of the decoders, where they are others than ar and diffusion/block=16
	short  int      // tasks that are not decoded, at the end
	drift  float64  // relative, from the first decoding to the last
	seed   uint64

	disturbed bool   // a third of the tasks
	prompt    string // hash of that of task 5
}

const tasks = 60

// header is the run's.
func (b build) header() record.Header {
	return record.Header{
		Environment: record.Environment{Commit: "abc", CPU: "cpu", Cores: 2, Threads: 2, Device: "cpu", Started: time.Unix(0, 0)},
		Suite:       record.SuiteInfo{Name: "suite" + b.suite, SHA256: "00", Tasks: tasks},
		Model:       record.ModelInfo{Name: "model", SHA256: "11", Dtype: "bf16"},
		Plan:        record.PlanInfo{Repeats: 6, Samples: 1, Batch: 1, MaxTokens: 64, Length: "natural"},
		Decoders:    infos(b.decoders()),
	}
}

func infos(names []string) (out []record.DecoderInfo) {
	for _, name := range names {
		out = append(out, record.DecoderInfo{Name: name})
	}
	return out
}

func (b build) decoders() []string {
	if b.names != nil {
		return b.names
	}
	return []string{"ar", "diffusion/block=16"}
}

// records are the run's, in the order in which they ran.
func (b build) records(yield func(record.Record, error) bool) {
	noise, n, repeats := rand.New(rand.NewPCG(b.seed, 1)), 0, b.header().Plan.Repeats
	for repeat := range repeats {
		for task := range tasks - b.short {
			for _, decoder := range b.decoders() {
				r := b.record(task, repeat, decoder)
				r.Seconds *= math.Exp(0.02*noise.NormFloat64()) * (1 + b.drift*float64(n)/float64(2*tasks*repeats))
				if n++; !yield(r, nil) {
					return
				}
			}
		}
	}
}

func (b build) record(task, repeat int, decoder string) record.Record {
	length := 10 + task%23
	if task == 3 {
		length += b.tokens
	}
	r := record.Record{Task: fmt.Sprintf("t/%02d", task), Decoder: decoder, Repeat: repeat, Tokens: length, PeakMemory: 1 << 20,
		Verdict: &record.Verdict{Result: record.Pass}, Interference: record.Interference{Busy: 0.97}}
	if b.disturbed && task%3 == 0 {
		r.Busy = 0.3
	}
	rate := 0.001
	if decoder != "ar" {
		rate *= 0.5 * b.speed
		if task < b.lost {
			r.Verdict.Result = record.Fail
		}
	}
	r.Seconds = rate * float64(length) * b.moment
	for i := range length {
		r.Trace = append(r.Trace, record.Step{At: time.Duration(float64(i+1) * 1e9 * rate), Kind: record.Decode, Rows: 1,
			Commits: []record.Commit{{Pos: int32(i), Token: int32(i), P: 1}}})
		r.Pieces = append(r.Pieces, fmt.Sprint(i))
	}
	if task == 5 {
		r.PromptSHA256 = b.prompt
	}
	return r
}

func normal() build { return build{speed: 1, moment: 1} }

// side reads runs of builds as one side.
func side(t *testing.T, builds ...build) Side {
	t.Helper()
	s := Side{Name: "side"}
	for i, b := range builds {
		b.seed += uint64(i)
		r, err := fold("run", b.header(), b.records)
		if err != nil {
			t.Fatal(err)
		}
		s.Runs = append(s.Runs, r)
	}
	return s
}

func compared(t *testing.T, base, head Side) Result {
	t.Helper()
	r, err := Of(base, []Side{head}, Prior)
	if err != nil {
		t.Fatal(err)
	}
	gates, err := ReadGates("")
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Apply(gates); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r Result) row(t *testing.T, decoder, metric string) Row {
	t.Helper()
	i := slices.IndexFunc(r.Rows, func(row Row) bool { return row.Decoder == decoder && row.Metric == metric })
	if i < 0 {
		t.Fatalf("no row of %s of %s", metric, decoder)
	}
	return r.Rows[i]
}

// repeated is so many like builds whose machine varied as runs do.
func repeated(n int, b build, seed uint64) (out []build) {
	noise := rand.New(rand.NewPCG(seed, 2))
	for range n {
		one := b
		one.moment *= math.Exp(0.2 * noise.NormFloat64())
		one.speed *= math.Exp(0.029 * noise.NormFloat64())
		one.seed = noise.Uint64()
		out = append(out, one)
	}
	return out
}

// TestVerdicts: what changed is found, what did not is not, and what the noise between runs hides is undecided.
func TestVerdicts(t *testing.T) {
	const diffusion = "diffusion/block=16"
	slow, quick, failing, wordy, weather := normal(), normal(), normal(), normal(), normal()
	slow.speed, quick.speed, failing.lost, wordy.tokens, weather.moment = 1.3, 0.7, 20, 1, 1.3
	for _, c := range []struct {
		name           string
		head           build
		metric, passed string
		want           Verdict
	}{
		{"nothing", normal(), "forwards", "yes", Same},
		{"nothing", normal(), "pass_at_1", "yes", Undecided}, // 60 tasks do not show that 5 points are not lost
		{"nothing", normal(), "tokens_per_second", "yes", Undecided},
		{"slower", slow, "speedup", "no", Worse},
		{"quicker", quick, "speedup", "yes", Better},
		{"20 tasks lost", failing, "pass_at_1", "no", Worse},
		{"a token more", wordy, "forwards", "no", Worse},
		{"a token more", wordy, "tokens", "no", Worse},
		{"a slow moment", weather, "tokens_per_second", "yes", Undecided},
		{"a slow moment", weather, "forwards", "yes", Same},
	} {
		r := compared(t, side(t, normal()), side(t, c.head))
		if row := r.row(t, diffusion, c.metric); row.Verdict != c.want {
			t.Errorf("%s: %s is %s, want %s: %+v", c.name, c.metric, row.Verdict, c.want, row)
		}
		if passed, _ := r.Passed(); passed != (c.passed == "yes") {
			t.Errorf("%s: passed %v: %+v", c.name, passed, r.Gates)
		}
	}
}

// TestRunsDecide: a change that one run of each side cannot tell is told by as many as the row asks for.
func TestRunsDecide(t *testing.T) {
	slow := normal()
	slow.speed = 1.08
	row := compared(t, side(t, normal()), side(t, slow)).row(t, "diffusion/block=16", "speedup")
	if row.Verdict != Undecided || row.Needed < 2 {
		t.Fatalf("one run of each: %+v", row)
	}
	n := row.Needed + 1
	row = compared(t, side(t, repeated(n, normal(), 3)...), side(t, repeated(n, slow, 4)...)).row(t, "diffusion/block=16", "speedup")
	if row.Verdict != Worse || *row.High >= 0 {
		t.Errorf("%d runs of each: %+v", n, row)
	}
}

// TestFalseAlarms: of pairs of runs of one build on a machine as noisy as the prior says, at most one in twenty fails a gate.
func TestFalseAlarms(t *testing.T) {
	const pairs = 60
	var runs []*Run
	for _, b := range repeated(2*pairs, normal(), 5) {
		runs = append(runs, side(t, b).Runs...)
	}
	alarms := 0
	for i := range pairs {
		r := compared(t, Side{"base", runs[2*i : 2*i+1]}, Side{"head", runs[2*i+1 : 2*i+2]})
		if passed, _ := r.Passed(); !passed {
			alarms++
		}
	}
	if alarms > 6 { // 3 are expected at the most; more than 6 of 60 have a chance of 3%
		t.Errorf("%d false alarms in %d pairs", alarms, pairs)
	}
	t.Logf("%d false alarms in %d pairs", alarms, pairs)
}

// TestMissing: what only one side has is no change, is named, and fails a gate that must decide; a speed-up over another decoder is
// another figure.
func TestMissing(t *testing.T) {
	const diffusion, other = "diffusion/block=16", "diffusion/block=4"
	alone, without, short := normal(), normal(), normal()
	alone.names, without.names, short.short = []string{"ar"}, []string{other, diffusion}, 20
	strict := []Gate{{Name: "g", Metric: "speedup", Undecided: "fail"}}
	for _, c := range []struct {
		name, code string
		head       build
		undecided  bool // where a gate on speed-ups must decide
	}{
		{"a decoder", "missing_decoder", alone, true},
		{"the baseline", "missing_figures", without, true},
		{"tasks", "unfinished", short, false},
	} {
		r, err := Of(side(t, normal()), []Side{side(t, c.head)}, Prior)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(r.Warnings, func(w Warning) bool { return w.Code == c.code }) {
			t.Errorf("%s: no %s in %+v", c.name, c.code, r.Warnings)
		}
		if slices.ContainsFunc(r.Rows, func(row Row) bool { return row.Metric == "speedup" }) == c.undecided {
			t.Errorf("%s: rows %+v", c.name, r.Rows)
		}
		if err := r.Apply(strict); err != nil {
			t.Fatal(err)
		}
		passed, undecided := r.Passed()
		if c.undecided && (passed || !undecided) {
			t.Errorf("%s: passed %v, undecided %v: %+v", c.name, passed, undecided, r.Gates)
		}
	}
	if r := compared(t, side(t, normal()), side(t, normal())); slices.ContainsFunc(r.Warnings, func(w Warning) bool {
		return w.Code == "missing_figures" || w.Code == "missing_decoder" || w.Code == "unfinished"
	}) {
		t.Errorf("runs that lack nothing: %+v", r.Warnings)
	}
}

// TestUnsteadyCounters: a counter in which the runs of the base differ is not one that cannot vary.
func TestUnsteadyCounters(t *testing.T) {
	wordy := normal()
	wordy.tokens = 1
	r := compared(t, side(t, normal(), wordy), side(t, wordy, wordy))
	if row := r.row(t, "ar", "forwards"); row.Exact || row.Verdict == Worse {
		t.Errorf("%+v", row)
	}
}

// TestSameCounters: counters that are the same in every task have not changed, however many runs' means are rounded.
func TestSameCounters(t *testing.T) {
	for n := 1; n <= 5; n += 2 {
		for lacking := 0; lacking < 30; lacking += 3 {
			b := normal()
			b.short = lacking
			var base, head []build
			for range n {
				base, head = append(base, b), append(head, b)
			}
			for _, row := range compared(t, side(t, base...), side(t, head...)).Rows {
				if row.Exact && (row.Change != 0 || row.Verdict != Same) {
					t.Fatalf("%d runs of %d tasks: %s %s changed by %g: %s", n, tasks-lacking, row.Decoder, row.Metric, row.Change, row.Verdict)
				}
			}
		}
	}
}

// TestRounds: rounds that the machine slowed by up to a half tell a change of 5%, since it slowed both builds alike.
func TestRounds(t *testing.T) {
	var base, head []build
	for i, b := range repeated(6, normal(), 7) {
		b.disturbed = true
		h := b
		h.speed, h.seed = b.speed*1.05, b.seed+uint64(i)+1
		base, head = append(base, b), append(head, h)
	}
	r, err := Interleaved(side(t, base...), []Side{side(t, head...)})
	if err != nil {
		t.Fatal(err)
	}
	for _, metric := range []string{"tokens_per_second", "speedup"} {
		if row := r.row(t, "diffusion/block=16", metric); row.Verdict != Worse || row.Rounds != 6 || math.Abs(row.Change+0.05) > 0.02 {
			t.Errorf("%s: %+v", metric, row)
		}
	}
	if slices.ContainsFunc(r.Warnings, func(w Warning) bool { return w.Code == "few_repeats" }) {
		t.Errorf("a round is short by its nature: %+v", r.Warnings)
	}
	if slices.ContainsFunc(r.Warnings, func(w Warning) bool { return w.Code == "disturbed" }) {
		t.Errorf("speeds that are there are called left out: %+v", r.Warnings)
	}
	if row := r.row(t, "ar", "tokens_per_second"); row.Verdict != Same {
		t.Errorf("ar, which did not change: %+v", row)
	}
	if _, err := Interleaved(side(t, normal()), []Side{side(t, normal())}); err == nil {
		t.Error("a single round is no error")
	}
}

// TestOutputs: the first token that differs is named.
func TestOutputs(t *testing.T) {
	wordy := normal()
	wordy.tokens = 1
	got := compared(t, side(t, normal()), side(t, wordy)).Outputs
	want := Difference{Decoder: "ar", Task: "t/03", Token: 13, HeadPiece: "13", BaseLen: 13, HeadLen: 14}
	if len(got) != 2 || got[0] != want {
		t.Errorf("%+v, want first %+v", got, want)
	}
}

// TestWarnings: a run that drifted and one of few repeats say so.
func TestWarnings(t *testing.T) {
	b := normal()
	b.drift = 0.3
	r := compared(t, side(t, normal()), side(t, b))
	if !slices.ContainsFunc(r.Warnings, func(w Warning) bool { return w.Code == "drift" && strings.Contains(w.Text, "slower") }) {
		t.Errorf("no drift in %+v", r.Warnings)
	}
	if r := compared(t, side(t, normal()), side(t, normal())); slices.ContainsFunc(r.Warnings, func(w Warning) bool { return w.Code == "drift" }) {
		t.Errorf("a drift in %+v", r.Warnings)
	}
}

// TestPrompts: a task that was asked otherwise is a warning; one of which a side does not tell is none.
func TestPrompts(t *testing.T) {
	asked := func(prompt string) Side {
		b := normal()
		b.prompt = prompt
		return side(t, b)
	}
	warned := func(r Result) bool {
		return slices.ContainsFunc(r.Warnings, func(w Warning) bool { return w.Code == "unlike_prompts" && strings.Contains(w.Text, "1 tasks") })
	}
	for _, c := range []struct {
		base, head string
		want       bool
	}{{"a", "b", true}, {"a", "a", false}, {"", "b", false}} {
		if got := warned(compared(t, asked(c.base), asked(c.head))); got != c.want {
			t.Errorf("%+v: warned %v", c, got)
		}
	}
}

// TestLearn: the noise between runs is that around each level, and the prior where runs tell of none.
func TestLearn(t *testing.T) {
	e := math.E
	noises, ok := Learn([]Levels{{"tokens_per_second", [][]float64{{1, e, e * e}, {100, 100, 100}}}, {"forwards", [][]float64{{1, 2, 3}}}, {"speedup", [][]float64{{1, 2}}}})
	if got := noises[ByMoment]; !ok || math.Abs(got.Deviation-math.Sqrt(0.5)) > 1e-12 || got.Freedom != 4 || noises[WithinRun] != Prior[WithinRun] || noises[ByTasks].Freedom != 0 {
		t.Errorf("%+v, %v", noises, ok)
	}
	if noises, ok := Learn(nil); ok || noises[ByMoment] != Prior[ByMoment] {
		t.Errorf("learnt from nothing: %+v", noises)
	}
}

// TestMeasures: whatever is compared is a measure with a direction.
func TestMeasures(t *testing.T) {
	for _, f := range figures {
		if metric.Named(f.Name).Better == metric.Unknown {
			t.Errorf("%s is no measure of bench/metric", f.Name)
		}
	}
}

// TestRead: a folder of results and its file are the same run.
func TestRead(t *testing.T) {
	dir := t.TempDir()
	w, err := record.Create(filepath.Join(dir, "scored.jsonl"), normal().header())
	if err != nil {
		t.Fatal(err)
	}
	for r := range normal().records {
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, filepath.Join(dir, "scored.jsonl")} {
		r, err := Read(path)
		if err != nil {
			t.Fatal(err)
		}
		if len(compared(t, Side{"a", []*Run{r}}, side(t, normal())).Outputs) > 0 {
			t.Errorf("%s: other outputs than the run has", path)
		}
	}
}

// TestRefused: what cannot be compared is refused in a line that says what to do.
func TestRefused(t *testing.T) {
	other := normal()
	other.suite = "2"
	if _, err := Of(side(t, normal()), []Side{side(t, other)}, Prior); err == nil || !strings.Contains(err.Error(), "compare runs of one suite") {
		t.Errorf("another suite: %v", err)
	}
	if _, err := Read(t.TempDir()); err == nil || !strings.Contains(err.Error(), "let the run finish") {
		t.Errorf("an empty folder: %v", err)
	}
	if _, err := Read(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("no folder is no error")
	}
}

// TestGateFiles: mistakes are named with their line or their gate.
func TestGateFiles(t *testing.T) {
	for text, want := range map[string]string{
		"":                           "holds no gates",
		"gates: [{metric: speed}]":   "known are pass_at_1",
		"gates: [{metrik: speedup}]": "unknown field",
		"gates: [{metric: speedup, direction: up}]":  "higher, lower, exact",
		"gates: [{metric: speedup, alpha: 2}]":       "between 0 and 0.5",
		"gates: [{metric: speedup, decoder: \"[\"}]": "no pattern",
	} {
		file := filepath.Join(t.TempDir(), "g.yaml")
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadGates(file); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	r := compared(t, side(t, normal()), side(t, normal()))
	if err := r.Apply([]Gate{{Name: "g", Metric: "speedup", Decoder: "none*"}}); err == nil {
		t.Error("a gate that looks at nothing is no error")
	}
	if err := r.Apply([]Gate{{Name: "g", Metric: "tokens_per_second", Decoder: "diff*", Undecided: "fail"}}); err != nil {
		t.Fatal(err)
	}
	if passed, undecided := r.Passed(); passed || !undecided {
		t.Errorf("undecided must fail: passed %v, undecided %v", passed, undecided)
	}
}
