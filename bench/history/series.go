package history

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"tandem/bench/stats"
)

// A Series is one metric of one decoder over the runs that may be compared.
type Series struct {
	Machine Machine `json:"machine"`
	Suite   string  `json:"suite"`
	Model   string  `json:"model"`
	Plan    string  `json:"plan"`
	Decoder string  `json:"decoder"`
	Metric  Metric  `json:"metric"`
	Base    string  `json:"base,omitempty"`
	Points  []Point `json:"points"` // oldest first
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
	return strings.Join([]string{s.Machine.Hash(), s.Suite, s.Model, s.Plan, s.Decoder, s.Metric.Name, s.Base}, "\n")
}

// A Filter chooses runs and values. What is empty chooses all.
type Filter struct {
	Machine, Suite, Model string   // how their hash or name begins
	Metrics, Decoders     []string // names
	Since                 time.Time
}

// Runs are the runs that a filter chooses, with all their values.
func (f Filter) Runs(runs []Run) []Run {
	return slices.DeleteFunc(slices.Clone(runs), func(r Run) bool {
		return !strings.HasPrefix(r.Machine.Hash(), f.Machine) || !strings.HasPrefix(r.Suite, f.Suite) ||
			!strings.HasPrefix(r.Model, f.Model) || r.Started.Before(f.Since)
	})
}

// chooses says that a filter chooses a value.
func (f Filter) chooses(v Value) bool {
	return (len(f.Metrics) == 0 || slices.Contains(f.Metrics, v.Metric)) && (len(f.Decoders) == 0 || slices.Contains(f.Decoders, v.Decoder))
}

// Group makes series of the runs and values that a filter chooses, the newest last points of each, in the order of the table of
// metrics. Values that cannot be compared are left out: those of unfinished runs, and speeds of runs that were not measured.
func Group(runs []Run, f Filter, last int) []Series {
	found := map[string]*Series{}
	for _, r := range f.Runs(runs) {
		for _, v := range r.Values {
			metric := Find(v.Metric)
			if !f.chooses(v) || r.Unfinished || r.Unmeasured != "" && metric.measured() {
				continue
			}
			s := Series{Machine: r.Machine, Suite: r.Suite, Model: r.Model, Plan: r.Plan, Decoder: v.Decoder, Metric: metric, Base: v.Base}
			if found[s.key()] == nil {
				found[s.key()] = &s
			}
			of := found[s.key()]
			of.Points = append(of.Points, Point{r.Started, r.Commit, v.Interval})
		}
	}
	all := make([]Series, 0, len(found))
	for _, s := range found {
		slices.SortStableFunc(s.Points, func(a, b Point) int { return a.Started.Compare(b.Started) })
		s.Points = s.Points[max(0, len(s.Points)-last):]
		all = append(all, *s)
	}
	slices.SortFunc(all, func(a, b Series) int {
		return cmp.Or(cmp.Compare(order(a.Metric.Name), order(b.Metric.Name)), cmp.Compare(a.key(), b.key()))
	})
	return all
}
