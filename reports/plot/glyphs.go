package plot

import (
	"image/color"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A shape is a glyph by its name in Vega-Lite, and its corners about the origin for a radius of 1; none for a circle.
type shape struct {
	name    string
	corners []vg.Point
}

// shapes are told apart by number of corners and direction, so that they serve in grey. There are 8 of them, and 6 colours beside the
// baseline's, so that 24 series have a pair of their own.
var shapes = []shape{
	{name: "circle"},
	{"square", []vg.Point{{X: -0.9, Y: -0.9}, {X: 0.9, Y: -0.9}, {X: 0.9, Y: 0.9}, {X: -0.9, Y: 0.9}}},
	{"triangle-up", turned(triangle, 0)},
	{"diamond", []vg.Point{{X: -1.2}, {Y: -1.2}, {X: 1.2}, {Y: 1.2}}},
	{"triangle-down", turned(triangle, 2)},
	{"cross", []vg.Point{{X: -1.15, Y: -0.4}, {X: -0.4, Y: -0.4}, {X: -0.4, Y: -1.15}, {X: 0.4, Y: -1.15}, {X: 0.4, Y: -0.4}, {X: 1.15, Y: -0.4},
		{X: 1.15, Y: 0.4}, {X: 0.4, Y: 0.4}, {X: 0.4, Y: 1.15}, {X: -0.4, Y: 1.15}, {X: -0.4, Y: 0.4}, {X: -1.15, Y: 0.4}}},
	{"triangle-right", turned(triangle, 3)},
	{"triangle-left", turned(triangle, 1)},
}

var triangle = []vg.Point{{X: -1.1, Y: -0.8}, {X: 1.1, Y: -0.8}, {Y: 1.15}}

// turned is a shape after quarter turns to the left.
func turned(corners []vg.Point, quarters int) (out []vg.Point) {
	for _, p := range corners {
		for range quarters {
			p = vg.Point{X: -p.Y, Y: p.X}
		}
		out = append(out, p)
	}
	return out
}

// shapeOf is the glyph of a series in a run: runs differ by their filling, and by their shape where there are many.
func shapeOf(number, run int) shape { return shapes[(max(0, number)+3*(run/fillings))%len(shapes)] }

// fillings is how many ways there are to fill a glyph: full, empty, pale.
const fillings = 3

// drawGlyph draws a series' glyph: filled, or for other runs its outline.
func (s Style) drawGlyph(c draw.Canvas, at vg.Point, radius vg.Length, tone color.NRGBA, number, run int) {
	path := shapeOf(number, run).path(at, radius)
	if filling := run % fillings; filling > 0 {
		c.SetColor(s.paper)
		c.Fill(path)
		if filling == 2 {
			c.SetColor(fade(tone, 0.35))
			c.Fill(path)
		}
		c.SetLineStyle(draw.LineStyle{Color: tone, Width: 0.32 * radius})
		c.Stroke(path)
		return
	}
	c.SetColor(tone)
	c.Fill(path)
}

// path is the outline about a point.
func (s shape) path(at vg.Point, radius vg.Length) (path vg.Path) {
	if s.corners == nil {
		return circle(at, radius)
	}
	for i, p := range s.corners {
		corner := vg.Point{X: at.X + radius*p.X, Y: at.Y + radius*p.Y}
		if i == 0 {
			path.Move(corner)
		} else {
			path.Line(corner)
		}
	}
	path.Close()
	return path
}

// circle is the circle about a point, as four Bezier curves: every format draws them alike.
func circle(at vg.Point, radius vg.Length) (path vg.Path) {
	const k = 4 * (math.Sqrt2 - 1) / 3
	point := func(x, y float64) vg.Point {
		return vg.Point{X: at.X + radius*vg.Length(x), Y: at.Y + radius*vg.Length(y)}
	}
	path.Move(point(1, 0))
	path.CubeTo(point(1, k), point(k, 1), point(0, 1))
	path.CubeTo(point(-k, 1), point(-1, k), point(-1, 0))
	path.CubeTo(point(-1, -k), point(-k, -1), point(0, -1))
	path.CubeTo(point(k, -1), point(1, -k), point(1, 0))
	path.Close()
	return path
}
