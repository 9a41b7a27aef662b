package stats

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"
)

// A LogRatio is the logarithm of a ratio of positive quantities, with its standard error and its degrees of freedom. It is what
// errors of several sources are added to, before it becomes an interval.
type LogRatio struct{ Value, Error, Freedom float64 }

// LogRatioOfRatios is the logarithm of RatioOfRatios, with the jackknife's standard error over tasks. ok is false where there is
// no ratio.
func LogRatioOfRatios(base, head []Fraction) (LogRatio, bool) {
	if len(base) != len(head) {
		return LogRatio{}, false
	}
	rows := make([][]float64, len(base))
	for i := range rows {
		rows[i] = []float64{head[i].Num, head[i].Den, base[i].Num, base[i].Den}
	}
	_, l, ok := logQuotient(rows, []float64{1, -1, -1, 1})
	return l, ok
}

// LogMean is the mean of the logarithms of positive values with its standard error: values of several runs, or rounds, each of
// which is one draw. It needs two of them.
func LogMean(values []float64) (LogRatio, bool) {
	logs := make([]float64, len(values))
	for i, v := range values {
		logs[i] = math.Log(v)
	}
	deviation, ok := Deviation(logs)
	mean, _ := moments(logs)
	n := float64(len(values))
	return LogRatio{mean, deviation / math.Sqrt(n), n - 1}, ok && finite(mean)
}

// Plus adds an independent error, of its own degrees of freedom: those of the sum are Welch's and Satterthwaite's (Satterthwaite
// 1946).
func (l LogRatio) Plus(deviation, freedom float64) LogRatio {
	a, b := l.Error*l.Error, deviation*deviation
	if b == 0 {
		return l
	}
	if !finite(a) { // a single task has no error of its own that is known
		return l
	}
	own := 0.0
	if a > 0 {
		own = a * a / max(1, l.Freedom)
	}
	return LogRatio{l.Value, math.Sqrt(a + b), (a + b) * (a + b) / (own + b*b/freedom)}
}

// Interval is the ratio with Student's interval on the logarithm.
func (l LogRatio) Interval(confidence float64) Interval {
	half := l.Half(confidence)
	return Interval{Value: math.Exp(l.Value), Low: math.Exp(l.Value - half), High: math.Exp(l.Value + half)}
}

// Half is half the width of that interval, on the logarithm.
func (l LogRatio) Half(confidence float64) float64 {
	if l.Error == 0 {
		return 0
	}
	return l.Error * studentQuantile(1-(1-confidence)/2, max(1, l.Freedom))
}

// P is the two-sided probability of a logarithm as far from 0, were the ratio 1.
func (l LogRatio) P() float64 {
	switch {
	case math.Abs(l.Value) < 1e-9: // equal, but for the rounding of sums
		return 1
	case l.Error == 0:
		return 0
	case !finite(l.Error):
		return 1
	}
	t, df := l.Value/l.Error, max(1, l.Freedom)
	return mathext.RegIncBeta(df/2, 0.5, df/(df+t*t))
}

// Holm adjusts the p of a family of tests, so that rejecting those below alpha is wrong in at most a share alpha of the families
// in which nothing has changed (Holm 1979). The order is kept.
func Holm(p []float64) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p[a], p[b]) })
	adjusted, largest := make([]float64, len(p)), 0.0
	for rank, i := range order {
		largest = max(largest, min(1, float64(len(p)-rank)*p[i]))
		adjusted[i] = largest
	}
	return adjusted
}
