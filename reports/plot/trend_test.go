package plot

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestTrend: a series with several changes, one without any, one of a single run, and one of counts.
func TestTrend(t *testing.T) {
	source := rand.New(rand.NewPCG(9, 1))
	var runs []Interval
	var days []string
	for i := range 80 {
		level := 1.9
		if i >= 30 {
			level = 1.71
		}
		if i >= 62 {
			level = 1.8
		}
		v := level * (1 + 0.02*source.NormFloat64())
		runs, days = append(runs, Interval{v, v * 0.98, v * 1.02}), append(days, fmt.Sprintf("%02d-%02d", 6+i/30, 1+i%30))
	}
	levels := []Level{{0, 29, Interval{1.9, 1.887, 1.913}}, {30, 61, Interval{1.71, 1.697, 1.723}}, {62, 79, Interval{1.8, 1.78, 1.82}}}
	turns := []Turn{{30, "c030 -10.0%", true}, {62, "c062 +5.3%", false}}
	chart := Trend("trend", "Speed-up of diffusion/block=16/threshold=0.9 over ar", "AMD EPYC, 2 of 2 cores\nbasics, embedded", "times as fast", runs, days, levels, turns)
	save(t, chart)
	svg, err := chart.SVG()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{">c030 -10.0%<", ">c062 +5.3%<", ">06-01<", "change for the worse<", "basics, embedded<"} {
		if !bytes.Contains(svg, []byte(want)) {
			t.Errorf("%q is missing", want)
		}
	}
	save(t, Trend("trend-none", "Pass rate", "one level", "pass@1", runs[:30], days[:30], levels[:1], nil))
	save(t, Trend("trend-one", "One run", "one level", "x", runs[:1], days[:1], []Level{{0, 0, runs[0]}}, nil))
	count := func(v float64) Interval { return Interval{v, v, v} }
	var counts []Interval
	for i := range 30 {
		counts = append(counts, count(43.75+float64(i/29)*1.5))
	}
	save(t, Trend("trend-counts", "Forwards of a decoding", "any other value is a change", "forwards", counts, days[:30],
		[]Level{{0, 28, count(43.75)}, {29, 29, count(45.25)}}, []Turn{{29, "0123456789ab +3.4%", true}}))
}
