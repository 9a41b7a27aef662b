// Package stats is the arithmetic of doubt: how sure may one be of a pass rate, of a speed, of a difference.
// A caller states what was measured and the function's name states the assumption:
//
//  1. One pass rate over tasks: Wilson. Several samples a task: PassAtK.
//  2. Two decoders on the same tasks: McNemar (which tasks pass), PairedDifference (by how much),
//     GeoMeanRatio (how much faster on a typical task).
//  3. A speed: PooledRatio, useful tokens over seconds, with an interval that resamples tasks.
//  4. Two runs that share nothing but the benchmark: TwoSamples.
//  5. What a "no difference" is worth: MinimumDetectable and NonInferior.
//
// The unit that is resampled is the task: repeats of one task are not independent, so a caller averages or sums
// them first. Every random draw is seeded. Warnings are data that say what to do.
package stats

import (
	"fmt"
	"math"
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
	rate = Interval{Value: p, Low: max(0, middle-half), High: min(1, middle+half)}
	if n < minTasks {
		rate.Warnings = append(rate.Warnings, needTasks(n))
	}
	return rate, true
}

// minTasks is the number of tasks below which an interval is too wide, or too rough, to decide anything.
const minTasks = 10

// needTasks is the warning for too few tasks.
func needTasks(n int) string {
	return fmt.Sprintf("need >= %d tasks for a usable interval, have %d", minTasks, n)
}

// normalQuantile is the inverse of the standard normal distribution function.
func normalQuantile(p float64) float64 {
	return math.Sqrt2 * math.Erfinv(2*p-1)
}
