package stats

import "math"

// RunMean is the mean of one figure over independent runs, with Student's interval (1908): it holds what differs from run to
// run. Of a single run there are no bounds: they are the value, and a warning says so. Without values, or with one that is no
// number, ok is false.
func RunMean(values []float64, confidence float64) (mean Interval, ok bool) {
	if len(values) == 0 {
		return Interval{}, false
	}
	n, shift, squares := float64(len(values)), 0.0, 0.0
	for _, v := range values { // from the first value on, so that equal ones have exactly their own mean
		shift += (v - values[0]) / n
	}
	mean.Value = values[0] + shift
	for _, v := range values {
		squares += (v - mean.Value) * (v - mean.Value)
	}
	if len(values) < 2 {
		mean.Low, mean.High, mean.Warnings = mean.Value, mean.Value, []string{"no interval: need >= 2 runs"}
		return mean, finite(mean.Value)
	}
	half := studentQuantile(1-(1-confidence)/2, n-1) * math.Sqrt(squares/(n-1)/n)
	mean.Low, mean.High = mean.Value-half, mean.Value+half
	return mean, finite(half)
}
