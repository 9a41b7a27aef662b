package stats

import (
	"fmt"
	"math"

	moremath "github.com/aclements/go-moremath/stats"
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

// A Comparison is two unpaired samples of one measure, as benchstat compares them.
type Comparison struct {
	Base, Head Interval // medians
	P          float64  // of the two-sided Mann-Whitney U test
	Differs    bool     // P < alpha
	Warnings   []string
}

// TwoSamples compares two runs that share nothing but the benchmark, without assuming a distribution: medians
// with intervals from order statistics, and the Mann-Whitney U test. Too few samples cannot show a difference
// at all; a warning then says how many are needed. An empty sample is not comparable: ok is false.
func TwoSamples(base, head []float64, alpha float64) (c Comparison, ok bool) {
	if len(base) == 0 || len(head) == 0 {
		return Comparison{}, false
	}
	c.Base, c.Head = medianInterval(base, 1-alpha), medianInterval(head, 1-alpha)
	c.P = 1 // all values equal: nothing differs
	if test, err := moremath.MannWhitneyUTest(base, head, moremath.LocationDiffers); err == nil {
		c.P = test.P
	}
	c.Differs = c.P < alpha
	if smallest := smallestP(len(base), len(head)); smallest >= alpha {
		c.Warnings = append(c.Warnings, fmt.Sprintf("need >= %d samples to detect a difference at alpha %g", samplesFor(alpha), alpha))
	}
	return c, true
}

// medianInterval is the median with the narrowest order-statistic interval that holds the confidence. With too
// few values the interval is the whole range, and a warning says how many are needed.
func medianInterval(values []float64, confidence float64) Interval {
	median, _ := Quantile(values, 0.5)
	low, _ := Quantile(values, 0)
	high, _ := Quantile(values, 1)
	ci := moremath.QuantileCI(len(values), 0.5, confidence)
	if ci.LoOrder < 1 || ci.HiOrder > len(values) {
		need := int(math.Ceil(1 - math.Log2(1-confidence)))
		return Interval{median, low, high, []string{
			fmt.Sprintf("need >= %d samples for a median interval at %g%%", need, 100*confidence)}}
	}
	_, low, high = ci.SampleCI(moremath.Sample{Xs: values})
	return Interval{Value: median, Low: low, High: high}
}

// smallestP is the smallest p that a two-sided Mann-Whitney test of these sizes can give: 2 / C(n+m, n).
func smallestP(n, m int) float64 { return 2 * math.Exp(-logChoose(n+m, n)) }

// samplesFor is the smallest equal size of two samples whose test can reach alpha.
func samplesFor(alpha float64) int {
	n := 1
	for smallestP(n, n) >= alpha {
		n++
	}
	return n
}
