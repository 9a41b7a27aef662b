package stats

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// resamples is the number of bootstrap replicates: enough for the second digit of a bound at 95%.
const resamples = 4000

// A Pair is one task measured with two decoders, repeats averaged.
type Pair struct{ Base, Head float64 }

// A Fraction is one task's share of a pooled ratio, repeats summed: tokens over seconds.
type Fraction struct{ Num, Den float64 }

// Bootstrap is the percentile interval of a statistic over n tasks: tasks are drawn with replacement and the
// statistic is computed over the drawn indices. The same seed gives the same interval. Replicates that are not
// finite are left out.
func Bootstrap(n int, confidence float64, seed uint64, statistic func(tasks []int) float64) (Interval, bool) {
	if n <= 0 {
		return Interval{}, false
	}
	tasks := make([]int, n)
	for i := range tasks {
		tasks[i] = i
	}
	result := Interval{Value: statistic(tasks)}
	if !finite(result.Value) {
		return Interval{}, false
	}
	random := rand.New(rand.NewPCG(seed, 0x7461736b))
	values := make([]float64, 0, resamples)
	for range resamples {
		for i := range tasks {
			tasks[i] = random.IntN(n)
		}
		if v := statistic(tasks); finite(v) {
			values = append(values, v)
		}
	}
	result.Low, _ = Quantile(values, (1-confidence)/2)
	result.High, _ = Quantile(values, 1-(1-confidence)/2)
	if n < minTasks {
		result.Warnings = append(result.Warnings, needTasks(n))
	}
	return result, true
}

// Mean is the mean over tasks with its bootstrap interval.
func Mean(values []float64, confidence float64, seed uint64) (Interval, bool) {
	return Bootstrap(len(values), confidence, seed, func(tasks []int) float64 {
		sum := 0.0
		for _, i := range tasks {
			sum += values[i]
		}
		return sum / float64(len(tasks))
	})
}

// PooledRatio is sum(Num) / sum(Den) over tasks with its bootstrap interval: long tasks weigh more, as they do
// in the time that a person waits. A sum of denominators of 0 has no ratio.
func PooledRatio(parts []Fraction, confidence float64, seed uint64) (Interval, bool) {
	return Bootstrap(len(parts), confidence, seed, func(tasks []int) float64 {
		var num, den float64
		for _, i := range tasks {
			num += parts[i].Num
			den += parts[i].Den
		}
		return num / den
	})
}

// GeoMeanRatio is the geometric mean over tasks of Head/Base with its bootstrap interval: every task weighs the
// same, and exchanging base and head inverts it exactly. Pairs in which either side is not positive have no
// ratio; they are left out and a warning counts them.
func GeoMeanRatio(pairs []Pair, confidence float64, seed uint64) (Interval, bool) {
	var logs []float64
	for _, p := range pairs {
		if p.Base > 0 && p.Head > 0 {
			logs = append(logs, math.Log(p.Head/p.Base))
		}
	}
	result, ok := Mean(logs, confidence, seed)
	if !ok {
		return Interval{}, false
	}
	result.Value, result.Low, result.High = math.Exp(result.Value), math.Exp(result.Low), math.Exp(result.High)
	if left := len(pairs) - len(logs); left > 0 {
		result.Warnings = append(result.Warnings, fmt.Sprintf("%d of %d tasks have no ratio and are left out", left, len(pairs)))
	}
	return result, true
}

// PairedDifference is the mean over tasks of Head - Base with its bootstrap interval. It is meant for pass rates
// (values within [0,1]). Where no task differs a bootstrap sees no spread at all and would claim certainty; the
// bounds are then those of Clopper and Pearson for 0 differing tasks of n, 1 - ((1-confidence)/2)^(1/n).
func PairedDifference(pairs []Pair, confidence float64, seed uint64) (Interval, bool) {
	differences := make([]float64, len(pairs))
	same := true
	for i, p := range pairs {
		differences[i] = p.Head - p.Base
		same = same && differences[i] == 0
	}
	result, ok := Mean(differences, confidence, seed)
	if ok && same {
		bound := 1 - math.Pow((1-confidence)/2, 1/float64(len(pairs)))
		result.Low, result.High = -bound, bound
	}
	return result, ok
}

// finite is true of a number that is neither infinite nor NaN.
func finite(v float64) bool { return !math.IsInf(v, 0) && !math.IsNaN(v) }
