// Package metric says what each figure of a report is, with its formula in its doc. The way through it:
//
//  1. A Fold takes one decoder's records in, one at a time, and keeps sums for each task (fold.go): the task is the unit that
//     statistics resample, because repeats of one task are not independent.
//  2. Fold.Times gives for each task what a decoding of it takes: medians over undisturbed repeats (task.go).
//  3. Speeds are ratios of sums over those: tokens/s = TokensPerForward x ForwardsPerSecond. The first factor belongs to the model
//     and its commit policy, the second to the engine and the machine.
//  4. Two decoders are compared over the same tasks: ForwardCost, BreakEven (compare.go).
//  5. Time to readable text is what a person sees of an order that is not left to right (readable.go).
//  6. Quality is a share of tasks (quality.go, passk.go).
//
// Tokens are useful tokens: generated, up to and without the first EOS, never prompt, padding or mask. Seconds
// are those of decoding alone. Records with an error of decoding count in Counts.Errors and nowhere else. A metric that
// does not apply returns ok false: that is neither 0 nor NaN, and a report leaves it out.
package metric

// sum adds a quantity over tasks.
func sum(times []TaskTime, of func(TaskTime) float64) (total float64) {
	for _, t := range times {
		total += of(t)
	}
	return total
}

// ratio is num/den where den is positive.
func ratio(num, den float64) (float64, bool) {
	if den <= 0 {
		return 0, false
	}
	return num / den, true
}

// mean is the arithmetic mean of at least one value.
func mean(values []float64) (float64, bool) {
	total := 0.0
	for _, v := range values {
		total += v
	}
	return ratio(total, float64(len(values)))
}

func tokens(t TaskTime) float64   { return t.Tokens }
func forwards(t TaskTime) float64 { return t.Forwards }
func cost(t TaskTime) float64     { return t.Cost }
func waited(t TaskTime) float64   { return t.Seconds }
func once(TaskTime) float64       { return 1 }

// A Ratio is a metric that is sum(Num) / sum(Den) over tasks. Its interval is made of what both are for each task.
type Ratio struct{ Num, Den func(TaskTime) float64 }

// Of is the metric over tasks; it does not apply where sum(Den) is not positive.
func (r Ratio) Of(times []TaskTime) (float64, bool) {
	return ratio(sum(times, r.Num), sum(times, r.Den))
}

// The metrics that reports give with their intervals.
var (
	TokensPerSecond  = Ratio{tokens, cost}     // useful tokens per second, pooled over tasks
	TokensPerForward = Ratio{tokens, forwards} // useful tokens per forward, the TPF
	SecondsPerTask   = Ratio{waited, once}     // mean over tasks of the seconds that one waits for a decoding
)

// ForwardsPerSecond is sum(forwards) / sum(seconds).
func ForwardsPerSecond(times []TaskTime) (float64, bool) {
	n := sum(times, forwards)
	if n == 0 {
		return 0, false
	}
	return ratio(n, sum(times, cost))
}

// DecodeTokensPerSecond is the speed after the prompt was read:
// sum(useful tokens - those that a prefill committed) / sum(seconds - time of the prefill forwards).
func DecodeTokensPerSecond(times []TaskTime) (float64, bool) {
	for _, t := range times {
		if t.Decode <= 0 {
			return 0, false
		}
	}
	return ratio(sum(times, func(t TaskTime) float64 { return t.Generated }), sum(times, func(t TaskTime) float64 { return t.Decode }))
}

// CeilingShare is sum(ideal seconds) / sum(seconds) over the tasks that have an ideal: how near the forwards
// came to the ceilings that were measured in the same run. The rest is what a better engine could win.
func CeilingShare(times []TaskTime) (float64, bool) {
	limited := withIdeal(times)
	return ratio(sum(limited, func(t TaskTime) float64 { return t.Ideal }), sum(limited, cost))
}

// CeilingTokensPerSecond is sum(useful tokens) / sum(ideal seconds): the speed of the same forwards at the
// ceilings of the machine.
func CeilingTokensPerSecond(times []TaskTime) (float64, bool) {
	limited := withIdeal(times)
	return ratio(sum(limited, tokens), sum(limited, func(t TaskTime) float64 { return t.Ideal }))
}

// withIdeal keeps the tasks whose ideal time is known.
func withIdeal(times []TaskTime) []TaskTime {
	var limited []TaskTime
	for _, t := range times {
		if t.Ideal > 0 {
			limited = append(limited, t)
		}
	}
	return limited
}
