package trend

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"tandem/bench/changepoint"
	"tandem/bench/history"
	"tandem/bench/metric"
	"tandem/bench/stats"
	"tandem/reports/table"
)

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
		if t.Metric.Better == metric.Unknown || t.Metric.Kind == history.Absolute && !absolute {
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

// Text is a finding in a few lines: what became worse, by how much, and the first commit at which it was.
func (f Finding) Text(width int) string {
	var b strings.Builder
	line := func(indent, format string, args ...any) {
		b.WriteString(indent + table.Wrap(fmt.Sprintf(format, args...), width-len(indent), indent+"  ") + "\n")
	}
	for _, a := range f.Alarms {
		line("", "%s: %s, %s", seriesLabel(a.Series), a.Change.size(), a.sureness())
		culprit := fmt.Sprintf("first bad commit %s of %s, after %s", short(a.Commit), a.Started.Format(day), short(a.Previous))
		if a.Commit == a.Previous {
			culprit = fmt.Sprintf("between two runs of commit %s, the later of %s: no commit did it", short(a.Commit), a.Started.Format(day))
		}
		line("  ", "%s", culprit)
		line("  ", "%s before (%s), %s since (%s)", interval(a.Before), plural(a.Runs[0], "run"), interval(a.After), plural(a.Runs[1], "run"))
		if a.Level.Value != a.After.Value {
			line("  ", "%s now", interval(a.Level))
		}
		line("  ", "%s", where(a.Series))
	}
	what := "No change for the worse"
	if n := len(f.Alarms); n > 0 {
		what = plural(n, "series", "series") + " worse than before"
	}
	line("", "%s in the newest %s: %s examined, %d of them by a test.", what, plural(f.Newest, "run"), plural(f.Series, "series", "series"), f.Tested)
	if n := len(f.Undecided); n > 0 {
		line("", "Undecided, too few runs: %s.", strings.Join(f.Undecided, "; "))
	}
	return b.String()
}

// plural is a number of things; the form of several may be given.
func plural(n int, thing string, several ...string) string {
	if n != 1 {
		if thing += "s"; len(several) > 0 {
			thing = several[0]
		}
	}
	return fmt.Sprintf("%d %s", n, thing)
}
