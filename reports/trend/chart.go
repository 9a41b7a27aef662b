package trend

import (
	"fmt"
	"os"
	"strings"

	"tandem/bench/changepoint"
	"tandem/bench/stats"
	"tandem/reports/plot"
)

// SaveCharts draws each trend of two runs or more into a folder: its runs, levels and changes. A chart's name is that of the
// series and a few digits that tell it from the same series of another machine, suite, model or plan.
func SaveCharts(dir string, trends []Trend) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, t := range trends {
		if len(t.Points) < 2 {
			continue
		}
		if err := t.chart().Save(dir); err != nil {
			return err
		}
	}
	return nil
}

func (t Trend) chart() plot.Chart {
	var runs []plot.Interval
	var days []string
	for _, p := range t.Points {
		runs, days = append(runs, toPlot(p.Interval)), append(days, p.Started.Format(day))
	}
	var turns []plot.Turn
	for _, c := range t.Changes {
		turns = append(turns, plot.Turn{Run: c.Index, Label: short(c.Commit) + " " + c.size(), Worse: c.Verdict == Worse})
	}
	unit := strings.ReplaceAll(t.Metric.Name, "_", " ")
	if t.Metric.Unit != "" {
		unit += ", " + t.Metric.Unit
	}
	reading := t.reading() + "\n" + t.where()
	return plot.Trend(t.fileName(), strings.TrimSpace(strings.ReplaceAll(t.label(), "_", " ")), reading, unit, runs, days, t.levels(), turns)
}

// reading says how the changes were found.
func (t Trend) reading() string {
	switch {
	case t.Needed > 0:
		return fmt.Sprintf("%d runs: there must be %d before a change can be told from noise", len(t.Points), t.Needed)
	case t.Test == changepoint.Exact:
		return "the value cannot vary by itself: a dashed line stands at the first run of another one"
	case len(t.Changes) == 0:
		return "no change of level (" + string(t.Test) + " test)"
	}
	return "a dashed line stands at the first run of a new level (" + string(t.Test) + " test), with its commit and the change"
}

// levels are the means between the changes.
func (t Trend) levels() (levels []plot.Level) {
	first := 0
	for _, c := range t.Changes {
		levels = append(levels, plot.Level{First: first, Last: c.Index - 1, Interval: toPlot(c.Before)})
		first = c.Index
	}
	return append(levels, plot.Level{First: first, Last: len(t.Points) - 1, Interval: toPlot(t.Level)})
}

func toPlot(v stats.Interval) plot.Interval {
	return plot.Interval{Value: v.Value, Low: v.Low, High: v.High}
}

// fileName is a name that any file system takes.
func (t Trend) fileName() string {
	plain := strings.Map(func(r rune) rune {
		if strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789=.-_", r) {
			return r
		}
		return '-'
	}, t.Metric.Name+" "+t.Decoder+" "+short(t.Base))
	return strings.Trim(plain, "-") + "-" + t.Family()[:6]
}
