package trend

import (
	"fmt"
	"strings"
	"time"

	"tandem/bench/changepoint"
	"tandem/bench/compare"
	"tandem/bench/history"
	"tandem/bench/metric"
	"tandem/bench/stats"
)

// A Trend is a series of a history with its changes.
type Trend struct {
	history.Series
	Test    changepoint.Test `json:"test"`             // that sought the changes
	Level   stats.Interval   `json:"level"`            // mean of the runs since the last change
	Changes []Change         `json:"changes"`          // oldest first
	Needed  int              `json:"needed,omitempty"` // runs that there must be before any change can be told; 0 where there are enough
}

// A Change is where the level of a series changed.
type Change struct {
	Index    int            `json:"index"`           // of the first point of the new level
	Commit   string         `json:"commit"`          // of that point: the first bad one, where the change is for the worse
	Previous string         `json:"previous_commit"` // of the point before it
	Started  time.Time      `json:"started"`
	P        float64        `json:"p"` // 0 where the values cannot vary by themselves
	Before   stats.Interval `json:"before"`
	After    stats.Interval `json:"after"`
	Relative *float64       `json:"change,omitempty"` // as a share of the level before
	Verdict  Verdict        `json:"verdict"`
}

// A Verdict says what a change is.
type Verdict string

// The verdicts. Other is the one where nobody has said which way is better.
const (
	Improved Verdict = "better"
	Worse    Verdict = "worse"
	Other    Verdict = "changed"
)

// Options say which series are looked at, and what counts as a change.
type Options struct {
	history.Selection
	Test         changepoint.Test // how a change is told from noise
	Significance float64          // greatest p of a change: the share of series of mere noise in which one is found
	Magnitude    float64          // least change, as a share; counts that cannot vary have none
}

// defaultsOf are the options of the newest 100 runs of the series that a filter chooses.
func defaultsOf(f history.Filter) Options {
	return Options{Selection: history.Selection{Filter: f, Last: 100}, Test: changepoint.Permutation, Significance: 0.01, Magnitude: 0.01}
}

// Of seeks the changes in the history in a file.
func Of(db string, o Options) ([]Trend, error) {
	runs, err := history.Read(db)
	if err != nil {
		return nil, err
	}
	return seek(runs, o)
}

// seek seeks the changes of each series: by the test given, or exactly where the values cannot vary by themselves.
func seek(runs []history.Run, o Options) ([]Trend, error) {
	if !(o.Significance > 0 && o.Significance < 1) || !(o.Magnitude >= 0) {
		return nil, fmt.Errorf("the significance must be above 0 and below 1, the magnitude at least 0")
	}
	series, err := history.Group(runs, o.Selection)
	if err != nil {
		return nil, err
	}
	trends := []Trend{}
	for _, s := range series {
		trends = append(trends, analyse(s, o))
	}
	return trends, nil
}

func analyse(s history.Series, o Options) Trend {
	t, of := Trend{Series: s, Test: o.Test, Changes: []Change{}}, changepoint.Defaults
	of.Significance, of.Magnitude, of.Permutations = o.Significance, o.Magnitude, max(of.Permutations, int(10/o.Significance))
	if deterministic := s.Metric.Kind == history.Counter || s.Metric.Kind == history.Result; deterministic && compare.Greedy(s.Decoder) {
		t.Test = changepoint.Exact
		if s.Metric.Kind == history.Counter {
			of.Magnitude = 0
		}
	} else if needed := leastRuns(o.Significance); len(s.Points) < needed {
		t.Needed = needed
	}
	values, from := s.Values(), 0
	for _, c := range changepoint.Find(values, t.Test, of) {
		t.Changes, from = append(t.Changes, t.change(c)), c.Index
	}
	t.Level, _ = stats.RunMean(values[from:], stats.Confidence)
	return t
}

// leastRuns is the least number of runs among which shuffles can show a change in the middle: of all ways to choose its half, the two
// that put one level before the other must be fewer than the significance allows.
func leastRuns(significance float64) int {
	for n := 2; n < 100; n++ {
		ways, k := 1.0, n/2
		for i := range k {
			ways *= float64(n-i) / float64(i+1)
		}
		if 2/ways <= significance {
			return n
		}
	}
	return 100
}

// change is a change of the series in words of its runs.
func (t Trend) change(c changepoint.Change) Change {
	at := t.Points[c.Index]
	out := Change{Index: c.Index, Commit: at.Commit, Previous: t.Points[c.Index-1].Commit, Started: at.Started, P: c.P, Before: c.Before, After: c.After,
		Verdict: verdict(t.Metric.Better, c.Before.Value, c.After.Value)}
	if share, ok := c.Relative(); ok {
		out.Relative = &share
	}
	return out
}

// verdict says whether a level is better than another.
func verdict(b metric.Better, before, after float64) Verdict {
	switch {
	case b == metric.Higher && after > before, b == metric.Lower && after < before:
		return Improved
	case b == metric.Higher || b == metric.Lower:
		return Worse
	}
	return Other
}

// label names a series.
func (t Trend) label() string { return seriesLabel(t.Series) }

func seriesLabel(s history.Series) string {
	name := s.Metric.Name
	if s.Base != "" {
		name += " over " + s.Base
	}
	return strings.TrimSpace(s.Decoder + " " + name)
}
