package decoders

import (
	"slices"
	"time"

	"tandem/record"
)

// Useful are the output tokens before the first EOS. A position that was never committed ends them, too.
func Useful(trace record.Trace, eos []int32) []int32 {
	tokens := trace.Tokens()
	for i, token := range tokens {
		if token < 0 || slices.Contains(eos, token) {
			return tokens[:i]
		}
	}
	return tokens
}

// Stopped says why a finished decoding ended.
func Stopped(trace record.Trace, eos []int32) record.Stop {
	tokens := trace.Tokens()
	if n := len(Useful(trace, eos)); n < len(tokens) && tokens[n] >= 0 {
		return record.StopEOS
	}
	return record.StopLength
}

// Readable is the time at which each output token could be read: for token i, the latest commit time of the tokens 0 to i.
// Where a token was committed more than once, the last commit counts. Tokens behind a position that was never committed have
// no time.
func Readable(trace record.Trace) []time.Duration {
	at := make([]time.Duration, len(trace.Tokens()))
	for i := range at {
		at[i] = -1
	}
	for _, step := range trace {
		for _, c := range step.Commits {
			at[c.Pos] = step.At
		}
	}
	for i := range at {
		if at[i] < 0 {
			return at[:i]
		}
		if i > 0 {
			at[i] = max(at[i], at[i-1])
		}
	}
	return at
}
