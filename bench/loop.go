package bench

import (
	"context"
	"fmt"
	"hash/fnv"
	"time"

	"tandem/bench/load"
	"tandem/decoders"
)

// A request is an example and when it is due, since its loop began.
type request struct {
	example
	due time.Duration
}

// A loop is how a group's requests follow each other.
type loop struct {
	flight
	began  time.Time
	shared bool            // several are in flight
	due    []time.Duration // of an open loop; nil: when one has been answered
	free   chan struct{}   // holds one for each further request that may be in flight
	rise   func(i int) int // of a closed loop, how many may be when the i-th is sent
	least  int             // that so far
}

// newLoop begins the loop of a group with at most most requests in flight.
func newLoop(g group, most int, seed uint64) *loop {
	s, _ := decoders.ParseName(g.decoder) // the zero value where a caller's decoder has a name of its own
	n := len(g.examples)
	l := &loop{began: time.Now(), shared: most > 1 || s.Rate > 0, free: make(chan struct{}, most+1), rise: func(int) int { return most }}
	if s.Rate > 0 && n > 0 {
		own := fnv.New64a()
		fmt.Fprint(own, seed, g.decoder, g.examples[0].sample, g.examples[0].repeat)
		l.due = load.Plan{Rate: s.Rate, Ramp: s.Ramp, Constant: s.Arrivals == decoders.Constant, Seed: own.Sum64()}.Schedule(n)
	} else if s.Ramp > 0 {
		l.rise = func(i int) int { return min(most, int(load.Rising(s.Ramp, float64(most), i, n))) }
	}
	return l
}

// send hands out the examples when each is due, until ctx ends.
func (l *loop) send(ctx context.Context, examples []example, waiting chan<- request) {
	for i, e := range examples {
		for ; l.least < l.rise(i); l.least++ {
			l.free <- struct{}{}
		}
		if l.due != nil && !sleepUntil(ctx, l.began.Add(l.due[i])) {
			return
		}
		select {
		case <-l.free:
		case <-ctx.Done():
			return
		}
		due := time.Since(l.began)
		if l.due != nil {
			due = l.due[i]
		}
		select {
		case waiting <- request{e, due}:
		case <-ctx.Done():
			return
		}
	}
}

// sleepUntil says whether ctx lasted as long.
func sleepUntil(ctx context.Context, at time.Time) bool {
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// begin puts a word before a prompt that only the requests of this decoder, sample and repeat have, so that no cache of an earlier
// repeat or another decoder holds its beginning. It is a comment in most languages.
func (e example) begin(r *decoders.Request) {
	own := fnv.New32a()
	fmt.Fprint(own, e.seed, "/", e.decoder, "/", e.sample, "/", e.repeat)
	word := fmt.Sprintf("# %08x\n", own.Sum32())
	if len(r.Messages) == 0 {
		r.Text = word + r.Text
		return
	}
	r.Messages = append([]decoders.Message{}, r.Messages...)
	r.Messages[0].Text = word + r.Messages[0].Text
}
