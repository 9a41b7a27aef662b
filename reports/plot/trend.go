package plot

import (
	"image/color"
	"math"

	gonum "gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A Level is what a series stays at between two changes.
type Level struct {
	First, Last int // runs
	Interval
}

// A Turn is a change of level, and whether it was for the worse.
type Turn struct {
	Run   int // the first of the new level
	Label string
	Worse bool
}

// Trend draws one figure over runs, oldest first: a dot with its interval for each, a band for each level, and a line where the
// level changed. days labels some of the runs; name is the file's.
func Trend(name, title, reading, unit string, runs []Interval, days []string, levels []Level, turns []Turn) Chart {
	low, high := math.Inf(1), math.Inf(-1)
	for _, r := range runs {
		low, high = min(low, r.Low), max(high, r.High)
	}
	for _, l := range levels {
		low, high = min(low, l.Value), max(high, l.Value)
	}
	room := max(0.08*(high-low), 1e-3*math.Abs(high))
	p := axes("runs, oldest first", unit, dayTicks(days), linear(low-room, high+room, 6))
	p.X.Min, p.X.Max = -0.5, float64(len(runs))-0.5
	p.Add(drawing(func(c draw.Canvas, p *gonum.Plot) {
		tx, ty := p.Transforms(&c)
		var place placer
		for _, l := range levels {
			left, right := tx(float64(l.First)-0.5), tx(float64(l.Last)+0.5)
			bottom, top := max(c.Min.Y, ty(l.Low)), min(c.Max.Y, ty(l.High))
			c.FillPolygon(fade(tone(1), 0.2), []vg.Point{{X: left, Y: bottom}, {X: right, Y: bottom}, {X: right, Y: top}, {X: left, Y: top}})
			place.line(c, draw.LineStyle{Color: tone(1), Width: vg.Points(1.2)}, vg.Point{X: left, Y: ty(l.Value)}, vg.Point{X: right, Y: ty(l.Value)})
		}
		for i, r := range runs {
			at := vg.Point{X: tx(float64(i)), Y: ty(r.Value)}
			if r.High > r.Low {
				c.StrokeLine2(draw.LineStyle{Color: fade(Muted, 0.5), Width: vg.Points(0.8)}, at.X, ty(r.Low), at.X, ty(r.High))
			}
			c.DrawGlyphNoClip(draw.GlyphStyle{Color: Ink, Radius: vg.Points(1.8), Shape: disc{}}, at)
			place.taken = append(place.taken, around(at, vg.Points(2.5)))
		}
		for _, t := range turns {
			x := tx(float64(t.Run) - 0.5)
			dashed := draw.LineStyle{Color: turnTone(t.Worse), Width: vg.Points(1.1), Dashes: []vg.Length{vg.Points(4), vg.Points(3)}}
			place.line(c, dashed, vg.Point{X: x, Y: c.Min.Y}, vg.Point{X: x, Y: c.Max.Y})
		}
		for _, t := range turns {
			place.label(c, style(8.5, turnTone(t.Worse), true), vg.Point{X: tx(float64(t.Run) - 0.5), Y: c.Max.Y - vg.Points(8)}, t.Label)
		}
	}))
	chart := Chart{Name: name, Title: title, Reading: reading, panels: []*gonum.Plot{p}, width: 600, height: 340,
		key: []entry{{Ink, "a run, with its interval"}, {tone(1), "mean of the runs between two changes, with its interval"}}}
	if len(turns) > 0 {
		chart.key = append(chart.key, entry{turnTone(true), "change for the worse"}, entry{turnTone(false), "other change"})
	}
	return chart
}

// turnTone is the colour of a change.
func turnTone(worse bool) color.NRGBA {
	if worse {
		return tone(0)
	}
	return tone(2)
}

// dayTicks label at most seven runs with their days, the first among them; a day is written once.
func dayTicks(days []string) (ticks []gonum.Tick) {
	last := ""
	for _, i := range spaced(len(days), 7) {
		label := days[i]
		if label == last {
			label = ""
		}
		last = days[i]
		ticks = append(ticks, gonum.Tick{Value: float64(i), Label: label})
	}
	return ticks
}
