package load

import (
	"math"
	"testing"
	"time"

	"tandem/record"
)

// TestSchedule: arrivals have the rate that is asked for, evenly or as a Poisson process has them, and depend on the seed alone.
func TestSchedule(t *testing.T) {
	const n = 20001
	even := Plan{Rate: 4, Constant: true}.Schedule(n)
	if even[0] != 0 || even[1] != 250*time.Millisecond || (even[n-1]-5000*time.Second).Abs() > time.Millisecond {
		t.Errorf("%v, %v, %v", even[0], even[1], even[n-1])
	}
	random := Plan{Rate: 4, Seed: 7}.Schedule(n)
	gaps, mean, square := float64(n-1), random[n-1].Seconds()/float64(n-1), 0.0
	for i := range n - 1 {
		d := (random[i+1] - random[i]).Seconds()
		if d < 0 {
			t.Fatal("time goes back")
		}
		square += (d - mean) * (d - mean) / gaps
	}
	if math.Abs(mean-0.25) > 0.01 || math.Abs(math.Sqrt(square)/mean-1) > 0.05 { // of an exponential both are the same
		t.Errorf("gaps of %g s with a deviation of %g", mean, math.Sqrt(square))
	}
	again, other := Plan{Rate: 4, Seed: 7}.Schedule(n), Plan{Rate: 4, Seed: 8}.Schedule(n)
	if again[n-1] != random[n-1] || other[n-1] == random[n-1] {
		t.Error("a schedule depends on its seed alone")
	}
	ramp := Plan{Rate: 10, Ramp: 1, Constant: true}.Schedule(n)
	if first, last := ramp[1]-ramp[0], ramp[n-1]-ramp[n-2]; math.Abs(first.Seconds()-1) > 0.01 || math.Abs(last.Seconds()-0.1) > 0.01 {
		t.Errorf("from %v to %v between requests", first, last)
	}
	if len(Plan{Rate: 1}.Schedule(0)) != 0 {
		t.Error("requests of nothing")
	}
}

func TestObjectives(t *testing.T) {
	for text, want := range map[string]Objectives{"": {}, "first=500ms": {First: 0.5}, "whole=5s, first=1s": {First: 1, Whole: 5}} {
		if got, err := ParseObjectives(text); err != nil || got != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	if text := (Objectives{First: 0.5, Whole: 5}).String(); text != "first=500ms,whole=5s" {
		t.Error(text)
	}
	for _, text := range []string{"first", "first=5", "last=5s", "first=-1s", "first=1s,first=2s", "first=1s,"} {
		if _, err := ParseObjectives(text); err == nil {
			t.Errorf("%q is read", text)
		}
	}
}

// answer is a request that was due at so many seconds, late by some, and took so long.
func answer(loop int, due, late, first, whole float64) record.Record {
	at := time.Unix(int64(loop), 0).UTC()
	return record.Record{Seconds: whole, Tokens: 10, PromptTokens: 5,
		Reply: &record.Reply{FirstBlock: &first, Chunks: 10, Arrival: &record.Arrival{Loop: at, Due: due, Late: late}}}
}

// TestFigures: latencies count from when a request was due; failed ones are no answers, and still were asked.
func TestFigures(t *testing.T) {
	var f Figures
	for loop := range 2 {
		for i := range 60 {
			f.Add(answer(loop, float64(i), float64(i)/10, 0.1, 1)) // each later than the one before
		}
	}
	failed := answer(1, 60, 0, 0, 0)
	failed.Err = "cut off"
	f.Add(failed)
	if offered, ok := f.Offered(); !ok || offered != 1 {
		t.Errorf("offered %g", offered)
	}
	if achieved, ok := f.Achieved(); !ok || math.Abs(achieved-120/(2*(59+5.9+1))) > 1e-9 {
		t.Errorf("achieved %g", achieved)
	}
	o := Objectives{First: 1.05, Whole: 3} // the first 10 of each loop, by their first text
	if good, ok := f.Goodput(o); !ok || math.Abs(good-20/(2*(59+5.9+1))) > 1e-9 {
		t.Errorf("goodput %g", good)
	}
	if share, ok := f.Good(o); !ok || math.Abs(share-20.0/121) > 1e-9 {
		t.Errorf("share %g", share)
	}
	whole, ok := f.Whole()
	if !ok || math.Abs(whole.P50-3.95) > 1e-9 || math.Abs(whole.P90-6.35) > 0.05 || whole.P99 == nil {
		t.Errorf("%+v", whole)
	}
	first, ok := f.First()
	if !ok || math.Abs(first.P50-3.05) > 1e-9 {
		t.Errorf("%+v", first)
	}
	var few Figures
	for i := range 99 {
		few.Add(answer(0, float64(i), 0, 0.1, 1))
	}
	if q, ok := few.Whole(); !ok || q.P99 != nil {
		t.Errorf("99 answers have a 99th percentile: %+v", q)
	}
	var none Figures
	if _, ok := none.Whole(); ok {
		t.Error("quantiles of nothing")
	}
	if _, ok := none.Achieved(); ok {
		t.Error("a rate of nothing")
	}
}

// TestSaturation: the first point beyond which nothing is gained.
func TestSaturation(t *testing.T) {
	for _, c := range []struct {
		points  []Point
		at      float64
		reached bool
	}{
		{[]Point{{1, 1}, {2, 2}, {4, 4}, {8, 4.1}, {16, 3}}, 4, true},
		{[]Point{{16, 3}, {1, 1}, {8, 4.1}, {4, 4}, {2, 2}}, 4, true},
		{[]Point{{1, 1}, {2, 2}, {4, 4}}, 4, false},
		{[]Point{{1, 1}, {2, 0.9}, {4, 2}, {8, 1}}, 4, true}, // a dip is no end
		{[]Point{{1, 0}, {2, 0}}, 1, true},
	} {
		if at, reached := Saturation(c.points); at.Asked != c.at || reached != c.reached {
			t.Errorf("%v: %g, %v", c.points, at.Asked, reached)
		}
	}
}

// TestDifferences: counts that agree are no difference, those of another kind are found, and a loop in which an answer failed says nothing.
func TestDifferences(t *testing.T) {
	add := func(f *Figures, tokens float64, failed bool) {
		one, last := answer(0, 0, 0, 0.1, 1), answer(0, 1, 0, 0.1, 1)
		if failed {
			one.Err = "cut off"
		}
		last.Reply.Window = map[string]float64{"vllm:generation_tokens_total": tokens, "vllm:prompt_tokens_total": 10}
		f.Add(one)
		f.Add(last)
	}
	for tokens, want := range map[float64]int{20: 0, 20.9: 0, 22: 1, 10: 1} {
		var f Figures
		if add(&f, tokens, false); len(f.Differences()) != want {
			t.Errorf("%g tokens: %v", tokens, f.Differences())
		}
	}
	var f Figures
	if add(&f, 40, true); len(f.Differences()) != 0 || f.Counters() != nil {
		t.Errorf("%v", f.Differences())
	}
	one := answer(0, 0, 0, 0.1, 1)
	one.Reply.Engine = map[string]float64{"timings.predicted_n": 10, "timings.prompt_ms": 100, "timings.predicted_ms": 500}
	f = Figures{}
	f.Add(one)
	if d := f.Differences(); len(d) != 1 || d[0].Of != "seconds" || d[0].Ours != 1 || math.Abs(d[0].Theirs-0.6) > 1e-9 {
		t.Errorf("%v", d)
	}
}
