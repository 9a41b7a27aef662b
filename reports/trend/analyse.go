package trend

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"tandem/bench/changepoint"
	"tandem/bench/history"
	"tandem/bench/stats"
	"tandem/decoders"
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

// Options say which series are looked at, and what counts as a change. The tags are the command line's.
type Options struct {
	history.Selection
	Test         changepoint.Test `default:"permutation" enum:"permutation,hunter" help:"How a change is told from noise: ${enum}. hunter is Apache Otava's, whose own significance is 0.001."`
	Significance float64          `default:"0.01" help:"Greatest p of a change: the share of series of mere noise in which one is found."`
	Magnitude    float64          `default:"0.01" help:"Least change, as a share; counts that cannot vary have none."`
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
	if deterministic := s.Metric.Kind == history.Counter || s.Metric.Kind == history.Result; deterministic && greedy(s.Decoder) {
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

// greedy says that a decoder writes the same each time.
func greedy(decoder string) bool {
	s, err := decoders.ParseName(decoder)
	return err == nil && s.Greedy()
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
func verdict(b history.Better, before, after float64) Verdict {
	switch {
	case b == history.Higher && after > before, b == history.Lower && after < before:
		return Improved
	case b == history.Higher || b == history.Lower:
		return Worse
	}
	return Other
}

// A Finding is what a gate stands on.
type Finding struct {
	Schema    int      `json:"schema"`    // 1
	Verdict   string   `json:"verdict"`   // worse, same, or undecided: of some series there are too few runs to tell
	Newest    int      `json:"newest"`    // runs that were looked at for changes
	Series    int      `json:"series"`    // that were examined
	Tested    int      `json:"tested"`    // of these, those that vary by themselves and had runs enough
	Undecided []string `json:"undecided"` // series with too few runs
	Alarms    []Alarm  `json:"alarms"`
}

// The verdicts of a Finding on which an exit status stands.
const (
	Regressed = "worse"
	Undecided = "undecided"
)

// An Alarm is a series that is worse than it was before the newest runs.
type Alarm struct {
	history.Series
	Change
	Runs  [2]int         `json:"runs"`  // of the level before, and since
	Level stats.Interval `json:"level"` // now
}

// Examine looks for series that are worse now than before the newest runs: the level of now against the one before the first
// change among them, so that what was mended since is no alarm. Any change of a metric that must not vary is one. Absolute
// figures count only if absolute says so, and foreign metrics never: nobody has said what they mean.
func Examine(trends []Trend, newest int, absolute bool, least float64) Finding {
	f := Finding{Schema: 1, Verdict: "same", Newest: newest, Undecided: []string{}, Alarms: []Alarm{}}
	from := windows(trends, newest)
	for _, t := range trends {
		if t.Metric.Better == history.Unknown || t.Metric.Kind == history.Absolute && !absolute {
			continue
		}
		f.Series++
		if t.Needed > 0 {
			f.Undecided = append(f.Undecided, t.label())
			continue
		}
		if t.Test != changepoint.Exact {
			f.Tested++
		}
		if a, ok := t.alarm(from[t.Family()], least); ok {
			f.Alarms = append(f.Alarms, a)
		}
	}
	switch {
	case len(f.Alarms) > 0:
		f.Verdict = Regressed
	case len(f.Undecided) > 0:
		f.Verdict = Undecided
	}
	return f
}

// windows are, of each family, the dates of the oldest of its newest runs.
func windows(trends []Trend, newest int) map[string]time.Time {
	dates := map[string][]time.Time{}
	for _, t := range trends {
		for _, p := range t.Points {
			dates[t.Family()] = append(dates[t.Family()], p.Started)
		}
	}
	from := map[string]time.Time{}
	for family, all := range dates {
		slices.SortFunc(all, time.Time.Compare)
		all = slices.CompactFunc(all, time.Time.Equal)
		from[family] = all[max(0, len(all)-newest)]
	}
	return from
}

// alarm is the series' alarm, if it is worse now than it was before the first change from a date on. It names the first change
// for the worse since then.
func (t Trend) alarm(from time.Time, least float64) (Alarm, bool) {
	first := slices.IndexFunc(t.Changes, func(c Change) bool { return !c.Started.Before(from) })
	if first < 0 {
		return Alarm{}, false
	}
	before, now := t.Changes[first].Before, t.Level
	v := verdict(t.Metric.Better, before.Value, now.Value)
	exact := t.Metric.Kind == history.Counter && t.Test == changepoint.Exact
	if now.Value == before.Value || v == Improved || !exact && math.Abs(now.Value/before.Value-1) < least {
		return Alarm{}, false
	}
	named := first + max(0, slices.IndexFunc(t.Changes[first:], func(c Change) bool { return c.Verdict == v }))
	a := Alarm{Series: t.Series, Change: t.Changes[named], Level: now}
	a.Points = nil // they are many
	a.Runs = [2]int{a.Index, len(t.Points) - a.Index}
	if named > 0 {
		a.Runs[0] -= t.Changes[named-1].Index
	}
	if named+1 < len(t.Changes) {
		a.Runs[1] = t.Changes[named+1].Index - a.Index
	}
	return a, true
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
