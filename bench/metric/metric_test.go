package metric

import (
	"math"
	"reflect"
	"testing"
	"time"

	"tandem/record"
)

const ms = time.Millisecond

// leftToRight writes 3 tokens and an EOS: prefill, then one token a forward.
func leftToRight() record.Record {
	return record.Record{Task: "a", Decoder: "ar", PromptTokens: 10, Tokens: 3, Canvas: 4, Seconds: 0.1, Busy: 0.5,
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
	return record.Record{Task: "b", Decoder: "diffusion", Tokens: 3, Canvas: 4, Seconds: 0.3, Busy: 0.9,
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
	r.Share, r.Ideal = 0.025, 0
	return r
}

// failed has no completion and must count in no metric but Errors.
func failed() record.Record {
	return record.Record{Task: "c", Decoder: "ar", Tokens: 99, Seconds: 99, Busy: 0.1, Ideal: 9, PeakMemory: 1 << 40, Err: "no"}
}

func TestFigures(t *testing.T) {
	ar, diffusion := []record.Record{leftToRight(), failed()}, []record.Record{refined()}
	both := append(append([]record.Record{}, ar...), diffusion...)
	type figure = func([]record.Record) (float64, bool)
	for _, c := range []struct {
		name    string
		figure  figure
		records []record.Record
		want    float64
	}{
		{"tokens/s", TokensPerSecond, ar, 30},
		{"tokens/s, pooled", TokensPerSecond, both, 15},
		{"tokens/s of a batch", TokensPerSecond, []record.Record{batched(), failed()}, 120},
		{"seconds per task of a batch", SecondsPerTask, []record.Record{batched()}, 0.1},
		{"decode tokens/s", DecodeTokensPerSecond, ar, 2 / 0.06},
		{"decode tokens/s after a silent prefill", DecodeTokensPerSecond, diffusion, 3 / 0.2},
		{"seconds per task", SecondsPerTask, both, 0.2},
		{"first token", SecondsToFirstToken, ar, 0.04},
		{"first readable token out of order", SecondsToFirstToken, diffusion, 0.25},
		{"tokens per forward", TokensPerForward, ar, 0.75},
		{"forwards/s", ForwardsPerSecond, ar, 40},
		{"busy", Busy, both, 0.8},
		{"ceiling share", CeilingShare, both, 0.2},
		{"ceiling tokens/s", CeilingTokensPerSecond, both, 75},
	} {
		got, ok := c.figure(c.records)
		if !ok || math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%s is %g (%v), want %g", c.name, got, ok, c.want)
		}
		if v, ok := c.figure([]record.Record{failed()}); ok {
			t.Errorf("%s of failed records is %g, want none", c.name, v)
		}
		if v, ok := c.figure(nil); ok {
			t.Errorf("%s of no records is %g, want none", c.name, v)
		}
	}
	tokens, _ := TokensPerSecond(both)
	perForward, _ := TokensPerForward(both)
	forwards, _ := ForwardsPerSecond(both)
	if math.Abs(tokens-perForward*forwards) > 1e-9 {
		t.Errorf("%g tokens/s are not %g tokens a forward x %g forwards/s", tokens, perForward, forwards)
	}
}

func TestCounts(t *testing.T) {
	empty := record.Record{Task: "d", Seconds: 0.1, Stop: record.StopLength, Verdict: &record.Verdict{Result: record.SandboxError}}
	all := []record.Record{leftToRight(), refined(), failed(), empty}
	for _, c := range []struct {
		name      string
		got, want int
	}{
		{"tokens", Tokens(all), 6},
		{"canvas", CanvasTokens(all), 8},
		{"forwards", Forwards(all), 8},
		{"positions", Positions(all), 13 + 22},
		{"empty outputs", EmptyOutputs(all), 1},
		{"errors", Errors(all), 1},
		{"sandbox errors", SandboxErrors(all), 1},
		{"truncated", Truncated(all), 1},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d, want %d", c.name, c.got, c.want)
		}
	}
	if peak, ok := PeakMemory(all); !ok || peak != 900 {
		t.Errorf("peak memory %d, %v", peak, ok)
	}
	if _, ok := PeakMemory([]record.Record{empty}); ok {
		t.Error("an unknown peak memory is reported")
	}
	kinds := map[record.Kind]int{record.Prefill: 2, record.Decode: 3, record.Denoise: 2, record.Store: 1}
	if got := ForwardsByKind(all); !reflect.DeepEqual(got, kinds) {
		t.Errorf("kinds %v", got)
	}
}

