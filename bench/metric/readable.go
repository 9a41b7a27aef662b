package metric

import (
	"time"

	"tandem/record"
)

// readableTimes is when each useful token of a record can be read, since decoding began. A token is readable
// when it and every token before it stand:
//
//	readable(i) = max over j <= i of committed(j)
//
// where committed(j) is the time of the forward after which position j never changed. It ends before the first
// position that was never committed.
func readableTimes(r record.Record) []time.Duration {
	var times []time.Duration
	var latest time.Duration
	for pos, step := range committedAt(r.Trace) {
		if pos >= r.Tokens || step < 0 {
			break
		}
		latest = max(latest, r.Trace[step].At)
		times = append(times, latest)
	}
	return times
}

// FirstReadable is the time to a record's first readable token, in seconds. A record without useful tokens has
// none. An endpoint's text is readable when nothing replaces it any more.
func FirstReadable(r record.Record) (seconds float64, ok bool) {
	if r.Reply != nil && r.Reply.FirstBlock != nil {
		return *r.Reply.FirstBlock, true
	}
	times := readableTimes(r)
	if len(times) == 0 {
		return 0, false
	}
	return times[0].Seconds(), true
}

// FirstTimes are the times to the first readable token of the tasks that have one.
func FirstTimes(times []TaskTime) (seconds []float64) {
	for _, t := range times {
		if t.First >= 0 {
			seconds = append(seconds, t.First)
		}
	}
	return seconds
}
