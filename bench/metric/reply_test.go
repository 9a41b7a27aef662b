package metric

import (
	"math"
	"reflect"
	"testing"

	"tandem/record"
)

// answered is a record of an endpoint.
func answered(task string, repeat, tokens int, seconds, dollars float64, source record.TokenSource) record.Record {
	first, cached := seconds/4, 30
	r := record.Record{Task: task, Repeat: repeat, Decoder: "endpoint/x", Tokens: tokens, PromptTokens: 40, Seconds: seconds,
		Trace: record.Trace{{Kind: record.Chunk, Text: "a"}, {Kind: record.Chunk, Text: "b"}},
		Reply: &record.Reply{TokenSource: source, FirstContent: &first, FirstBlock: &first, Retries: repeat, Cached: &cached}}
	if dollars > 0 {
		r.Reply.Dollars = &dollars
	}
	return r
}

func TestReplies(t *testing.T) {
	lost := record.Record{Task: "b", Err: "no", Reply: &record.Reply{Fault: "timeout"}}
	f := fold(answered("a", 0, 100, 2, 0.001, record.ServerUsage), answered("a", 1, 100, 2, 0.003, record.ServerUsage),
		answered("b", 0, 50, 4, 0, record.ChunkCount), lost)
	c := f.Counts()
	want := Replies{Answers: 3, Retried: 1, Sources: map[record.TokenSource]int{record.ServerUsage: 2, record.ChunkCount: 1},
		Faults: map[string]int{"timeout": 1}, Prompt: 120, Cached: 90, Told: true, priced: 2, dollars: 0.004, produced: 200}
	if !reflect.DeepEqual(c.Replies, want) {
		t.Errorf("%+v, want %+v", c.Replies, want)
	}
	if v, ok := c.Replies.PaidPerMillionTokens(); !ok || math.Abs(v-20) > 1e-9 {
		t.Errorf("%g dollars a million tokens, want 20", v)
	}
	if v, ok := c.Replies.PaidPerSolved(0.5); !ok || math.Abs(v-0.004) > 1e-12 {
		t.Errorf("%g dollars a solved task, want 0.004", v)
	}
	if _, ok := c.Replies.PaidPerSolved(0); ok {
		t.Error("nothing solved has a price")
	}
	if _, ok := (Replies{}).PaidPerMillionTokens(); ok {
		t.Error("no tokens have a price")
	}
	times := f.Times(nil)
	if got := FirstContent.Of(times); !reflect.DeepEqual(got, []float64{0.5, 1}) || len(FirstByte.Of(times)) != 0 {
		t.Errorf("first content %v, first byte %v", got, FirstByte.Of(times))
	}
	if first := FirstTimes(times); !reflect.DeepEqual(first, []float64{0.5, 1}) {
		t.Errorf("first readable %v", first)
	}
	if c.Forwards != 0 || c.Kinds[record.Chunk] != 0 || f.TokensPerForwardHistogram() != nil {
		t.Errorf("an endpoint has forwards: %+v", c)
	}
	for name, of := range map[string]func([]TaskTime) (float64, bool){"forwards/s": ForwardsPerSecond, "tokens per forward": TokensPerForward.Of,
		"decode speed": DecodeTokensPerSecond, "ceiling": CeilingShare} {
		if v, ok := of(times); ok {
			t.Errorf("%s of an endpoint is %g, want none", name, v)
		}
	}
}
