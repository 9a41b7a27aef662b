package plot

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	gonum "gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A XY is a point of a curve; both are positive, for the axes are logarithmic.
type XY struct{ X, Y float64 }

// A Curve is a decoder's throughput against the batch size.
type Curve struct {
	Name     string
	Measured []XY
	Roof     []XY   // what the machine's ceilings allow; may be empty
	Meets    *XY    // where the first curve catches up with this one; nil where it does not
	Mark     string // what to write there
}

// Crossover draws throughput against the batch size, of the autoregressive decoder, the first curve, and of diffusion
// decoders of one block size. Reading says more of the circumstances.
func Crossover(block int, reading string, curves []Curve) Chart {
	p := crossoverAxes(curves)
	p.Add(drawing(func(c draw.Canvas, p *gonum.Plot) {
		tx, ty := p.Transforms(&c)
		var place placer
		for i := len(curves) - 1; i >= 0; i-- {
			place.path(c, draw.LineStyle{Color: fade(tone(i), 0.75), Width: vg.Points(1), Dashes: []vg.Length{vg.Points(4), vg.Points(3)}}, on(tx, ty, curves[i].Roof...))
		}
		for i := len(curves) - 1; i >= 0; i-- {
			points := on(tx, ty, curves[i].Measured...)
			place.path(c, draw.LineStyle{Color: tone(i), Width: vg.Points(1.6)}, points)
			for _, at := range points {
				c.DrawGlyphNoClip(draw.GlyphStyle{Color: tone(i), Radius: vg.Points(3), Shape: disc{}}, at)
				place.taken = append(place.taken, around(at, vg.Points(3)))
			}
		}
		place.meetings(c, tx, ty, curves)
	}))
	return Chart{Name: fmt.Sprintf("crossover-block%d", block), Title: fmt.Sprintf("Throughput against batch, block %d, at assumed tokens per forward", block), Reading: reading,
		panels: []*gonum.Plot{p}, key: byHeight(curves), column: true, width: 600, height: 430}
}

// crossoverAxes enclose all curves; the ticks below are the batch sizes themselves.
func crossoverAxes(curves []Curve) *gonum.Plot {
	var xs, ys []float64
	for _, c := range curves {
		for _, q := range c.Measured {
			xs, ys = append(xs, q.X), append(ys, q.Y)
		}
		for _, q := range c.Roof {
			ys = append(ys, q.Y)
		}
	}
	slices.Sort(xs)
	var ticks []gonum.Tick
	for _, x := range slices.Compact(xs) {
		ticks = append(ticks, tick(x))
	}
	return axes("batch: sequences decoded at once", "tokens per second, of all together", logs(ticks), logs(logarithmic(slices.Min(ys), slices.Max(ys))))
}

// logs puts ticks at the logarithms of their values. Note: gonum's LogScale does the same, but takes the middle of the axis
// for that of the values and leaves room for a label there.
func logs(ticks []gonum.Tick) []gonum.Tick {
	for i := range ticks {
		ticks[i].Value = math.Log(ticks[i].Value)
	}
	return ticks
}

// on are points as they lie on the canvas.
func on(tx, ty func(float64) vg.Length, points ...XY) (out []vg.Point) {
	for _, q := range points {
		out = append(out, vg.Point{X: tx(math.Log(q.X)), Y: ty(math.Log(q.Y))})
	}
	return out
}

// path strokes a line through points, which labels keep off.
func (p *placer) path(c draw.Canvas, s draw.LineStyle, points []vg.Point) {
	for i := 1; i < len(points); i++ {
		p.obstacle(points[i-1], points[i])
	}
	if len(points) > 1 {
		c.StrokeLines(s, points)
	}
}

// meetings rings the points where the first curve catches up, and writes what the curves say of them.
func (p *placer) meetings(c draw.Canvas, tx, ty func(float64) vg.Length, curves []Curve) {
	var at []vg.Point
	var marks []string
	for _, curve := range curves {
		if curve.Meets != nil {
			at, marks = append(at, on(tx, ty, *curve.Meets)...), append(marks, curve.Mark)
		}
	}
	for _, q := range at {
		c.DrawGlyphNoClip(draw.GlyphStyle{Color: Ink, Radius: vg.Points(5.5), Shape: ring{}}, q)
		p.taken = append(p.taken, around(q, vg.Points(6)))
	}
	for i, q := range at {
		p.label(c, style(8.5, Ink, false), q, marks[i])
	}
}

// byHeight is the key, in the order in which the curves begin, from above.
func byHeight(curves []Curve) (key []entry) {
	order := make([]int, len(curves))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(curves[b].Measured[0].Y, curves[a].Measured[0].Y) })
	for _, i := range order {
		key = append(key, entry{tone(i), curves[i].Name})
	}
	return key
}

// ring is a circle without a filling.
type ring struct{}

// DrawGlyph strokes the circle.
func (ring) DrawGlyph(c *draw.Canvas, s draw.GlyphStyle, at vg.Point) {
	c.SetLineStyle(draw.LineStyle{Color: s.Color, Width: vg.Points(1.2)})
	c.Stroke(circle(at, s.Radius))
}
