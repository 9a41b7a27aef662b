package compare

import (
	"math"
	"slices"

	"tandem/bench/metric"
	"tandem/bench/stats"
	"tandem/decoders"
)

// rateRow compares pass@1 over the tasks that are judged on both sides. P is that of the exact sign test on the tasks whose rates
// differ, which is McNemar's where each task has one answer.
func rateRow(p pair) (Row, bool) {
	base, head := p.base.rates(p.decoder), p.head.rates(p.decoder)
	var pairs []stats.Pair
	row := Row{Points: true}
	lost, gained := 0, 0
	for task, b := range base {
		h, ok := head[task]
		if !ok {
			continue
		}
		pairs = append(pairs, stats.Pair{Base: b, Head: h})
		row.Base, row.HeadValue = row.Base+b, row.HeadValue+h
		switch {
		case h < b:
			lost++
		case h > b:
			gained++
		}
	}
	difference, ok := stats.PairedDifference(pairs, stats.Confidence)
	if !ok {
		return Row{}, false
	}
	n := float64(len(pairs))
	pValue := stats.McNemar(lost, gained)
	row.Base, row.HeadValue, row.Tasks = row.Base/n, row.HeadValue/n, len(pairs)
	row.Change, row.Low, row.High, row.P = difference.Value, &difference.Low, &difference.High, &pValue
	return row, true
}

// rates are the tasks' pass rates, the mean over a side's runs.
func (s Side) rates(decoder string) map[string]float64 {
	sums, counts := map[string]float64{}, map[string]int{}
	for _, r := range s.Runs {
		for _, t := range r.Find(decoder).Tasks() {
			if rate, ok := t.PassRate(); ok {
				sums[t.Name] += rate
				counts[t.Name]++
			}
		}
	}
	for task, n := range counts {
		sums[task] /= float64(n)
	}
	return sums
}

// countRow compares a counter, a decoding's mean of it for each task. At greedy it cannot vary, so any difference in any task is a
// change; else, and where runs of the base differ all the same, it is compared as a ratio of sums with the tasks' spread.
func countRow(p pair, count func(*metric.Task) float64) (Row, bool) {
	parts := func(_ *Run, g metric.Group) map[string]stats.Fraction {
		out := map[string]stats.Fraction{}
		for _, t := range g.Tasks() {
			if n := float64(t.Decodings); n > 0 {
				out[t.Name] = stats.Fraction{Num: count(t) / n, Den: 1}
			}
		}
		return out
	}
	row, ok := ratioRow(p, parts, Noise{})
	if !ok || !Greedy(p.decoder) || p.differ(parts, p.base.Runs) {
		return row, ok
	}
	certain := 0.0
	if !p.differ(parts, slices.Concat(p.base.Runs, p.head.Runs)) {
		certain, row.Change, row.HeadValue = 1, 0, row.Base // without the rounding of sums
	}
	row.Exact, row.Low, row.High, row.P = true, &row.Change, &row.Change, &certain
	return row, true
}

// Greedy says that a decoder of the name writes the same text each time. An unknown name's does not.
func Greedy(name string) bool {
	s, err := decoders.ParseName(name)
	return err == nil && s.Greedy()
}

// differ says whether a counter of any common task is not the same in all runs, beyond rounding of a mean.
func (p pair) differ(parts func(*Run, metric.Group) map[string]stats.Fraction, runs []*Run) bool {
	first := parts(runs[0], runs[0].Find(p.decoder))
	for _, r := range runs[1:] {
		for task, f := range parts(r, r.Find(p.decoder)) {
			if other, ok := first[task]; ok && math.Abs(other.Num-f.Num) > 1e-9*math.Abs(f.Num) {
				return true
			}
		}
	}
	return false
}
