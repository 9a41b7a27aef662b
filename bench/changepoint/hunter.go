package changepoint

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"
)

// hunter is "Hunter: using change point detection to hunt for performance regressions" (Fleming, Kołaczkowski, Kumar, Das,
// McCarthy, Pattabhiraman and Ingo, ICPE 2023, arXiv 2301.03034) as Apache Otava 0.8 has it: cuts of overlapping windows
// that a t-test passes at ten times the significance are weak changes, of which the least sure, then the smallest, are merged away.
//
// Note: the t-test takes the best of many cuts for one that was chosen beforehand, and Otava's deviations are those of a
// population, too small for few runs. So noise has a change in far more series than the significance says
// (docs/METHODOLOGY.md has the measured shares); Permutation keeps its level.
func hunter(values []float64, o Options) []Change {
	first := o.Significance
	switch {
	case first < 0.05:
		first *= 10
	case first < 0.5:
		first *= 2
	}
	return merge(values, weak(values, first), o)
}

// window is the length of Otava's windows; each begins half a window after the one before, or at its last change.
const window = 50

// weak are the changes of all windows.
func weak(values []float64, significance float64) (changes []Change) {
	s := newSearch(min(window, len(values)))
	for start := 0; start < len(values); {
		end, last := min(start+window, len(values)), 0
		for _, c := range s.cutWhile(values[start:end], significance) {
			last = start + c.Index
			if !slices.ContainsFunc(changes, func(old Change) bool { return old.Index == last }) {
				changes = insert(changes, Change{Index: last})
			}
		}
		start = max(last, start+window/2)
	}
	tests(values, changes)
	return changes
}

// cutWhile cuts a window as long as the t-test of the best cut passes.
func (s *search) cutWhile(values []float64, significance float64) (changes []Change) {
	for {
		ends := bounds(changes, len(values))
		at, _ := s.best(values, ends)
		if at == 0 {
			return changes
		}
		i, _ := slices.BinarySearch(ends, at)
		if student(values[ends[i-1]:at], values[at:ends[i]]) > significance {
			return changes
		}
		changes = insert(changes, Change{Index: at})
	}
}

// merge drops the change with the greatest p as long as that is too great, else the smallest as long as that is too small.
func merge(values []float64, changes []Change, o Options) []Change {
	for len(changes) > 0 {
		worst := 0
		for i, c := range changes {
			if c.P > changes[worst].P {
				worst = i
			}
		}
		if changes[worst].P < o.Significance {
			worst = 0
			for i, c := range changes {
				if c.magnitude() < changes[worst].magnitude() {
					worst = i
				}
			}
			if changes[worst].magnitude() > o.Magnitude {
				break
			}
		}
		changes = slices.Delete(changes, worst, worst+1)
		tests(values, changes)
	}
	return changes
}

// tests gives each change its levels and its p.
func tests(values []float64, changes []Change) {
	levels(values, changes)
	ends := bounds(changes, len(values))
	for i := range changes {
		changes[i].P = student(values[ends[i]:ends[i+1]], values[ends[i+1]:ends[i+2]])
	}
}

// student is the two-sided p of Student's t-test of equal variances, the deviations being those of a population. Two values
// tell nothing, and neither do sides that are constant and equal.
func student(a, b []float64) float64 {
	meanA, squaresA := spread(a)
	meanB, squaresB := spread(b)
	n, m := float64(len(a)), float64(len(b))
	df := n + m - 2
	if df < 1 || meanA == meanB {
		return 1
	}
	pooled := ((n-1)*squaresA/n + (m-1)*squaresB/m) / df
	t := (meanA - meanB) / math.Sqrt(pooled*(1/n+1/m))
	if math.IsInf(t, 0) {
		return 0
	}
	return mathext.RegIncBeta(df/2, 0.5, df/(df+t*t))
}

// spread is the mean of values and the sum of the squared distances from it.
func spread(values []float64) (mean, squares float64) {
	for _, v := range values {
		mean += v / float64(len(values))
	}
	for _, v := range values {
		squares += (v - mean) * (v - mean)
	}
	return mean, squares
}
