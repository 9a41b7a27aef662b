package metric

import (
	"math"
	"reflect"
	"testing"
	"time"

	"tandem/record"
)

const ms = time.Millisecond

// undisturbed is a decoding whose threads never waited for a processor.
func undisturbed(busy float64) record.Interference {
	none := 0.0
	return record.Interference{Busy: busy, Waited: &none}
}

// fold is the fold of records.
func fold(records ...record.Record) *Fold {
	f := NewFold("", Block{})
	for _, r := range records {
		f.Add(r)
	}
	return f
}

// leftToRight writes 3 tokens and an EOS: prefill, then one token a forward.
func leftToRight() record.Record {
	return record.Record{Task: "a", Decoder: "ar", PromptTokens: 10, Tokens: 3, Canvas: 4, Seconds: 0.1, Interference: undisturbed(0.5),
		Ideal: 0.05, PeakMemory: 700, Stop: record.StopEOS,
		Verdict: &record.Verdict{Result: record.Pass},
		Trace: record.Trace{
			{At: 40 * ms, Kind: record.Prefill, Rows: 10, Reach: 10, Commits: []record.Commit{{Pos: 0, Token: 5}}},
			{At: 60 * ms, Kind: record.Decode, Rows: 1, Reach: 11, Commits: []record.Commit{{Pos: 1, Token: 6}}},
			{At: 80 * ms, Kind: record.Decode, Rows: 1, Reach: 12, Commits: []record.Commit{{Pos: 2, Token: 7}}},
			{At: 100 * ms, Kind: record.Decode, Rows: 1, Reach: 13, Commits: []record.Commit{{Pos: 3, Token: 0}}},
		}}
}

// refined writes a block of 4 out of order; position 1 is replaced later, position 2 is committed twice alike.
func refined() record.Record {
	return record.Record{Task: "b", Decoder: "diffusion", Tokens: 3, Canvas: 4, Seconds: 0.3, Interference: undisturbed(0.9),
		Ideal: 0.03, PeakMemory: 900, Stop: record.StopEOS,
		Verdict: &record.Verdict{Result: record.Fail},
		Trace: record.Trace{
			{At: 100 * ms, Kind: record.Prefill, Rows: 10},
			{At: 200 * ms, Kind: record.Denoise, Rows: 4, Commits: []record.Commit{{Pos: 1, Token: 8}, {Pos: 2, Token: 7}, {Pos: 3, Token: 0}}},
			{At: 250 * ms, Kind: record.Denoise, Rows: 4, Commits: []record.Commit{{Pos: 0, Token: 5}, {Pos: 1, Token: 6}, {Pos: 2, Token: 7}}},
			{At: 300 * ms, Kind: record.Store, Rows: 4},
		}}
}

// batched is leftToRight as one of four that were decoded at once.
func batched() record.Record {
	r := leftToRight()
	r.BatchSeconds, r.Ideal = 0.025, 0
	return r
}

// failed has no completion and must count in no metric but Errors.
func failed() record.Record {
	return record.Record{Task: "c", Decoder: "ar", Tokens: 99, Seconds: 99, Interference: undisturbed(0.1), Ideal: 9, PeakMemory: 1 << 40, Err: "no"}
}

