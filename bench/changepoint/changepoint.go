// Package changepoint says where in a series of runs the level changed, and how sure that is:
//
//  1. A caller puts the values of one figure in the order of their runs.
//  2. Find gives the changes by one of three tests: Permutation for figures that vary from run to run, Hunter for what Apache
//     Otava would say of them, Exact for counts that cannot vary by themselves.
//  3. Each Change names the first run of the new level and the levels on both sides, with intervals over runs.
//
// Neither test needs a threshold for the noise: both learn it from the series. What they do need is runs on both sides of a
// change: none says anything of the newest run alone, unless it is Exact.
package changepoint

import (
	"math"
	"slices"

	"tandem/bench/stats"
)

// A Test is a way to tell a change from noise.
type Test string

// The tests.
const (
	Permutation Test = "permutation" // E-divisive: as sure as shuffled runs seldom look as changed (Matteson and James 2014)
	Hunter      Test = "hunter"      // E-divisive in windows with Student's t-test, as Apache Otava 0.8 (Fleming et al. 2023)
	Exact       Test = "exact"       // any other value is a change
)

// Options say what counts as a change.
type Options struct {
	Significance float64 // greatest p of a change
	Magnitude    float64 // least change of the level, as a share of the smaller of both
	Permutations int     // shuffled series that Permutation compares with; p is never below 1/(Permutations+1)
	Seed         uint64  // of the shuffles
}

// Defaults are the options of `tandem history`: of a hundred series of noise, one has a change. Otava's own significance for
// Hunter is 0.001, without a least change.
var Defaults = Options{Significance: 0.01, Magnitude: 0.01, Permutations: 999, Seed: 1}

// A Change is a place where the level changed.
type Change struct {
	Index  int            // of the first value of the new level
	P      float64        // 0 where the values are exact
	Before stats.Interval // mean of the values since the change before, with its 95% interval over runs
	After  stats.Interval // likewise until the next change
}

// Relative is the change as a share of the level before; of a level of 0 there is none.
func (c Change) Relative() (share float64, ok bool) {
	return c.After.Value/c.Before.Value - 1, c.Before.Value != 0
}

// magnitude is the greater share by which one of the levels differs from the other, as in Otava; that of 0 from 0 is 0.
func (c Change) magnitude() float64 {
	share := func(from, to float64) float64 {
		if from == 0 {
			return 0
		}
		return math.Abs(to/from - 1)
	}
	return max(share(c.Before.Value, c.After.Value), share(c.After.Value, c.Before.Value))
}

// Find are the changes of a series, in order. The values are finite, oldest first.
func Find(values []float64, test Test, o Options) []Change {
	switch test {
	case Exact:
		var changes []Change
		for i := 1; i < len(values); i++ {
			if values[i] != values[i-1] {
				changes = append(changes, Change{Index: i})
			}
		}
		return prune(values, changes, o.Magnitude)
	case Hunter:
		return hunter(values, o)
	}
	return prune(values, divide(values, o), o.Magnitude)
}

// prune drops the smallest change as long as it is smaller than least, and gives the others their levels.
func prune(values []float64, changes []Change, least float64) []Change {
	for {
		levels(values, changes)
		smallest := -1
		for i, c := range changes {
			if m := c.magnitude(); m < least && (smallest < 0 || m < changes[smallest].magnitude()) {
				smallest = i
			}
		}
		if smallest < 0 {
			return changes
		}
		changes = slices.Delete(changes, smallest, smallest+1)
	}
}

// levels gives each change the mean of its two sides.
func levels(values []float64, changes []Change) {
	ends := bounds(changes, len(values))
	for i := range changes {
		changes[i].Before, _ = stats.RunMean(values[ends[i]:ends[i+1]], stats.Confidence)
		changes[i].After, _ = stats.RunMean(values[ends[i+1]:ends[i+2]], stats.Confidence)
	}
}

// bounds are the ends of the pieces into which changes cut a series of n values, 0 and n among them.
func bounds(changes []Change, n int) []int {
	ends := []int{0}
	for _, c := range changes {
		ends = append(ends, c.Index)
	}
	return append(ends, n)
}
