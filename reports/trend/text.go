package trend

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"tandem/bench/history"
	"tandem/bench/stats"
	"tandem/reports/table"
)

// day is how a date is written.
const day = "2006-01-02"

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
	more := ""
	for _, head := range heads {
		all := lines(of[head])
		parts = append(parts, table.Wrap(head, width, "  ")+"\n"+all.Fit(width).Text())
		more = cmp.Or(more, all.More(width))
	}
	if more != "" {
		parts = append(parts, table.Wrap(more, width, "  ")+"\n")
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
	out := table.Table{{Name: "started", Left: true}, {Name: "commit", Left: true}, {Name: "value"},
		{Name: "95% interval", Left: true, Rank: 2}, {Name: "level changes", Left: true, Rank: 1}}
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
	return table.Wrap(fmt.Sprintf("%s; %s", t.label(), t.where()), width, "  ") + "\n" + out.Show(width)
}

// where names the machine, suite, model and plan of a series.
func (t Trend) where() string { return where(t.Series) }

func where(s history.Series) string {
	text := fmt.Sprintf("%s; %s, %s", s.Machine, bare(s.Suite), bare(s.Model))
	if s.Plan != "" {
		text += ", " + s.Plan
	}
	if s.Prompts != "" {
		text += ", prompts " + s.Prompts
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
