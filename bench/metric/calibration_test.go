package metric

import (
	"math"
	"testing"

	"tandem/record"
)

// TestCalibration: a commit is right where its token stands in the final text of a decoding that passed; what is replaced, beyond the
// useful tokens, not judged, or of a later repeat counts as such or not at all.
func TestCalibration(t *testing.T) {
	decoding := func(task string, result record.Result) record.Record {
		return record.Record{Task: task, Tokens: 2, Verdict: &record.Verdict{Result: result}, Trace: record.Trace{
			{Commits: []record.Commit{{Pos: 0, Token: 7, P: 0.55}, {Pos: 2, Token: 9, P: 0.55}}}, // position 2 is beyond the text
			{Commits: []record.Commit{{Pos: 0, Token: 8, P: 0.97}, {Pos: 1, Token: 5, P: 1}}},    // position 0 is written again
		}}
	}
	f := NewFold("d", Block{})
	repeat := decoding("a", record.Pass)
	repeat.Repeat = 1
	endpoint := decoding("e", record.Pass)
	for i := range endpoint.Trace {
		for j := range endpoint.Trace[i].Commits {
			endpoint.Trace[i].Commits[j].P = 0
		}
	}
	for _, r := range []record.Record{decoding("a", record.Pass), decoding("b", record.Fail), decoding("c", record.Pass), repeat,
		decoding("d", record.SandboxError), endpoint} {
		f.Add(r)
	}
	want := []Bin{
		{Low: 0.5, High: 0.6, Commits: 3, Right: 0, Tasks: 3, Sum: 1.65},
		{Low: 0.95, High: 0.99, Commits: 3, Right: 2, Tasks: 3, Sum: 2.91},
		{Low: 0.99, High: 1, Commits: 3, Right: 2, Tasks: 3, Sum: 3},
	}
	got := f.Calibration()
	if len(got) != len(want) {
		t.Fatalf("%+v", got)
	}
	for i, b := range got {
		if math.Abs(b.Sum-want[i].Sum) > 1e-6 {
			t.Errorf("probabilities add up to %g, want %g", b.Sum, want[i].Sum)
		}
		if b.Sum = want[i].Sum; b != want[i] {
			t.Errorf("%+v, want %+v", b, want[i])
		}
	}
	if bins := NewFold("d", Block{}).Calibration(); bins != nil {
		t.Errorf("bins of nothing: %v", bins)
	}
}

// TestWork: what forwards cost and how long they took adds up by kind over undisturbed decodings.
func TestWork(t *testing.T) {
	r := record.Record{Task: "a", Trace: record.Trace{{At: 10e6, Kind: record.Prefill}, {At: 13e6, Kind: record.Denoise}, {At: 18e6, Kind: record.Denoise}},
		Work: map[record.Kind]record.Work{record.Prefill: {Bytes: 100, FLOPs: 800}, record.Denoise: {Bytes: 60, FLOPs: 90}}}
	disturbed := r
	disturbed.Steal = 0.9
	f := NewFold("d", Block{})
	for _, one := range []record.Record{r, r, disturbed, {Task: "batch", Trace: r.Trace}} {
		f.Add(one)
	}
	got := f.Work()
	for kind, want := range map[record.Kind]Work{record.Prefill: {Bytes: 200, FLOPs: 1600, Seconds: 0.02}, record.Denoise: {Bytes: 120, FLOPs: 180, Seconds: 0.016}} {
		one := got[kind]
		if math.Abs(one.Seconds-want.Seconds) > 1e-9 {
			t.Errorf("%s took %g s, want %g", kind, one.Seconds, want.Seconds)
		}
		if one.Seconds = want.Seconds; one != want {
			t.Errorf("%s: %+v, want %+v", kind, one, want)
		}
	}
}
