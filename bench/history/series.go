package history

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"tandem/bench/metric"
	"tandem/bench/stats"
)

// A Series is one metric of one decoder over the runs that may be compared.
type Series struct {
	Machine Machine `json:"machine"`
	Suite   string  `json:"suite"`
	Model   string  `json:"model"`
	Plan    string  `json:"plan"`
	Prompts string  `json:"prompts,omitempty"`
	Decoder string  `json:"decoder"`
	Metric  Metric  `json:"metric"`
	Base    string  `json:"base,omitempty"`
	Points  []Point `json:"points,omitempty"` // oldest first
}

// A Point is a run's value.
type Point struct {
	Started  time.Time      `json:"started"`
	Commit   string         `json:"commit"`
	Interval stats.Interval `json:"interval"`
}

// Values are the points' values.
func (s Series) Values() (values []float64) {
	for _, p := range s.Points {
		values = append(values, p.Interval.Value)
	}
	return values
}

// key tells series apart.
func (s Series) key() string {
	return strings.Join([]string{s.Family(), s.Decoder, s.Metric.Name, s.Base}, "\n")
}

// Family is a fingerprint of what series of the same runs share: machine, suite, model, plan and prompts.
func (s Series) Family() string {
	return digest([]byte(strings.Join([]string{s.Machine.Hash(), s.Suite, s.Model, s.Plan, s.Prompts}, "\n")))[:12]
}

// A Filter chooses runs, those that none of its fields excludes.
type Filter struct {
	Suite, Model, Machine string    // how the name, or the fingerprint, begins
	Since                 time.Time // runs from then on
}

// Runs are the runs that a filter chooses, with all their values.
func (f Filter) Runs(runs []Run) []Run {
	return slices.DeleteFunc(slices.Clone(runs), func(r Run) bool {
		return !strings.HasPrefix(r.Machine.Hash(), f.Machine) || !strings.HasPrefix(r.Suite, f.Suite) ||
			!strings.HasPrefix(r.Model, f.Model) || r.Started.Before(f.Since)
	})
}

// A Selection chooses series: the values of these names, all for none, of the newest of these runs.
type Selection struct {
	Filter
	Metrics  []string
	Decoders []string
	Last     int
}

// chooses says that a selection chooses a value.
func (c Selection) chooses(v Value) bool {
	return (len(c.Metrics) == 0 || slices.Contains(c.Metrics, v.Metric)) && (len(c.Decoders) == 0 || slices.Contains(c.Decoders, v.Decoder))
}

// An Empty is the error of a selection that chooses nothing.
type Empty struct{ What string }

// Error says what was chosen from.
func (e *Empty) Error() string { return "none of " + e.What + " is chosen" }

// Group makes the series that a selection chooses, in the order of the table of metrics. Values that cannot be compared are left out:
// those of unfinished runs, and speeds of runs that were not measured. None at all is an *Empty.
func Group(runs []Run, c Selection) ([]Series, error) {
	found := map[string]*Series{}
	for _, r := range c.Runs(runs) {
		for _, v := range r.Values {
			m := metricOf(v.Metric)
			if !c.chooses(v) || r.Unfinished || r.Unmeasured != "" && m.measured() {
				continue
			}
			s := Series{Machine: r.Machine, Suite: r.Suite, Model: r.Model, Plan: r.Plan, Prompts: v.Prompts, Decoder: v.Decoder, Metric: m, Base: v.Base}
			if found[s.key()] == nil {
				found[s.key()] = &s
			}
			of := found[s.key()]
			of.Points = append(of.Points, Point{r.Started, r.Commit, v.Interval})
		}
	}
	if len(found) == 0 {
		return nil, &Empty{fmt.Sprintf("the values of %d runs that may be compared", len(runs))}
	}
	all := make([]Series, 0, len(found))
	for _, s := range found {
		slices.SortStableFunc(s.Points, func(a, b Point) int { return a.Started.Compare(b.Started) })
		s.Points = s.Points[max(0, len(s.Points)-c.Last):]
		all = append(all, *s)
	}
	slices.SortFunc(all, func(a, b Series) int {
		return cmp.Or(cmp.Compare(metric.Rank(a.Metric.Name), metric.Rank(b.Metric.Name)), cmp.Compare(a.key(), b.key()))
	})
	return all, nil
}
