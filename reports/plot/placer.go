package plot

import (
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A placer puts labels beside points where they cover the least: lines and points are obstacles, and so is
// each label once it is placed.
type placer struct {
	taken []vg.Rectangle
}

// line strokes a line and makes it an obstacle, as a row of small boxes.
func (p *placer) line(c draw.Canvas, s draw.LineStyle, a, b vg.Point) {
	c.StrokeLines(s, []vg.Point{a, b})
	p.obstacle(a, b)
}

// obstacle keeps labels off the line from a to b.
func (p *placer) obstacle(a, b vg.Point) {
	const pieces = 40
	for i := range pieces + 1 {
		f := vg.Length(i) / pieces
		p.taken = append(p.taken, around(vg.Point{X: a.X + f*(b.X-a.X), Y: a.Y + f*(b.Y-a.Y)}, vg.Points(1)))
	}
}

// around is the square box about a point.
func around(at vg.Point, r vg.Length) vg.Rectangle {
	return vg.Rectangle{Min: vg.Point{X: at.X - r, Y: at.Y - r}, Max: vg.Point{X: at.X + r, Y: at.Y + r}}
}

// label writes txt near at, at the place among 24 with the least overlap; near places win ties.
func (p *placer) label(c draw.Canvas, s text.Style, at vg.Point, txt string) {
	w, h := s.Width(txt), s.Height(txt)
	var best vg.Rectangle
	least, far := vg.Length(-1), false
	for _, r := range []vg.Length{7, 12, 18, 26} {
		for _, d := range []vg.Point{{X: 1, Y: 1}, {X: 1, Y: -1}, {X: -1, Y: 1}, {X: -1, Y: -1}, {X: 1}, {X: -1}} {
			box := vg.Rectangle{Min: vg.Point{X: at.X + d.X*r, Y: at.Y + d.Y*r*0.7 - h/2}}
			if d.X < 0 {
				box.Min.X -= w
			}
			box.Max = vg.Point{X: box.Min.X + w, Y: box.Min.Y + h}
			if cost := p.cost(c, box); least < 0 || cost < least {
				best, least, far = box, cost, r > 7
			}
		}
	}
	if far { // a line leads to its point
		edge := vg.Point{X: max(best.Min.X, min(at.X, best.Max.X)), Y: max(best.Min.Y, min(at.Y, best.Max.Y))}
		c.StrokeLine2(draw.LineStyle{Color: Muted, Width: vg.Points(0.5)}, at.X, at.Y, edge.X, edge.Y)
	}
	c.FillText(s, best.Min, txt)
	p.taken = append(p.taken, best)
}

// cost is the area of box that is taken or outside the canvas.
func (p *placer) cost(c draw.Canvas, box vg.Rectangle) vg.Length {
	area := func(a vg.Rectangle) vg.Length {
		w := min(a.Max.X, box.Max.X) - max(a.Min.X, box.Min.X)
		h := min(a.Max.Y, box.Max.Y) - max(a.Min.Y, box.Min.Y)
		return max(0, w) * max(0, h)
	}
	cost := 4 * ((box.Max.X-box.Min.X)*(box.Max.Y-box.Min.Y) - area(c.Rectangle))
	for _, t := range p.taken {
		cost += area(t)
	}
	return cost
}
