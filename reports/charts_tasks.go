package reports

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"tandem/bench/metric"
	"tandem/bench/stats"
	"tandem/reports/plot"
)

// fates are what a baseline and another decoder make of one task; the order is that of a chart, from below.
var fates = []struct {
	text       string // with the names of the baseline and the other
	base, head bool
}{
	{"neither", false, false},
	{"only %[1]s", true, false},
	{"only %[2]s", false, true},
	{"both", true, true},
}

// discordant draws the tasks by which of two decoders passes them and how much faster the second was: quality is lost or won in the
// two rows in the middle, and this shows whether in tasks where speed was won. A panel a run, of its verdict's comparison.
func discordant(g gallery) []plot.Chart {
	var panels []plot.Panel
	base := ""
	for _, e := range g {
		c := e.comparison()
		if c == nil || c.Speedup == nil || len(e.Groups) == 0 || c.PassDifference == nil {
			continue
		}
		base = e.names[c.Base]
		rows := e.fateRows(*c)
		var points []plot.Point
		var ticks []plot.Tick
		tasks := 0
		for _, row := range rows {
			tasks += len(row)
		}
		for row, f := range fates {
			ticks = append(ticks, plot.Tick{At: float64(row), Text: fmt.Sprintf("passed by %s: %d", fmt.Sprintf(f.text+"%.[1]s%.[2]s", base, familyOf(c.Head)), len(rows[row]))})
			for i, k := range plot.Spaced(len(rows[row]), most(len(rows[row]), tasks)) {
				_, jitter := math.Modf(float64(i) * math.Phi)
				points = append(points, plot.XY(rows[row][k], float64(row)+0.5*(jitter-0.5)))
			}
		}
		dots := e.layer(plot.Dots, c.Head, points...)
		dots.Small = true
		one := plot.Layer{Mark: plot.Rules, Series: c.Base, Key: "as fast as " + base, Points: []plot.Point{{X: plot.At(1), Y: plot.Whole}}}
		panels = append(panels, plot.Panel{X: plot.Axis{Label: "times as fast as " + base, Log: true, Reach: []float64{1}},
			Y: plot.Axis{Ticks: ticks, Reach: []float64{-0.5, float64(len(fates)) - 0.5}, Tight: true}, Layers: []plot.Layer{one, dots}})
	}
	if len(panels) == 0 {
		return nil
	}
	return []plot.Chart{g.chart("a mark a task; the two rows in the middle are the discordant pairs, of which McNemar's test speaks", panels...)}
}

// most is how many of a row's tasks are drawn: all, or their part of taskDots where there are more tasks than that.
func most(row, tasks int) int {
	if tasks <= taskDots {
		return row
	}
	return max(min(row, 2), row*taskDots/tasks)
}

// familyOf is a name without its settings.
func familyOf(name string) string {
	family, _ := settings(name)
	return family
}

// fateRows are the time ratios of a comparison's tasks by their fates, sorted. A task counts as passed where more than half of its
// decodings did.
func (e exhibit) fateRows(c Comparison) [][]float64 {
	rows := make([][]float64, len(fates))
	base, head := e.Find(c.Base), e.Find(c.Head)
	b, h := base.TimesOn(e.Timed), head.TimesOn(e.Timed)
	for i := range b {
		p, ok := base.Task(b[i].Task).PassRate()
		q, ok2 := head.Task(b[i].Task).PassRate()
		if !ok || !ok2 {
			continue
		}
		for row, f := range fates {
			if f.base == (p > 0.5) && f.head == (q > 0.5) {
				rows[row] = append(rows[row], b[i].Cost/h[i].Cost)
			}
		}
	}
	for _, row := range rows {
		slices.Sort(row)
	}
	return rows
}

// calibration draws how often a committed token was right against the probability that the model gave it: below the diagonal a
// decoder is surer than it should be.
func calibration(g gallery) []plot.Chart {
	var layers []plot.Layer
	least := 100.0
	for _, e := range g {
		for _, d := range e.leading() {
			if points := calibrated(d); len(points) > 0 {
				layers = append(layers, e.layer(plot.Line, d.Name, points...), e.layer(plot.Dots, d.Name, points...))
				least = min(least, points[0].X.Value)
			}
		}
	}
	if len(layers) == 0 {
		return nil
	}
	diagonal := plot.Layer{Mark: plot.Line, Tone: plot.InkTone, Faint: true, Key: "as often as sure", Points: []plot.Point{plot.XY(least, least), plot.XY(100, 100)}}
	layers = append([]plot.Layer{diagonal}, layers...)
	return []plot.Chart{g.chart("right: the token stands in the final text and that text passed; bars are 95% intervals over tasks"+g.few(), plot.Panel{
		X: plot.Axis{Label: "mean probability of the committed token, %", Share: true}, Y: plot.Axis{Label: "right, %", Share: true}, Layers: layers})}
}

// calibrated are a decoder's bins as points. A decoding's commits share its verdict, so the interval is Wilson's of as many
// observations as tasks.
func calibrated(d metric.Group) (points []plot.Point) {
	for _, b := range d.Calibration() {
		share := float64(b.Right) / float64(b.Commits)
		if y, ok := stats.Wilson(share*float64(b.Tasks), b.Tasks, stats.Confidence); ok {
			points = append(points, plot.Point{X: plot.At(100 * b.Sum / float64(b.Commits)), Y: plot.Scaled(y, 100)})
		}
	}
	return points
}

// levelCharts draws pass@1 by the level of the tasks. Decoders stand beside each other, so that their intervals can be told apart.
func levelCharts(g gallery) []plot.Chart {
	var layers []plot.Layer
	tasks, lanes := map[int]int{}, 0
	for _, e := range g {
		lanes += len(e.leadingNames())
	}
	lane := 0
	for _, e := range g {
		for _, name := range e.leadingNames() {
			var points []plot.Point
			for _, l := range e.decoder(name).ByLevel {
				if l.Pass1 != nil {
					tasks[l.Level] = max(tasks[l.Level], l.Tasks)
					points = append(points, plot.Point{X: plot.At(float64(l.Level) + 0.5*(float64(lane)+0.5)/float64(lanes) - 0.25), Y: plot.Scaled(*l.Pass1, 100)})
				}
			}
			if lane++; len(points) > 0 {
				layers = append(layers, e.layer(plot.Line, name, points...), e.layer(plot.Dots, name, points...))
			}
		}
	}
	if len(layers) == 0 {
		return nil
	}
	var ticks []plot.Tick
	for _, level := range slices.Sorted(maps.Keys(tasks)) {
		ticks = append(ticks, plot.Tick{At: float64(level), Text: fmt.Sprintf("%d (%d)", level, tasks[level])})
	}
	return []plot.Chart{g.chart("bars are 95% intervals"+g.few(), plot.Panel{
		X: plot.Axis{Label: "level (tasks)", Ticks: ticks}, Y: plot.Axis{Label: "pass@1, %", Share: true}, Layers: layers})}
}