func TestReadable(t *testing.T) {
	if got, want := ReadableTimes(leftToRight()), []time.Duration{40 * ms, 60 * ms, 80 * ms}; !reflect.DeepEqual(got, want) {
		t.Errorf("left to right: %v", got)
	}
	if got, want := ReadableTimes(refined()), []time.Duration{250 * ms, 250 * ms, 250 * ms}; !reflect.DeepEqual(got, want) {
		t.Errorf("refined: %v", got)
	}
	hole := refined()
	hole.Trace[2].Commits = hole.Trace[2].Commits[1:] // position 0 never comes
	if got := ReadableTimes(hole); len(got) != 0 {
		t.Errorf("text behind a hole is readable: %v", got)
	}
	if got := ReadableLatencies([]record.Record{refined(), leftToRight()}); !reflect.DeepEqual(got, []float64{0, 0, 0.02, 0.02}) {
		t.Errorf("latencies %v", got)
	}
}

func TestHistogram(t *testing.T) {
	all := []record.Record{leftToRight(), refined(), failed()}
	h := TokensPerForwardHistogram(all)
	if want := []int{3, 4, 1}; !reflect.DeepEqual(h, want) {
		t.Errorf("histogram %v, want %v", h, want)
	}
	tokens, forwards := 0, 0
	for n, count := range h {
		tokens += n * count
		forwards += count
	}
	if tokens != Tokens(all) || forwards != Forwards(all) {
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
	if passed, tasks := PassAt1(all); passed != 1.5 || tasks != 3 {
		t.Errorf("passed %g of %d, want 1.5 of 3", passed, tasks)
	}
	if got, want := Passes(all), (map[string]float64{"x": 0.5, "y": 0, "z": 1}); !reflect.DeepEqual(got, want) {
		t.Errorf("passes %v", got)
	}
}

func TestGroups(t *testing.T) {
	all := []record.Record{{Decoder: "b", Repeat: 1}, {Decoder: "a"}, {Decoder: "b", Repeat: 0}}
	groups := ByDecoder(all)
	if len(groups) != 2 || len(groups[1]) != 2 || groups[1][0].Repeat != 1 || all[0].Decoder != "b" {
		t.Errorf("groups %v", groups)
	}
}

func TestForwarding(t *testing.T) {
	at := func(times ...int) (trace record.Trace) {
		for _, ms := range times {
			trace = append(trace, record.Step{At: time.Duration(ms) * time.Millisecond})
		}
		return trace
	}
	got, ok := Forwarding([]record.Record{
		{Seconds: 0.1, Tokens: 4, Trace: at(40, 60, 100)}, {Seconds: 0.03, Tokens: 2, Trace: at(20, 30)}, {Err: "no memory", Trace: at(1, 2)},
	})
	want := ForwardTimes{Seconds: 0.065, First: 0.03, Later: 0.07 / 3, Tokens: 3}
	for _, pair := range [][2]float64{{got.Seconds, want.Seconds}, {got.First, want.First}, {got.Later, want.Later}, {got.Tokens, want.Tokens}} {
		if !ok || math.Abs(pair[0]-pair[1]) > 1e-12 {
			t.Errorf("%+v, want %+v", got, want)
			break
		}
	}
	if _, ok := Forwarding([]record.Record{{Seconds: 0.1, Tokens: 4, Trace: at(40)}}); ok {
		t.Error("one forward has a second one")
	}
}
