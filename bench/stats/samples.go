package stats

import (
	"math"

	quantiles "github.com/montanaflynn/stats"
)

// Quantile is the value below which a share q in [0,1] of the values lies, interpolated linearly between order
// statistics (Hyndman and Fan's type 7, the default of R and NumPy). Without values, or with q outside, ok is
// false.
func Quantile(values []float64, q float64) (v float64, ok bool) {
	if len(values) == 0 || !(q >= 0 && q <= 1) {
		return 0, false
	}
	var err error
	if q == 0 { // Percentile takes percentages above 0 only
		v, err = quantiles.Min(values)
	} else {
		v, err = quantiles.Percentile(values, 100*q)
	}
	return v, err == nil && finite(v)
}

// Deviation is the sample standard deviation (n-1). It needs two values.
func Deviation(values []float64) (sd float64, ok bool) {
	if len(values) < 2 {
		return 0, false
	}
	sd, err := quantiles.StandardDeviationSample(values)
	return sd, err == nil && finite(sd)
}

// A Spread is how far the repeats of one figure lie apart: what the same tasks would give another time, of which an
// interval over tasks says nothing.
type Spread struct {
	Low  float64 `json:"low"`  // the least value, in the figure's unit
	High float64 `json:"high"` // the greatest
	CV   float64 `json:"cv"`   // coefficient of variation: the sample standard deviation over the mean
}

// Repeats is the spread of a positive figure's values, one a repeat. It needs two repeats.
func Repeats(values []float64) (s Spread, ok bool) {
	deviation, ok := Deviation(values)
	mean, err := quantiles.Mean(values)
	if !ok || err != nil || !(mean > 0) {
		return Spread{}, false
	}
	s.Low, _ = Quantile(values, 0)
	s.High, _ = Quantile(values, 1)
	s.CV = deviation / mean
	return s, true
}

// Slope is the least-squares slope of equally spaced values, as the change from the first to the last, and its two-sided p (Student's
// t). It needs four values.
func Slope(values []float64) (change, p float64, ok bool) {
	n := float64(len(values))
	if n < 4 {
		return 0, 1, false
	}
	mean, _ := moments(values)
	var xy, xx, yy float64
	for i, v := range values {
		x := float64(i)/(n-1) - 0.5
		xy, xx, yy = xy+x*(v-mean), xx+x*x, yy+(v-mean)*(v-mean)
	}
	slope := xy / xx
	left := max(0, yy-slope*xy)
	return slope, LogRatio{slope, math.Sqrt(left / (n - 2) / xx), n - 2}.P(), finite(slope)
}
