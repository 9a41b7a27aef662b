package trend

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"tandem/bench/changepoint"
	"tandem/bench/history"
	"tandem/reports"
	"tandem/reports/plot"
)

// SaveCharts draws each trend of two runs or more into a folder: its runs, levels and changes. A chart's name is that of the
// series and a few digits that tell it from the same series of another machine, suite, model or plan.
func SaveCharts(dir string, trends []Trend) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, c := range charts(trends) {
		if err := c.Save(dir); err != nil {
			return err
		}
	}
	return nil
}

// ChartKind is the charts of a history. A path is a history's file, or a run's folder or summary.json as Add takes it.
func ChartKind() reports.ChartKind {
	return reports.ChartKind{Name: "history", Title: "How a figure moved from run to run", Needs: "a file of a history, or two runs or more of one plan on one machine",
		Draw: func(paths []string) ([]plot.Chart, error) {
			var runs []history.Run
			for _, path := range paths {
				more, err := readAny(path)
				if err != nil {
					return nil, err
				}
				runs = append(runs, more...)
			}
			trends, err := seek(runs, Options{Test: changepoint.Permutation, Significance: 0.01, Magnitude: 0.01})
			return charts(trends), err
		}}
}

// readAny reads a history, or what may be added to one.
func readAny(path string) ([]history.Run, error) {
	if filepath.Ext(path) == ".db" {
		return history.Read(path)
	}
	runs, _, err := read(path)
	return runs, err
}

func charts(trends []Trend) (out []plot.Chart) {
	for _, t := range trends {
		if len(t.Points) > 1 {
			out = append(out, t.chart())
		}
	}
	return out
}

// chart draws a dot with its interval for each run, oldest first, a band for each level, and a line where the level changed.
func (t Trend) chart() plot.Chart {
	unit := strings.ReplaceAll(t.Metric.Name, "_", " ")
	if t.Metric.Unit != "" {
		unit += ", " + t.Metric.Unit
	}
	bands, means := t.levels()
	runs := plot.Layer{Mark: plot.Dots, Series: t.Decoder, Key: "a run, with its interval", Small: true}
	for i, p := range t.Points {
		runs.Points = append(runs.Points, plot.Point{X: plot.At(float64(i)), Y: p.Interval})
	}
	layers := []plot.Layer{bands, means, runs}
	for _, c := range []struct {
		tone plot.Tone
		key  string
	}{{plot.WorseTone, "change for the worse"}, {plot.OtherTone, "other change"}} {
		turns := plot.Layer{Mark: plot.Rules, Tone: c.tone, Key: c.key, Faint: true}
		for _, change := range t.Changes {
			if (change.Verdict == Worse) == (c.tone == plot.WorseTone) {
				turns.Points = append(turns.Points, plot.Point{X: plot.At(float64(change.Index) - 0.5), Y: plot.Whole, Label: short(change.Commit) + " " + change.size()})
			}
		}
		if len(turns.Points) > 0 {
			layers = append(layers, turns)
		}
	}
	x := plot.Axis{Label: "runs, oldest first", Ticks: t.dayTicks(), Reach: []float64{-0.5, float64(len(t.Points)) - 0.5}, Tight: true}
	return plot.Chart{Name: t.fileName(), Title: strings.TrimSpace(strings.ReplaceAll(t.label(), "_", " ")), Reading: t.reading() + "\n" + t.where(),
		Order: []string{"ar", t.Decoder}, Panels: []plot.Panel{{X: x, Y: plot.Axis{Label: unit}, Layers: layers}}}
}

// dayTicks label at most seven runs with their days, the first among them; a day is written once.
func (t Trend) dayTicks() (ticks []plot.Tick) {
	last := ""
	for _, i := range plot.Spaced(len(t.Points), 7) {
		label := t.Points[i].Started.Format(day)
		if label != last {
			ticks = append(ticks, plot.Tick{At: float64(i), Text: label})
		}
		last = label
	}
	return ticks
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

// levels are the means between the changes, and their intervals.
func (t Trend) levels() (bands, means plot.Layer) {
	const key = "mean of the runs between two changes, with its interval"
	bands = plot.Layer{Mark: plot.Boxes, Tone: plot.InkTone, Key: key}
	means = plot.Layer{Mark: plot.Line, Tone: plot.InkTone, Key: key}
	first := 0
	add := func(last int, level plot.Interval) {
		bands.Points = append(bands.Points, plot.Point{X: plot.Between(float64(first)-0.5, float64(last)+0.5), Y: level, Weight: 0.08})
	}
	for _, c := range t.Changes {
		add(c.Index-1, c.Before)
		first = c.Index
	}
	add(len(t.Points)-1, t.Level)
	for _, b := range bands.Points {
		means.Points = append(means.Points, plot.XY(b.X.Low, b.Y.Value), plot.XY(b.X.High, b.Y.Value))
	}
	return bands, means
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
