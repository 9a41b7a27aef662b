package load

import (
	"math"
	"slices"
	"time"

	"tandem/record"
)

// Figures are sums over the requests of one decoder.
type Figures struct {
	requests []request
	engine   engine
	loops    map[time.Time]*span
	chunks   int
	busy     float64 // seconds in which there was a request, of answers alone
}

// A request is one of them, in seconds from the moment that it was due; -1 where there is no such moment.
type request struct {
	first, whole float64
	failed       bool
}

// A span is a loop: its requests, when the last one was due, and when the last answer ended.
type span struct {
	requests      int
	due, from, to float64
	ours          counts
	failed        bool
}

// Add takes in a record of an endpoint.
func (f *Figures) Add(r record.Record) {
	if r.Reply == nil {
		return
	}
	late := r.Reply.Waited
	own := &span{}
	if a := r.Reply.Arrival; a != nil {
		late = a.Late
		own = f.span(*a, r)
	}
	f.engine.add(r, own)
	one := request{first: -1, whole: late + r.Seconds, failed: r.Err != ""}
	if at := r.Reply.FirstBlock; at != nil {
		one.first = late + *at
	}
	f.requests = append(f.requests, one)
	if r.Err == "" {
		f.chunks, f.busy = f.chunks+r.Reply.Chunks, f.busy+r.Cost()
	}
}

// span takes a request into its loop.
func (f *Figures) span(a record.Arrival, r record.Record) *span {
	if f.loops == nil {
		f.loops = map[time.Time]*span{}
	}
	s := f.loops[a.Loop]
	if s == nil {
		s = &span{from: math.Inf(1)}
		f.loops[a.Loop] = s
	}
	s.requests++
	s.from, s.due, s.to = min(s.from, a.Due), max(s.due, a.Due), max(s.to, a.Due+a.Late+r.Seconds)
	return s
}

// Offered is the rate of an open loop as its schedule turned out: requests a second between the first and the last that was due.
func (f *Figures) Offered() (float64, bool) {
	gaps, seconds := 0, 0.0
	for _, s := range f.loops {
		gaps, seconds = gaps+s.requests-1, seconds+s.due-s.from
	}
	return float64(gaps) / seconds, gaps > 0 && seconds > 0
}

// seconds are those of all loops, each from the first request that was due to the last answer.
func (f *Figures) seconds() (sum float64) {
	for _, s := range f.loops {
		sum += s.to - s.from
	}
	return sum
}

// Achieved is the answers a second, each loop taken from its first request to its last answer: the end, at which fewer are in
// flight, is in it. It needs loops.
func (f *Figures) Achieved() (float64, bool) { return f.Goodput(Objectives{}) }

// Goodput is the answers a second that met the objectives.
func (f *Figures) Goodput(o Objectives) (float64, bool) {
	good := 0
	for _, r := range f.requests {
		if o.met(r) {
			good++
		}
	}
	seconds := f.seconds()
	return float64(good) / seconds, seconds > 0
}

// Good is the share of all requests, failed ones included, that met the objectives.
func (f *Figures) Good(o Objectives) (float64, bool) {
	good := 0
	for _, r := range f.requests {
		if o.met(r) {
			good++
		}
	}
	return float64(good) / float64(len(f.requests)), len(f.requests) > 0
}

// Chunks is how many events with text a second this client read while there was a request.
func (f *Figures) Chunks() (float64, bool) { return float64(f.chunks) / f.busy, f.busy > 0 }

// leastForP99 is the least number of answers for a 99th percentile: below it, it is the largest or next to it.
const leastForP99 = 100

// Quantiles of a latency, in seconds from the moment that a request was due.
type Quantiles struct {
	P50 float64  `json:"p50"`
	P90 float64  `json:"p90"`
	P99 *float64 `json:"p99,omitempty"` // from 100 answers on
}

// First are the quantiles of the time to the first text that stays, Whole those of the time to the end. Failed requests are in neither.
func (f *Figures) First() (Quantiles, bool) {
	return f.quantiles(func(r request) float64 { return r.first })
}

// Whole is like First.
func (f *Figures) Whole() (Quantiles, bool) {
	return f.quantiles(func(r request) float64 { return r.whole })
}

func (f *Figures) quantiles(of func(request) float64) (q Quantiles, ok bool) {
	var values []float64
	for _, r := range f.requests {
		if v := of(r); !r.failed && v >= 0 {
			values = append(values, v)
		}
	}
	if len(values) == 0 {
		return q, false
	}
	slices.Sort(values)
	q = Quantiles{P50: quantile(values, 0.5), P90: quantile(values, 0.9)}
	if len(values) >= leastForP99 {
		p := quantile(values, 0.99)
		q.P99 = &p
	}
	return q, true
}

// quantile is that of sorted values, type 7 of Hyndman and Fan (1996), which NumPy and R take, too.
func quantile(sorted []float64, p float64) float64 {
	at := p * float64(len(sorted)-1)
	low := int(at)
	high := min(low+1, len(sorted)-1)
	return sorted[low] + (at-float64(low))*(sorted[high]-sorted[low])
}
