// Package load is how a server is loaded, and what its answers then say of it. A caller
//
//  1. takes a Schedule: when each request of an open loop is due, whether others were answered or not;
//  2. adds each record to Figures: rates that were offered and achieved, latencies from the moment a request was due, and goodput, the
//     requests a second that were answered within Objectives;
//  3. asks of a sweep where the server is saturated (Saturation).
//
// The loops themselves are bench's, the client's own ceiling is measured by package ceiling.
package load

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// A Plan is an open loop's: requests a second, evenly spaced or at random, rising evenly from Ramp to Rate over the requests where Ramp is
// above 0.
type Plan struct {
	Rate, Ramp float64
	Constant   bool // evenly; else a Poisson process
	Seed       uint64
}

// Schedule is when each of n requests is due, since the loop began; the first at once.
func (p Plan) Schedule(n int) []time.Duration {
	random := rand.New(rand.NewPCG(p.Seed, 0x6c6f6164))
	due, at := make([]time.Duration, n), 0.0
	for i := range due {
		due[i] = time.Duration(at * float64(time.Second))
		gap := 1.0
		if !p.Constant {
			gap = random.ExpFloat64()
		}
		at += gap / Rising(p.Ramp, p.Rate, i, n)
	}
	return due
}

// Rising is the i-th of n values that rise evenly from one to another; a from of 0 does not rise.
func Rising(from, to float64, i, n int) float64 {
	if from <= 0 || n < 2 {
		return to
	}
	return from + (to-from)*float64(i)/float64(n-1)
}

// Objectives are the most that an answer may take to count as good, in seconds; 0: any time.
type Objectives struct {
	First float64 `json:"first,omitempty"` // to the first text that stays
	Whole float64 `json:"whole,omitempty"`
}

// ParseObjectives reads "first=500ms,whole=5s"; "" are none.
func ParseObjectives(text string) (o Objectives, err error) {
	if text == "" {
		return o, nil
	}
	fields := map[string]*float64{"first": &o.First, "whole": &o.Whole}
	for part := range strings.SplitSeq(text, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		field := fields[key]
		limit, err := time.ParseDuration(value)
		if field == nil || err != nil || limit <= 0 || *field != 0 {
			return o, fmt.Errorf("%q is no objective: write first=500ms, whole=5s or both with a comma", part)
		}
		*field = limit.Seconds()
	}
	return o, nil
}

// String is the objectives as they are read.
func (o Objectives) String() string {
	var parts []string
	for _, f := range []struct {
		name    string
		seconds float64
	}{{"first", o.First}, {"whole", o.Whole}} {
		if f.seconds > 0 {
			parts = append(parts, f.name+"="+time.Duration(f.seconds*float64(time.Second)).String())
		}
	}
	return strings.Join(parts, ",")
}

// met says whether an answer is good.
func (o Objectives) met(r request) bool {
	return !r.failed && (o.First == 0 || r.first >= 0 && r.first <= o.First) && (o.Whole == 0 || r.whole <= o.Whole)
}

// A Point is one decoder of a sweep: what was asked for (a rate or a concurrency), and the requests a second that came of it.
type Point struct{ Asked, Good float64 }

// noRise is the share by which requests a second must grow to count as rising.
const noRise = 0.05

// Saturation is the first point of a sweep beyond which nothing is gained: no point that asks for more gives 5% more. reached is false
// where the last point still does; a sweep needs two points.
func Saturation(points []Point) (at Point, reached bool) {
	points = slices.SortedFunc(slices.Values(points), func(a, b Point) int {
		if a.Asked < b.Asked {
			return -1
		}
		return 1
	})
	for i, p := range points {
		if i == len(points)-1 {
			return p, false
		}
		if !slices.ContainsFunc(points[i+1:], func(q Point) bool { return q.Good > (1+noRise)*p.Good }) {
			return p, true
		}
	}
	return Point{}, false
}
