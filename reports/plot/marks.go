package plot

import (
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// marks is how each mark is drawn, and what it is in a Vega-Lite specification.
var marks = map[Mark]struct {
	draw func(p *pane, l Layer, number int)
	vega func(v vegaLayer) []object
}{
	Dots:  {drawDots, vegaDots},
	Line:  {drawLine, vegaLine},
	Steps: {drawSteps, vegaLine},
	Boxes: {drawBoxes, vegaBoxes},
	Rules: {drawRules, vegaRules},
	Rings: {drawRings, vegaRings},
}

// drawDots draws intervals, then glyphs, each on a ground of its own, so that it stands out of what is behind it.
func drawDots(p *pane, l Layer, number int) {
	tone := p.color(l, number)
	bar := draw.LineStyle{Color: fade(tone, 0.6), Width: 0.7 * p.line}
	for _, q := range l.Points {
		at := p.at(q)
		if q.X.High > q.X.Low {
			p.path(bar, vg.Point{X: p.x(q.X.Low), Y: at.Y}, vg.Point{X: p.x(q.X.High), Y: at.Y})
		}
		if q.Y.High > q.Y.Low {
			p.path(bar, vg.Point{X: at.X, Y: p.y(q.Y.Low)}, vg.Point{X: at.X, Y: p.y(q.Y.High)})
		}
	}
	radius := p.glyph
	if l.Small {
		radius, tone = 0.55*radius, fade(tone, 0.75)
	}
	for _, q := range l.Points {
		at := p.at(q)
		p.drawGlyph(p.c, at, radius, tone, number, l.Run)
		p.placer.marks = append(p.placer.marks, around(at, 1.25*radius))
		p.name(at, q.Label, l, radius)
	}
}

func drawLine(p *pane, l Layer, number int) {
	var points []vg.Point
	for _, q := range l.Points {
		points = append(points, p.at(q))
		p.name(p.at(q), q.Label, l, 0)
	}
	p.path(p.stroke(l, number), points...)
}

func drawSteps(p *pane, l Layer, number int) {
	var points []vg.Point
	for _, q := range l.Points {
		at := p.at(q)
		if n := len(points); n > 0 {
			points = append(points, vg.Point{X: at.X, Y: points[n-1].Y})
		}
		points = append(points, at)
		p.name(at, q.Label, l, 0)
	}
	p.path(p.stroke(l, number), points...)
}

// boxAlpha is how dense a box of a weight is: something of the lightest is seen, too.
func boxAlpha(weight float64) float64 { return 0.08 + 0.92*weight }

func drawBoxes(p *pane, l Layer, number int) {
	for _, q := range l.Points {
		box := vg.Rectangle{Min: vg.Point{X: p.x(q.X.Low), Y: p.y(q.Y.Low)}, Max: vg.Point{X: p.x(q.X.High), Y: p.y(q.Y.High)}}
		p.c.SetColor(fade(p.color(l, number), boxAlpha(q.Weight)))
		p.c.Fill(box.Path())
		p.name(vg.Point{X: box.Max.X, Y: box.Max.Y}, q.Label, l, 0)
	}
}

// drawRules draws lines from edge to edge; the label of an upright one stands at its top, of a level one at its right end.
func drawRules(p *pane, l Layer, number int) {
	for _, q := range l.Points {
		begin, end := vg.Point{X: p.c.Min.X, Y: p.y(q.Y.Value)}, vg.Point{X: p.c.Max.X, Y: p.y(q.Y.Value)}
		if !finite(q.Y.High) {
			begin, end = vg.Point{X: p.x(q.X.Value), Y: p.c.Min.Y}, vg.Point{X: p.x(q.X.Value), Y: p.c.Max.Y}
		}
		p.path(p.stroke(l, number), begin, end)
		p.name(end, q.Label, l, 0)
	}
}

func drawRings(p *pane, l Layer, number int) {
	radius := 1.6 * p.glyph
	for _, q := range l.Points {
		p.c.SetLineStyle(draw.LineStyle{Color: p.color(l, number), Width: 0.8 * p.line})
		p.c.Stroke(circle(p.at(q), radius))
		p.placer.marks = append(p.placer.marks, around(p.at(q), radius))
		p.name(p.at(q), q.Label, l, radius)
	}
}

// path strokes a line, which labels keep off where they can.
func (p *pane) path(s draw.LineStyle, points ...vg.Point) {
	if len(points) > 1 {
		p.c.StrokeLines(s, points)
	}
	for i := 1; i < len(points); i++ {
		p.lines = append(p.lines, along(points[i-1], points[i])...)
	}
}
