// Package metric says what each figure of a report is: one pure function a metric, over the records of one
// decoder, with its formula in its doc. The way through it:
//
//  1. ByDecoder splits a run; ByTask splits a decoder's records, because the task is the unit that statistics
//     resample: repeats of one task are not independent.
//  2. Speed is two factors: tokens/s = TokensPerForward x ForwardsPerSecond. The first belongs to the model and
//     its commit policy, the second to the engine and the machine.
//  3. Time to readable text is what a person sees of an order that is not left to right (readable.go).
//  4. Quality is a share of tasks (quality.go).
//
// Tokens are useful tokens: generated, up to and without the first EOS, never prompt, padding or mask. Seconds
// are those of decoding alone. Records with an error of decoding count in Errors and nowhere else. A metric that
// does not apply returns ok false: that is neither 0 nor NaN, and a report leaves it out.
package metric

import (
	"cmp"
	"slices"
	"time"

	"tandem/record"
)

// ByDecoder splits records by decoder; the groups are sorted by name and keep the order of their records.
func ByDecoder(records []record.Record) [][]record.Record {
	return group(records, func(r record.Record) string { return r.Decoder })
}

// ByTask splits records by task; the groups are sorted by task.
func ByTask(records []record.Record) [][]record.Record {
	return group(records, func(r record.Record) string { return r.Task })
}

// group splits records by key into groups sorted by key; the order within a group is kept.
func group(records []record.Record, key func(record.Record) string) [][]record.Record {
	sorted := slices.Clone(records)
	slices.SortStableFunc(sorted, func(a, b record.Record) int { return cmp.Compare(key(a), key(b)) })
	var groups [][]record.Record
	for i, r := range sorted {
		if i == 0 || key(r) != key(sorted[i-1]) {
			groups = append(groups, nil)
		}
		last := len(groups) - 1
		groups[last] = append(groups[last], r)
	}
	return groups
}

// sum adds a quantity over the records that were decoded without error.
func sum[N int | int64 | float64](records []record.Record, of func(record.Record) N) (total N) {
	for _, r := range records {
		if r.Err == "" {
			total += of(r)
		}
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

// Tokens is sum(useful tokens).
func Tokens(records []record.Record) int {
	return sum(records, func(r record.Record) int { return r.Tokens })
}

// CanvasTokens is sum(output positions ever committed), EOS and beyond included: what was written, of which
// Tokens is what was of use.
func CanvasTokens(records []record.Record) int {
	return sum(records, func(r record.Record) int { return r.Canvas })
}

// Seconds is sum(wall-clock of decoding); of a batch's, each record has its share.
func Seconds(records []record.Record) float64 { return sum(records, record.Record.Cost) }

// TokensPerSecond is sum(useful tokens) / sum(seconds), pooled over records.
func TokensPerSecond(records []record.Record) (float64, bool) {
	return ratio(float64(Tokens(records)), Seconds(records))
}

// DecodeTokensPerSecond is the speed after the prompt was read:
// sum(useful tokens - those that a prefill settled) / sum(seconds - time of the prefill forwards).
func DecodeTokensPerSecond(records []record.Record) (float64, bool) {
	var tokens, seconds float64
	for _, r := range records {
		if r.Err != "" || len(r.Trace) == 0 {
			continue
		}
		if r.Share > 0 { // in a batch one's prefill is another's decoding
			return 0, false
		}
		tokens += float64(r.Tokens)
		seconds += r.Seconds
		settled := settledByStep(r)
		var began time.Duration
		for i, step := range r.Trace {
			if step.Kind == record.Prefill {
				tokens -= float64(settled[i])
				seconds -= (step.At - began).Seconds()
			}
			began = step.At
		}
	}
	return ratio(tokens, seconds)
}

// SecondsPerTask is the mean over tasks of the mean seconds of the task's records.
func SecondsPerTask(records []record.Record) (float64, bool) {
	return mean(PerTask(records, func(r record.Record) (float64, bool) { return r.Seconds, true }))
}

// PerTask is, for each task in sorted order, the mean of a quantity over the task's records that have it; tasks
// without any are left out. It is the sample that intervals over tasks are computed from.
func PerTask(records []record.Record, of func(record.Record) (float64, bool)) []float64 {
	var means []float64
	for _, task := range ByTask(records) {
		var values []float64
		for _, r := range task {
			if v, ok := of(r); ok && r.Err == "" {
				values = append(values, v)
			}
		}
		if m, ok := mean(values); ok {
			means = append(means, m)
		}
	}
	return means
}

// mean is the arithmetic mean of at least one value.
func mean(values []float64) (float64, bool) {
	total := 0.0
	for _, v := range values {
		total += v
	}
	return ratio(total, float64(len(values)))
}

// PeakMemory is max(peak memory), in bytes: weights, K/V and activations.
func PeakMemory(records []record.Record) (bytes int64, ok bool) {
	for _, r := range records {
		if r.Err == "" {
			bytes = max(bytes, r.PeakMemory)
		}
	}
	return bytes, bytes > 0
}

// Busy is sum(busy x seconds) / sum(seconds) over the records that say it: the share of its threads' time that the process
// had a processor. Threads that wait for each other spin, so an undisturbed run is near 1, and what lacks to 1 is time
// that other work took.
func Busy(records []record.Record) (float64, bool) {
	var known []record.Record
	for _, r := range records {
		if r.Err == "" && r.Busy > 0 {
			known = append(known, r)
		}
	}
	return ratio(sum(known, func(r record.Record) float64 { return r.Busy * r.Cost() }), Seconds(known))
}

// CeilingShare is sum(ideal seconds) / sum(seconds) over the records that have an ideal: how near the forwards
// came to the ceilings that were measured in the same run. The rest is what a better engine could win.
func CeilingShare(records []record.Record) (float64, bool) {
	limited := withIdeal(records)
	return ratio(sum(limited, func(r record.Record) float64 { return r.Ideal }), Seconds(limited))
}

// CeilingTokensPerSecond is sum(useful tokens) / sum(ideal seconds): the speed of the same forwards at the
// ceilings of the machine.
func CeilingTokensPerSecond(records []record.Record) (float64, bool) {
	limited := withIdeal(records)
	return ratio(float64(Tokens(limited)), sum(limited, func(r record.Record) float64 { return r.Ideal }))
}

// withIdeal keeps the records whose ideal time is known.
func withIdeal(records []record.Record) []record.Record {
	var limited []record.Record
	for _, r := range records {
		if r.Ideal > 0 {
			limited = append(limited, r)
		}
	}
	return limited
}