func TestFigures(t *testing.T) {
	ar, diffusion := []record.Record{leftToRight(), failed()}, []record.Record{refined()}
	both := append(append([]record.Record{}, ar...), diffusion...)
	type figure = func([]TaskTime) (float64, bool)
	first := func(times []TaskTime) (float64, bool) { return mean(FirstTimes(times)) }
	for _, c := range []struct {
		name    string
		figure  figure
		records []record.Record
		want    float64
	}{
		{"tokens/s", TokensPerSecond.Of, ar, 30},
		{"tokens/s, pooled", TokensPerSecond.Of, both, 15},
		{"tokens/s of a batch", TokensPerSecond.Of, []record.Record{batched(), failed()}, 120},
		{"seconds per task of a batch", SecondsPerTask.Of, []record.Record{batched()}, 0.1},
		{"decode tokens/s", DecodeTokensPerSecond, ar, 2 / 0.06},
		{"decode tokens/s after a silent prefill", DecodeTokensPerSecond, diffusion, 3 / 0.2},
		{"seconds per task", SecondsPerTask.Of, both, 0.2},
		{"first token", first, ar, 0.04},
		{"first readable token out of order", first, diffusion, 0.25},
		{"tokens per forward", TokensPerForward.Of, ar, 0.75},
		{"forwards/s", ForwardsPerSecond, ar, 40},
		{"ceiling share", CeilingShare, both, 0.2},
		{"ceiling tokens/s", CeilingTokensPerSecond, both, 75},
	} {
		got, ok := c.figure(fold(c.records...).Times(nil))
		if !ok || math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%s is %g (%v), want %g", c.name, got, ok, c.want)
		}
		if v, ok := c.figure(fold(failed()).Times(nil)); ok {
			t.Errorf("%s of failed records is %g, want none", c.name, v)
		}
		if v, ok := c.figure(nil); ok {
			t.Errorf("%s of no records is %g, want none", c.name, v)
		}
	}
	if busy, ok := Busy(fold(both...)); !ok || math.Abs(busy-0.8) > 1e-9 {
		t.Errorf("busy is %g (%v), want 0.8", busy, ok)
	}
	if _, ok := Busy(fold(failed())); ok {
		t.Error("failed records are busy")
	}
	if v, ok := DecodeTokensPerSecond(fold(batched()).Times(nil)); ok {
		t.Errorf("decode tokens/s of a batch is %g, want none", v)
	}
	times := fold(both...).Times(nil)
	tokens, _ := TokensPerSecond.Of(times)
	perForward, _ := TokensPerForward.Of(times)
	forwards, _ := ForwardsPerSecond(times)
	if math.Abs(tokens-perForward*forwards) > 1e-9 {
		t.Errorf("%g tokens/s are not %g tokens per forward x %g forwards/s", tokens, perForward, forwards)
	}
}

// A task's time is the median over its undisturbed repeats, and the mean of these over its samples.
func TestTimes(t *testing.T) {
	one := func(sample, repeat, attempt, tokens int, seconds, waited float64) record.Record {
		return record.Record{Task: "a", Sample: sample, Repeat: repeat, Attempt: attempt, Tokens: tokens, Seconds: seconds,
			Interference: record.Interference{Waited: &waited}}
	}
	f := fold(one(0, 0, 0, 10, 1, 0), one(0, 1, 0, 10, 9, 0.2), one(0, 1, 1, 10, 3, 0), one(0, 2, 0, 10, 2, 0.08), // 1, 3 and 2 s
		one(1, 0, 0, 30, 7, 0.5), one(1, 0, 1, 30, 4, 0.01)) // 4 s
	times := f.Times(nil)
	if len(times) != 1 || times[0].Cost != 3 || times[0].Tokens != 20 {
		t.Errorf("times %+v, want one task of 3 s and 20 tokens", times)
	}
	if c := f.Counts(); c.Records != 6 || c.Disturbed != 2 || c.Attempts != 2 {
		t.Errorf("counts %+v", c)
	}
	if undisturbed, planned := f.Task("a").coverage(); undisturbed != 4 || planned != 4 {
		t.Errorf("%d of %d decodings are undisturbed, want all 4", undisturbed, planned)
	}
	f.Add(one(2, 0, 0, 30, 1, 0.11))
	if undisturbed, planned := f.Task("a").coverage(); undisturbed != 4 || planned != 5 || len(f.Times(nil)) != 0 {
		t.Errorf("%d of %d decodings; a task with a sample that was only disturbed has the times %v", undisturbed, planned, f.Times(nil))
	}
}

// What reports say of two decoders is one arithmetic: tokens per forward over break-even is the speed-up, and the ratio of
// tokens/s is the speed-up times the ratio of tokens.
func TestCompare(t *testing.T) {
	var base, head []record.Record
	for task, name := range []string{"a", "b", "c"} {
		for repeat := range 3 {
			one := func(tokens, forwards int, seconds float64) record.Record {
				return record.Record{Task: name, Repeat: repeat, Tokens: tokens, Seconds: seconds * (1 + 0.1*float64(repeat)),
					Trace: make(record.Trace, forwards), Interference: undisturbed(1)}
			}
			base = append(base, one(20+7*task, 21+7*task, 0.5+0.3*float64(task)))
			head = append(head, one(24+5*task, 3+2*task, 0.2+0.25*float64(task)))
		}
	}
	b, h := fold(base...).Times(nil), fold(head...).Times(nil)
	must := func(v float64, ok bool) float64 {
		if !ok {
			t.Fatal("a figure does not apply")
		}
		return v
	}
	near := func(what string, got, want float64) {
		if math.Abs(got-want) > 1e-12 {
			t.Errorf("%s is %.15g, want %.15g", what, got, want)
		}
	}
	speedup := must(speedup(b, h))
	near("speed-up", speedup, (0.5+0.8+1.1)/(0.2+0.45+0.7))
	near("tokens per forward / break-even", must(TokensPerForward.Of(h))/must(BreakEven(b, h)), speedup)
	near("ratio of tokens/s", must(TokensPerSecond.Of(h))/must(TokensPerSecond.Of(b)), speedup*must(TokenRatio(b, h)))
	near("tokens/s over TPF and forward cost", must(TokensPerSecond.Of(h))/must(TokensPerSecond.Of(b)),
		must(TokensPerForward.Of(h))/must(TokensPerForward.Of(b))/must(ForwardCost(b, h)))
	for _, v := range RepeatSpeedups(fold(base...), fold(head...), nil) {
		near("speed-up of a repeat", v, speedup) // the repeats slow both alike
	}
	if n := len(RepeatSpeedups(fold(base...), fold(head...), nil)); n != 3 {
		t.Errorf("%d repeats have a speed-up, want 3", n)
	}
}

