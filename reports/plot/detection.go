package plot

import (
	"fmt"

	gonum "gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A Detection is how often a change of a size was called a regression.
type Detection struct {
	Change float64  // how much slower, 0.05 for 5%; 0 for the same code
	Share  Interval // of the comparisons
}

// DetectionCurve draws the share of comparisons that call a regression against how large it is, with intervals. Allowed is the share of
// false alarms that may be, a line. Reading says of what.
func DetectionCurve(reading string, points []Detection, allowed float64) Chart {
	most := 0.0
	for _, d := range points {
		most = max(most, 100*d.Change)
	}
	p := axes("true slowdown, %", "comparisons that call a regression, %", linear(0, most, 6), linear(0, 100, 5))
	p.X.Min, p.X.Max = -0.04*most, 1.04*most
	p.Add(drawing(func(c draw.Canvas, p *gonum.Plot) {
		tx, ty := p.Transforms(&c)
		c.StrokeLine2(draw.LineStyle{Color: Ink, Width: vg.Points(1), Dashes: []vg.Length{vg.Points(4), vg.Points(3)}}, c.Min.X, ty(100*allowed), c.Max.X, ty(100*allowed))
		var line []vg.Point
		for _, d := range points {
			line = append(line, vg.Point{X: tx(100 * d.Change), Y: ty(100 * d.Share.Value)})
		}
		c.StrokeLines(draw.LineStyle{Color: tone(1), Width: vg.Points(1.6)}, line)
		for i, d := range points {
			c.StrokeLine2(draw.LineStyle{Color: tone(1), Width: vg.Points(1)}, line[i].X, ty(100*d.Share.Low), line[i].X, ty(100*d.Share.High))
			c.DrawGlyphNoClip(draw.GlyphStyle{Color: tone(1), Radius: vg.Points(3), Shape: disc{}}, line[i])
		}
	}))
	return Chart{Name: "detection", Title: "How large a regression is found", Reading: reading, panels: []*gonum.Plot{p}, width: 540, height: 340,
		key: []entry{{tone(1), "called a regression, twice"}, {Ink, fmt.Sprintf("false alarms that may be: %.0f%%", 100*allowed)}}}
}
