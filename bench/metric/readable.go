package metric

import (
	"time"

	"tandem/record"
)

// ReadableTimes is when each useful token of a record can be read, since decoding began. A token is readable
// when it and every token before it stand:
//
//	readable(i) = max over j <= i of settled(j)
//
// where settled(j) is the time of the forward after which position j never changed. It ends before the first
// position that was never committed.
func ReadableTimes(r record.Record) []time.Duration {
	var times []time.Duration
	var latest time.Duration
	for pos, step := range settledAt(r.Trace) {
		if pos >= r.Tokens || step < 0 {
			break
		}
		latest = max(latest, r.Trace[step].At)
		times = append(times, latest)
	}
	return times
}

// FirstReadable is the time to a record's first readable token, in seconds. A record without useful tokens has
// none.
func FirstReadable(r record.Record) (seconds float64, ok bool) {
	times := ReadableTimes(r)
	if len(times) == 0 {
		return 0, false
	}
	return times[0].Seconds(), true
}

// SecondsToFirstToken is the mean over tasks of the mean FirstReadable of the task's records.
func SecondsToFirstToken(records []record.Record) (float64, bool) {
	return mean(PerTask(records, FirstReadable))
}

// ReadableLatencies is the pause before each readable token after the first, in seconds, over all records:
// readable(i) - readable(i-1). Tokens that become readable together have a latency of 0 but for the first of
// them, so the distribution shows how a decoder's text arrives: evenly, or in bursts.
func ReadableLatencies(records []record.Record) []float64 {
	var gaps []float64
	for _, r := range records {
		if r.Err != "" {
			continue
		}
		times := ReadableTimes(r)
		for i := 1; i < len(times); i++ {
			gaps = append(gaps, (times[i] - times[i-1]).Seconds())
		}
	}
	return gaps
}
