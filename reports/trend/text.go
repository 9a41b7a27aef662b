package trend

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tandem/bench/history"
	"tandem/bench/stats"
	"tandem/reports/table"
)

// day is how a date is written.
const day = "2006-01-02"

// List lays out runs, a line each: when, which commit, of what, and what keeps it from being compared.
func List(runs []history.Run, width int) string {
	out := table.Table{{Name: "started", Left: true}, {Name: "commit", Left: true}, {Name: "suite", Left: true, Rank: 2},
		{Name: "model", Left: true, Rank: 3}, {Name: "decoders", Rank: 4}, {Name: "note", Left: true, Rank: 1, LongRank: 7}, {Name: "machine", Left: true, Rank: 5, LongRank: 6}}
	for _, r := range runs {
		note, reason := "", ""
		switch {
		case r.Unfinished:
			note, reason = "unfinished, left out", "unfinished: none of its values is compared"
		case r.Unmeasured != "":
			note, reason = "speeds left out", "speeds left out: "+r.Unmeasured
		}
		var names []string
		for _, v := range r.Values {
			names = append(names, v.Decoder)
		}
		slices.Sort(names)
		for i, cell := range []string{r.Started.UTC().Format("2006-01-02 15:04"), short(r.Commit), bare(r.Suite), bare(r.Model),
			strconv.Itoa(len(slices.Compact(names))), note, r.Machine.Hash()} {
			out[i].Cells = append(out[i].Cells, cell)
		}
		out[5].Long, out[6].Long = append(out[5].Long, reason), append(out[6].Long, r.Machine.Hash()+" "+r.Machine.String())
	}
	return out.Fit(width).Text()
}

// short is a commit as git shortens it, with what stands behind it.
func short(commit string) string {
	name, mark, marked := strings.Cut(commit, "+")
	name = name[:min(12, len(name))]
	if marked {
		name += "+" + mark
	}
	return name
}

// bare is a name without its hash.
func bare(name string) string {
	name, _, _ = strings.Cut(name, "@")
	return name
}

// Table lays out trends, a line each: the level of now and the last change. Those of each decoder on each machine, suite, model and
// plan stand in a table of their own.
func Table(trends []Trend, width int) string {
	var heads []string
	of := map[string][]Trend{}
	for _, t := range trends {
		head := strings.TrimPrefix(t.Decoder+"; "+t.where(), "; ")
		if of[head] == nil {
			heads = append(heads, head)
		}
		of[head] = append(of[head], t)
	}
	var parts []string
	for _, head := range heads {
		parts = append(parts, table.Wrap(head, width, "  ")+"\n"+lines(of[head]).Fit(width).Text())
	}
	return strings.Join(parts, "\n")
}

// lines are trends, a line each.
func lines(trends []Trend) table.Table {
	out := table.Table{{Name: "metric", Left: true}, {Name: "now", Left: true, LongRank: 4}, {Name: "change", Rank: 1},
		{Name: "since", Left: true, Rank: 2, LongRank: 5}, {Name: "runs", Rank: 3}}
	for _, t := range trends {
		change, since, sinceLong := "", "", ""
		if n := len(t.Changes); n > 0 {
			c := t.Changes[n-1]
			change, since, sinceLong = c.size(), short(c.Commit), short(c.Commit)+" "+c.Started.Format(day)
		} else if t.Needed > 0 {
			change = fmt.Sprintf("(< %d runs)", t.Needed)
		}
		metric := t.Metric.Name
		if t.Base != "" {
			metric += " over " + short(t.Base)
		}
		for i, cell := range []string{metric, number(t.Level.Value), change, since, strconv.Itoa(len(t.Points))} {
			out[i].Cells = append(out[i].Cells, cell)
		}
		out[1].Long, out[3].Long = append(out[1].Long, interval(t.Level)), append(out[3].Long, sinceLong)
	}
	return out
}

// Points lays out the runs of each trend, and where its level changes.
func Points(trends []Trend, width int) string {
	var parts []string
	for _, t := range trends {
		parts = append(parts, t.points(width))
	}
	return strings.Join(parts, "\n")
}

func (t Trend) points(width int) string {
	out := table.Table{{Name: "started", Left: true}, {Name: "commit", Left: true}, {Name: "value"}, {Name: "95% interval", Left: true, Rank: 2}, {Name: "level changes", Left: true, Rank: 1}}
	next := 0
	for i, p := range t.Points {
		mark, bounds := "", ""
		if next < len(t.Changes) && t.Changes[next].Index == i {
			c := t.Changes[next]
			mark = fmt.Sprintf("%s %s (%s)", c.size(), c.Verdict, c.sureness())
			next++
		}
		if p.Interval.High > p.Interval.Low {
			bounds = fmt.Sprintf("[%s, %s]", number(p.Interval.Low), number(p.Interval.High))
		}
		for k, cell := range []string{p.Started.UTC().Format("2006-01-02 15:04"), short(p.Commit), number(p.Interval.Value), bounds, mark} {
			out[k].Cells = append(out[k].Cells, cell)
		}
	}
	return table.Wrap(fmt.Sprintf("%s; %s", t.label(), t.where()), width, "  ") + "\n" + out.Fit(width).Text()
}

// where names the machine, suite, model and plan of a series.
func (t Trend) where() string { return where(t.Series) }

func where(s history.Series) string {
	text := fmt.Sprintf("%s; %s, %s", s.Machine, bare(s.Suite), bare(s.Model))
	if s.Plan != "" {
		text += ", " + s.Plan
	}
	return text
}

// size is a change in percent of the level before, or from what to what.
func (c Change) size() string {
	if c.Relative == nil {
		return number(c.Before.Value) + " to " + number(c.After.Value)
	}
	return fmt.Sprintf("%+.1f%%", 100**c.Relative)
}

// sureness says how a change is known.
func (c Change) sureness() string {
	if c.P == 0 {
		return "exact"
	}
	return fmt.Sprintf("p %.2g", c.P)
}

// number is a figure of four digits.
func number(v float64) string {
	text := strconv.FormatFloat(v, 'g', 4, 64)
	if f, err := strconv.ParseFloat(text, 64); err == nil && f >= 1e3 && f < 1e15 {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	return text
}

// interval is a figure with its bounds, where it has any.
func interval(v stats.Interval) string {
	if v.Low == v.High {
		return number(v.Value)
	}
	return fmt.Sprintf("%s [%s, %s]", number(v.Value), number(v.Low), number(v.High))
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

// An Entry is a run of a history as JSON lists it.
type Entry struct {
	Started    time.Time       `json:"started"`
	Commit     string          `json:"commit"`
	Suite      string          `json:"suite"`
	Model      string          `json:"model"`
	Plan       string          `json:"plan"`
	Hash       string          `json:"machine_hash"`
	Machine    history.Machine `json:"machine"`
	Values     int             `json:"values"`
	Unfinished bool            `json:"unfinished,omitempty"`
	Unmeasured string          `json:"unmeasured,omitempty"`
}

// Entries are runs without their values.
func Entries(runs []history.Run) []Entry {
	entries := []Entry{}
	for _, r := range runs {
		entries = append(entries, Entry{r.Started, r.Commit, r.Suite, r.Model, r.Plan, r.Machine.Hash(), r.Machine, len(r.Values), r.Unfinished, r.Unmeasured})
	}
	return entries
}
