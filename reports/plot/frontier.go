package plot

import (
	"math"

	gonum "gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A Point of the frontier is one decoder: how fast, how often right.
type Point struct {
	Label string
	Line  int      // points of one line are a sweep, joined in order; 0 is the baseline
	Speed Interval // useful tokens a second
	Pass  Interval // pass@1, from 0 to 1
}

// Frontier draws pass@1 against speed with the interval of both, so that no speed stands without its quality.
// lines names the lines of the points.
func Frontier(points []Point, lines []string) Chart {
	high, bottom, top := points[0].Speed.High, points[0].Pass.Low, points[0].Pass.High
	for _, p := range points {
		high = max(high, p.Speed.High)
		bottom, top = min(bottom, p.Pass.Low), max(top, p.Pass.High)
	}
	p := axes("useful tokens per second", "pass@1, %", linear(0, 1.05*high, 7),
		linear(100*bottom, 100*top, 6))
	p.Add(drawing(func(c draw.Canvas, p *gonum.Plot) {
		tx, ty := p.Transforms(&c)
		at := make([]vg.Point, len(points))
		var place placer
		for i, q := range points {
			at[i] = vg.Point{X: tx(q.Speed.Value), Y: ty(100 * q.Pass.Value)}
			bar := draw.LineStyle{Color: fade(tone(q.Line), 0.55), Width: vg.Points(1)}
			place.line(c, bar, vg.Point{X: tx(q.Speed.Low), Y: at[i].Y}, vg.Point{X: tx(q.Speed.High), Y: at[i].Y})
			place.line(c, bar, vg.Point{X: at[i].X, Y: ty(100 * q.Pass.Low)}, vg.Point{X: at[i].X, Y: ty(100 * q.Pass.High)})
		}
		for line := range lines {
			var previous *vg.Point
			for i, q := range points {
				if q.Line != line {
					continue
				}
				if previous != nil {
					place.line(c, draw.LineStyle{Color: tone(line), Width: vg.Points(1.4)}, *previous, at[i])
				}
				previous = &at[i]
			}
		}
		for i, q := range points {
			c.DrawGlyphNoClip(draw.GlyphStyle{Color: Paper, Radius: vg.Points(5.2), Shape: disc{}}, at[i])
			c.DrawGlyphNoClip(draw.GlyphStyle{Color: tone(q.Line), Radius: vg.Points(4), Shape: disc{}}, at[i])
			place.taken = append(place.taken, around(at[i], vg.Points(5)))
		}
		for i, q := range points {
			place.label(c, style(8.5, Ink, false), at[i], q.Label)
		}
	}))
	chart := Chart{Name: "frontier", Title: "Pass rate against speed", panels: []*gonum.Plot{p},
		Reading: "up and to the right is better; bars are 95% intervals in both directions", width: 540, height: 380}
	for i, name := range lines {
		chart.key = append(chart.key, entry{tone(i), name})
	}
	return chart
}

// disc is a filled circle (gonum's CircleGlyph has no outline either, but is not exact in SVG).
type disc struct{}

// DrawGlyph fills the circle.
func (disc) DrawGlyph(c *draw.Canvas, s draw.GlyphStyle, at vg.Point) {
	c.SetColor(s.Color)
	c.Fill(circle(at, s.Radius))
}

// circle is the circle about a point.
func circle(at vg.Point, radius vg.Length) (path vg.Path) {
	path.Move(vg.Point{X: at.X + radius, Y: at.Y})
	path.Arc(at, radius, 0, 2*math.Pi)
	path.Close()
	return path
}