func TestCounts(t *testing.T) {
	empty := record.Record{Task: "d", Seconds: 0.1, Stop: record.StopLength, Verdict: &record.Verdict{Result: record.SandboxError}}
	c := fold(leftToRight(), refined(), failed(), empty).Counts()
	want := Counts{Records: 4, Decodings: 3, Tokens: 6, Canvas: 8, Forwards: 8, Positions: 13 + 22, Empty: 1, Errors: 1, Sandbox: 1, Truncated: 1,
		PeakMemory: 900, Kinds: map[record.Kind]int{record.Prefill: 2, record.Decode: 3, record.Denoise: 2, record.Store: 1}}
	c.busy, c.cost = 0, 0
	if !reflect.DeepEqual(c, want) {
		t.Errorf("counts %+v, want %+v", c, want)
	}
}

func TestReadable(t *testing.T) {
	if got, want := readableTimes(leftToRight()), []time.Duration{40 * ms, 60 * ms, 80 * ms}; !reflect.DeepEqual(got, want) {
		t.Errorf("left to right: %v", got)
	}
	if got, want := readableTimes(refined()), []time.Duration{250 * ms, 250 * ms, 250 * ms}; !reflect.DeepEqual(got, want) {
		t.Errorf("refined: %v", got)
	}
	hole := refined()
	hole.Trace[2].Commits = hole.Trace[2].Commits[1:] // position 0 never comes
	if got := readableTimes(hole); len(got) != 0 {
		t.Errorf("text behind a hole is readable: %v", got)
	}
}

func TestHistogram(t *testing.T) {
	all := fold(leftToRight(), refined(), failed())
	h := all.TokensPerForwardHistogram()
	if want := []int{3, 4, 1}; !reflect.DeepEqual(h, want) {
		t.Errorf("histogram %v, want %v", h, want)
	}
	tokens, forwards := 0, 0
	for n, count := range h {
		tokens += n * count
		forwards += count
	}
	if c := all.Counts(); tokens != c.Tokens || forwards != c.Forwards {
		t.Errorf("histogram holds %d tokens in %d forwards", tokens, forwards)
	}
}

func TestPassAt1(t *testing.T) {
	judged := func(task string, results ...record.Result) (records []record.Record) {
		for i, result := range results {
			records = append(records, record.Record{Task: task, Repeat: i, Verdict: &record.Verdict{Result: result}})
		}
		return records
	}
	var all []record.Record
	all = append(all, judged("z", record.Pass, record.Pass, record.Pass)...)           // one pass, not three
	all = append(all, judged("y", record.Fail, record.TimeLimit)...)                   // none
	all = append(all, judged("x", record.Pass, record.Fail, record.SandboxError)...)   // half
	all = append(all, judged("w", record.SandboxError)...)                             // not a task
	all = append(all, record.Record{Task: "v"}, record.Record{Task: "u", Err: "lost"}) // not judged
	f := fold(all...)
	if passed, tasks := PassAt1(f); passed != 1.5 || tasks != 3 {
		t.Errorf("passed %g of %d, want 1.5 of 3", passed, tasks)
	}
	got := map[string]float64{}
	for _, task := range f.Tasks() {
		if share, ok := task.PassRate(); ok {
			got[task.Name] = share
		}
	}
	if want := (map[string]float64{"x": 0.5, "y": 0, "z": 1}); !reflect.DeepEqual(got, want) {
		t.Errorf("passes %v", got)
	}
}

