package metric

import "tandem/record"

// Forwards is the NFE: sum(forward passes executed). Prefills, K/V stores and cache refreshes count.
func Forwards(records []record.Record) int {
	return sum(records, func(r record.Record) int { return len(r.Trace) })
}

// ForwardsByKind is Forwards, split by what the passes were for.
func ForwardsByKind(records []record.Record) map[record.Kind]int {
	kinds := map[record.Kind]int{}
	for _, r := range records {
		if r.Err != "" {
			continue
		}
		for _, step := range r.Trace {
			kinds[step.Kind]++
		}
	}
	return kinds
}

// TokensPerForward is sum(useful tokens) / sum(forwards), the TPF.
func TokensPerForward(records []record.Record) (float64, bool) {
	return ratio(float64(Tokens(records)), float64(Forwards(records)))
}

// ForwardsPerSecond is sum(forwards) / sum(seconds).
func ForwardsPerSecond(records []record.Record) (float64, bool) {
	forwards := Forwards(records)
	if forwards == 0 {
		return 0, false
	}
	return ratio(float64(forwards), Seconds(records))
}

// Positions is sum(rows) over all forwards: the positions that were computed, prompt included.
func Positions(records []record.Record) int {
	return sum(records, func(r record.Record) int {
		rows := 0
		for _, step := range r.Trace {
			rows += step.Rows
		}
		return rows
	})
}

// TokensPerForwardHistogram counts forwards by the useful tokens that they settled: h[n] forwards settled n.
// A token belongs to the forward after which its position never changed, so sum(n*h[n]) is the number of useful
// tokens and sum(h[n]) is Forwards.
func TokensPerForwardHistogram(records []record.Record) []int {
	var h []int
	for _, r := range records {
		if r.Err != "" {
			continue
		}
		for _, n := range settledByStep(r) {
			for n >= len(h) {
				h = append(h, 0)
			}
			h[n]++
		}
	}
	return h
}

// settledByStep is, for each step of the trace, how many useful tokens it settled for good.
func settledByStep(r record.Record) []int {
	counts := make([]int, len(r.Trace))
	for pos, step := range settledAt(r.Trace) {
		if pos < r.Tokens && step >= 0 {
			counts[step]++
		}
	}
	return counts
}

// settledAt is, for each output position, the index of the step after which its token never changed; -1 where
// nothing was committed. A commit of the token that stands there already changes nothing.
func settledAt(trace record.Trace) []int {
	var at []int
	var tokens []int32
	for i, step := range trace {
		for _, c := range step.Commits {
			for int(c.Pos) >= len(at) {
				at, tokens = append(at, -1), append(tokens, -1)
			}
			if tokens[c.Pos] != c.Token {
				at[c.Pos], tokens[c.Pos] = i, c.Token
			}
		}
	}
	return at
}

// ForwardTimes are the means over decodings of what a task takes, in seconds and tokens.
type ForwardTimes struct {
	Seconds float64 // the whole decoding
	First   float64 // its first forward, which takes the prompt in
	Later   float64 // one of the others
	Tokens  float64 // useful tokens
}

// Forwarding is sum(seconds)/decodings, sum(seconds of first forwards)/decodings, sum(seconds of other
// forwards)/sum(other forwards) and sum(useful tokens)/decodings, over the records without an Err. A forward's time
// is the difference of the times at which it and the one before it ended. False where there is no second
// forward, and in a batch, whose forwards are of several decodings.
func Forwarding(records []record.Record) (f ForwardTimes, ok bool) {
	decodings, others := 0, 0
	for _, r := range records {
		if r.Err != "" || len(r.Trace) == 0 {
			continue
		}
		if r.Share > 0 {
			return ForwardTimes{}, false
		}
		first, last := r.Trace[0].At.Seconds(), r.Trace[len(r.Trace)-1].At.Seconds()
		decodings++
		others += len(r.Trace) - 1
		f.Seconds += r.Seconds
		f.First += first
		f.Later += last - first
		f.Tokens += float64(r.Tokens)
	}
	if others == 0 || f.Later <= 0 {
		return ForwardTimes{}, false
	}
	n := float64(decodings)
	return ForwardTimes{f.Seconds / n, f.First / n, f.Later / float64(others), f.Tokens / n}, true
}
