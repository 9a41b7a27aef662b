package stats

import (
	"math"
	"sort"
)

// A Pair is one task measured with two decoders, repeats averaged.
type Pair struct{ Base, Head float64 }

// PairedDifference is the mean over tasks of Head - Base, for pass rates: each value lies within [0,1]. Other values,
// or none, have no such difference and ok is false.
//
// The difference is what the head gains on some tasks less what it loses on others. Each of the two shares has the
// bounds of Clopper and Pearson, and the bounds of the difference are squared and added from them (Newcombe 1998,
// method 10; Zou and Donner 2008), with the correlation of gains and losses. So they stay honest where no task
// differs: there they are those of 0 differing tasks of n, 1 - ((1-confidence)/2)^(1/n), and every task that is lost
// lowers the lower one.
//
// Note: Student's t and the bootstrap see no spread where a few tasks differ and claim too much: with 2% of 164 tasks
// lost they are wrong in one run of eight.
func PairedDifference(pairs []Pair, confidence float64) (Interval, bool) {
	d, ok := differ(pairs)
	if !ok {
		return Interval{}, false
	}
	return d.interval(len(pairs), confidence), true
}

// NonInferior says whether the head is at most margin worse than the base: the whole interval of the difference
// head - base lies above -margin. It is a claim that data must earn, not the absence of a significant difference.
func NonInferior(difference Interval, margin float64) bool {
	return difference.Low > -margin
}

// RequiredTasks is the sample size that shows non-inferiority by PairedDifference's interval (Blackwelder 1982): the
// smallest number of tasks at which, with gains and losses as frequent as in the pairs seen, the interval's lower bound lies
// above -margin. Other tasks will not have exactly these rates, so near them it is shown about every other time. Where it
// never would be, since the difference seen is not above -margin, or by so little that a million tasks do not show it, and
// where PairedDifference is not ok, ok is false.
func RequiredTasks(pairs []Pair, margin, confidence float64) (n int, ok bool) {
	const most = 1_000_000
	d, ok := differ(pairs)
	if !ok {
		return 0, false
	}
	n = 1 + sort.Search(most, func(i int) bool { return NonInferior(d.interval(1+i, confidence), margin) })
	return n, n <= most
}

// difference is what paired differences say beyond their number.
type difference struct {
	gain, loss  share
	correlation float64 // of a task's gain and its loss
}

// A share is a mean over tasks of values within [0,1].
type share struct {
	mean float64
	size float64 // answers right or wrong that tell as much about the mean as one task does, at least 1
}

// differ sums up the differences of pairs of values within [0,1].
func differ(pairs []Pair) (d difference, ok bool) {
	gains, losses := make([]float64, len(pairs)), make([]float64, len(pairs))
	for i, p := range pairs {
		if !(min(p.Base, p.Head) >= 0 && max(p.Base, p.Head) <= 1) {
			return difference{}, false
		}
		gains[i], losses[i] = max(0, p.Head-p.Base), max(0, p.Base-p.Head)
	}
	gain, gainVariance := moments(gains)
	loss, lossVariance := moments(losses)
	d = difference{gain: newShare(gain, gainVariance), loss: newShare(loss, lossVariance)}
	if spread := math.Sqrt(gainVariance * lossVariance); spread > 0 {
		d.correlation = -gain * loss / spread // no task both gains and loses: the mean product is 0
	}
	return d, len(pairs) > 0
}

// newShare is the share of the given mean and variance. Averages of repeats vary less from task to task than single
// answers do, whose variance is mean*(1-mean), so each is worth several (Korn and Graubard 1998, the effective sample size).
func newShare(mean, variance float64) share {
	const rounding = 1e-12 // a variance of equal values, summed in floating point
	if variance < rounding {
		return share{mean, 1}
	}
	return share{mean, max(1, mean*(1-mean)/variance)}
}

// bounds are the share's on n tasks.
func (s share) bounds(n int, confidence float64) (low, high float64) {
	size := s.size * float64(n)
	return clopperPearson(s.mean*size, size, confidence)
}

// interval is the difference's on n tasks.
func (d difference) interval(n int, confidence float64) Interval {
	gainLow, gainHigh := d.gain.bounds(n, confidence)
	lossLow, lossHigh := d.loss.bounds(n, confidence)
	add := func(a, b float64) float64 { return math.Sqrt(max(0, a*a+b*b-2*d.correlation*a*b)) }
	value := d.gain.mean - d.loss.mean
	return Interval{
		Value:    value,
		Low:      max(-1, value-add(d.gain.mean-gainLow, lossHigh-d.loss.mean)),
		High:     min(1, value+add(gainHigh-d.gain.mean, d.loss.mean-lossLow)),
		Warnings: fewTasks(n),
	}
}