// Repeats of a sample are one answer of pass@k.
func TestSamples(t *testing.T) {
	var all []record.Record
	for sample, results := range [][]record.Result{{record.Pass, record.Pass}, {record.Fail, record.Pass}, {record.SandboxError}} {
		for repeat, result := range results {
			all = append(all, record.Record{Task: "a", Sample: sample, Repeat: repeat, Verdict: &record.Verdict{Result: result}})
		}
	}
	if n, c := Samples(fold(all...)); !reflect.DeepEqual(n, []int{2}) || !reflect.DeepEqual(c, []int{1}) {
		t.Errorf("%v samples of which %v passed, want 2 and 1", n, c)
	}
}

// The order of unmasking is that of the block, wherever the prompt ends.
func TestOrder(t *testing.T) {
	one := func(prompt int, commits ...[]int) record.Record {
		r := record.Record{PromptTokens: prompt, Tokens: 6}
		for _, positions := range commits {
			step := record.Step{}
			for _, p := range positions {
				step.Commits = append(step.Commits, record.Commit{Pos: int32(p)})
			}
			r.Trace = append(r.Trace, step)
		}
		return r
	}
	f := NewFold("", Block{Size: 4})
	f.Add(one(6, nil, []int{1}, []int{0}, nil, []int{3, 5}, []int{2, 4}, []int{7})) // blocks of the positions 0-1, 2-5; 7 is no useful token
	want := map[Cell]int{{3, 0}: 2, {2, 1}: 2, {1, 0}: 1, {0, 1}: 1}
	if !reflect.DeepEqual(f.Order.Cells, want) {
		t.Errorf("cells %v, want %v", f.Order.Cells, want)
	}
	f = NewFold("", Block{Size: 4, FromPrompt: true})
	f.Add(one(6, []int{1, 2}, []int{0, 3}, []int{4, 5}))
	want = map[Cell]int{{1, 0}: 2, {2, 0}: 1, {0, 1}: 1, {3, 1}: 1, {0, 0}: 1}
	if !reflect.DeepEqual(f.Order.Cells, want) {
		t.Errorf("cells from the prompt %v, want %v", f.Order.Cells, want)
	}
}

// TestAttemptsCountOnce: that a decoding was disturbed, and so decoded again, moves no count and no pass rate.
func TestAttemptsCountOnce(t *testing.T) {
	one := func(sample, attempt int, result record.Result) record.Record {
		return record.Record{Task: "a", Sample: sample, Attempt: attempt, Tokens: 4, Trace: make(record.Trace, 2), Verdict: &record.Verdict{Result: result}}
	}
	f := fold(one(0, 0, record.Pass), one(0, 1, record.Pass), one(1, 0, record.Fail))
	if share, ok := f.Task("a").PassRate(); !ok || share != 0.5 {
		t.Errorf("the pass rate is %g, want 0.5", share)
	}
	if c := f.Counts(); c.Records != 3 || c.Attempts != 1 || c.Last != 1 || c.Decodings != 2 || c.Forwards != 4 || c.Tokens != 8 {
		t.Errorf("counts %+v", c)
	}
}

// TestRepeatsThatLackTasks: which tasks a repeat lacks does not move its speed-up.
func TestRepeatsThatLackTasks(t *testing.T) {
	base, head := NewFold("ar", Block{}), NewFold("diffusion", Block{})
	for task, seconds := range map[string]float64{"a": 1, "b": 2, "c": 9} {
		for repeat := range 3 {
			base.Add(record.Record{Task: task, Repeat: repeat, Seconds: seconds, Interference: undisturbed(1)})
			if task != "c" || repeat != 1 { // the task that head is slow at
				head.Add(record.Record{Task: task, Repeat: repeat, Seconds: seconds * seconds / 4, Interference: undisturbed(1)})
			}
		}
	}
	want, _ := speedup(base.Times(nil), head.Times(nil))
	for _, v := range RepeatSpeedups(base, head, nil) {
		if math.Abs(v-want) > 1e-12 {
			t.Errorf("a repeat's speed-up is %g, want %g", v, want)
		}
	}
}

// TestBlocksOf: decoders of the whole sequence count blocks from the prompt's end, those of blocks from position 0.
func TestBlocksOf(t *testing.T) {
	for name, want := range map[string]Block{
		"diffusion/block=8": {Size: 8}, "diffusion/cache=block/block=8": {Size: 8}, "diffusion/cache=none/block=8": {Size: 8, FromPrompt: true}, "ar": {},
	} {
		if got := blockOf(name); got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}
