// Package stats holds intervals and paired tests: how sure may one be of a pass rate, of a speed, of a difference.
// A caller states what was measured and the function's name states the assumption:
//
//  1. One pass rate over tasks: Wilson.
//  2. A speed: PooledRatio, useful tokens over seconds. A time per task: Mean.
//  3. Two decoders on the same tasks: PooledRatio of their seconds (how much faster), McNemar (which tasks pass),
//     PairedDifference (by how much).
//  4. What a "no difference" is worth: NonInferior, RequiredTasks and MinimumDetectable.
//  5. What repeating a run would change: Repeats.
//
// The unit is the task: repeats of one task are not independent, so a caller averages or sums them first. An interval
// therefore speaks of other tasks of the same kind, not of another day or machine. All intervals are closed forms,
// without a random draw. Warnings are data that say what to do.
package stats

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mathext"
)

// Confidence is the level of every interval in the reports.
const Confidence = 0.95

// An Interval is an estimate with its confidence bounds, all in the estimate's unit.
type Interval struct {
	Value    float64  `json:"value"`
	Low      float64  `json:"low"`
	High     float64  `json:"high"`
	Warnings []string `json:"warnings,omitempty"` // what weakens it, and what would help
}

// Wilson is the score interval of a pass rate (Wilson 1927): it stays within [0,1] and holds its level where n is
// small and the rate near 0 or 1, which the normal approximation does not. passed may be fractional, a sum of
// per-task means. With n of 0 there is no rate and ok is false.
func Wilson(passed float64, n int, confidence float64) (rate Interval, ok bool) {
	if n <= 0 {
		return Interval{}, false
	}
	size := float64(n)
	p := passed / size
	z := normalQuantile(1 - (1-confidence)/2)
	middle := (p + z*z/(2*size)) / (1 + z*z/size)
	half := z / (1 + z*z/size) * math.Sqrt(p*(1-p)/size+z*z/(4*size*size))
	return Interval{Value: p, Low: max(0, middle-half), High: min(1, middle+half), Warnings: fewTasks(n)}, true
}

// clopperPearson are the exact bounds of a rate of passed out of n (Clopper and Pearson 1934), quantiles of the beta
// distribution; neither needs to be a whole number.
func clopperPearson(passed, n, confidence float64) (low, high float64) {
	tail := (1 - confidence) / 2
	high = 1
	if passed > 0 {
		low = mathext.InvRegIncBeta(passed, n-passed+1, tail)
	}
	if passed < n {
		high = mathext.InvRegIncBeta(passed+1, n-passed, 1-tail)
	}
	return low, high
}

// minTasks is the number of tasks below which an interval is too wide, or too rough, to decide anything.
const minTasks = 10

// fewTasks is the warning for too few tasks, if they are.
func fewTasks(n int) []string {
	if n >= minTasks {
		return nil
	}
	return []string{fmt.Sprintf("need >= %d tasks for a usable interval, have %d", minTasks, n)}
}

// normalQuantile is the inverse of the standard normal distribution function.
func normalQuantile(p float64) float64 {
	return math.Sqrt2 * math.Erfinv(2*p-1)
}

// studentQuantile is the inverse of the distribution function of Student's t with df > 0 degrees of freedom, which
// need not be a whole number, for p within (1/2, 1).
func studentQuantile(p, df float64) float64 {
	x := mathext.InvRegIncBeta(df/2, 0.5, 2*(1-p))
	return math.Sqrt(df * (1/x - 1))
}

// finite is true of a number that is neither infinite nor NaN.
func finite(v float64) bool { return !math.IsInf(v, 0) && !math.IsNaN(v) }
