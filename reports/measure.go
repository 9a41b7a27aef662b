package reports

import (
	"math"
	"math/rand/v2"
	"slices"

	"tandem/record"
)

// resamples is the number of bootstrap samples behind an interval; the seed is fixed, so a report is the same
// whenever it is rebuilt.
const resamples = 2000

// z95 is the two-sided 95% quantile of the normal distribution.
const z95 = 1.959963984540054

// wilson returns the score interval of passed successes in n trials (Wilson 1927), which stays inside [0, 1].
func wilson(passed, n int) *Interval {
	if n == 0 {
		return nil
	}
	p, m := float64(passed)/float64(n), float64(n)
	mid := (p + z95*z95/(2*m)) / (1 + z95*z95/m)
	half := z95 / (1 + z95*z95/m) * math.Sqrt(p*(1-p)/m+z95*z95/(4*m*m))
	return &Interval{Value: p, Low: max(0, mid-half), High: min(1, mid+half)}
}

// bootstrap resamples n tasks with replacement and returns value over all of them with the 2.5% and 97.5%
// quantiles over the resamples. Tasks are the clusters: repeats of a task move together.
func bootstrap(n int, value func(tasks []int) float64) *Interval {
	if n == 0 {
		return nil
	}
	tasks := make([]int, n)
	for i := range tasks {
		tasks[i] = i
	}
	out := &Interval{Value: value(tasks)}
	source := rand.New(rand.NewPCG(1, 2))
	values := make([]float64, resamples)
	for k := range values {
		for i := range tasks {
			tasks[i] = source.IntN(n)
		}
		values[k] = value(tasks)
	}
	slices.Sort(values)
	out.Low, out.High = values[resamples*25/1000], values[resamples*975/1000-1]
	return out
}

// mcNemar is the exact two-sided p of b against c discordant pairs: a sign test, min(1, 2 P[X <= min(b, c)])
// with X binomial(b+c, 1/2).
func mcNemar(b, c int) float64 {
	n, sum := b+c, 0.0
	for k := 0; k <= min(b, c); k++ {
		a, _ := math.Lgamma(float64(n + 1))
		x, _ := math.Lgamma(float64(k + 1))
		y, _ := math.Lgamma(float64(n - k + 1))
		sum += math.Exp(a - x - y - float64(n)*math.Ln2)
	}
	return min(1, 2*sum)
}

// firstReadable is the time in seconds at which output position 0 got its final token; false where none did.
func firstReadable(r record.Record) (float64, bool) {
	if r.Tokens == 0 {
		return 0, false
	}
	at, found := 0.0, false
	for _, step := range r.Trace {
		for _, c := range step.Commits {
			if c.Pos == 0 {
				at, found = step.At.Seconds(), true
			}
		}
	}
	return at, found
}

// positions sums the rows of all forwards.
func positions(t record.Trace) (rows int) {
	for _, step := range t {
		rows += step.Rows
	}
	return rows
}
