package plot

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A placer puts labels beside points. A label never touches a mark, another label or a leader line, nor leaves the panel; of the
// places that are left it takes the nearest that covers the least of lines.
type placer struct {
	within vg.Rectangle
	hard   []vg.Rectangle // marks, and labels once they are placed
	soft   []vg.Rectangle // lines, cut into small boxes
	labels []tag
}

// A tag is a label, and where it was put.
type tag struct {
	at    vg.Point
	text  string
	style text.Style
	gap   vg.Length // from the point to the edge of its mark

	box    vg.Rectangle
	placed bool
}

// leaderFrom is how far from its mark a label may stand without a line that leads to it.
const leaderFrom = 5

// Letters reach from so far below the line that they stand on to so far above it, in sizes of the font.
const (
	lettersDepth  = 0.22
	lettersHeight = 0.96
)

// directions are those from a point to its label, in sixteenths of a turn to the left from the right on; the first are liked most.
var directions = []int{0, 1, 15, 2, 14, 8, 7, 9, 6, 10, 3, 13, 4, 12, 5, 11}

// place finds a place for every label, the most crowded first; false where one has none.
func (p *placer) place() bool {
	order := make([]int, len(p.labels))
	crowd := make([]int, len(p.labels))
	for i := range p.labels {
		order[i] = i
		for _, h := range p.hard {
			if overlap(around(p.labels[i].at, 40), h) > 0 {
				crowd[i]++
			}
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(crowd[b], crowd[a]) })
	all := true
	for _, i := range order {
		all = p.put(&p.labels[i]) && all
	}
	return all
}

// put takes the cheapest place for a label.
func (p *placer) put(t *tag) bool {
	w, h := t.style.Width(t.text), lettersHeight*t.style.Font.Size
	least := math.Inf(1)
	try := func(x, y vg.Length, dislike float64) {
		box := vg.Rectangle{Min: vg.Point{X: x, Y: y}, Max: vg.Point{X: x + w, Y: y + h}}
		if cost := p.cost(t, box, least-dislike) + dislike; cost < least {
			least, t.box, t.placed = cost, box, true
		}
	}
	for _, r := range []vg.Length{3, 6, 10, 15, 22, 30, 40, 52, 66} {
		r += t.gap
		for dislike, k := range directions {
			sin, cos := math.Sincos(float64(k) * math.Pi / 8)
			x, y := t.at.X+r*vg.Length(cos), t.at.Y+r*vg.Length(sin)
			// The box touches the circle of the radius with its nearest side or corner.
			try(x-w*vg.Length(1-sign(cos))/2, y-h*vg.Length(1-sign(sin))/2, 0.05*float64(dislike))
		}
	}
	if !t.placed { // anywhere
		for x := p.within.Min.X; x+w <= p.within.Max.X; x += 6 {
			for y := p.within.Min.Y; y+h <= p.within.Max.Y; y += h / 2 {
				try(x, y, 0)
			}
		}
	}
	if t.placed {
		p.hard = append(p.hard, t.box)
		if a, b, far := t.leader(); far {
			p.hard = append(p.hard, clear(along(a, b), t.box)...)
		}
	}
	return t.placed
}

// sign is -1, 0 or 1.
func sign(v float64) float64 {
	if math.Abs(v) < 1e-9 {
		return 0
	}
	return math.Copysign(1, v)
}

// cost is what a place costs: how far it is and what it covers; infinite where it touches what it must not.
func (p *placer) cost(t *tag, box vg.Rectangle, most float64) float64 {
	const free = 1
	padded := vg.Rectangle{Min: vg.Point{X: box.Min.X - free, Y: box.Min.Y - free/2}, Max: vg.Point{X: box.Max.X + free, Y: box.Max.Y + free/2}}
	if box.Min.X < p.within.Min.X || box.Min.Y < p.within.Min.Y || box.Max.X > p.within.Max.X || box.Max.Y > p.within.Max.Y {
		return math.Inf(1)
	}
	edge := nearest(box, t.at)
	cost := math.Hypot(float64(edge.X-t.at.X), float64(edge.Y-t.at.Y)) - float64(t.gap)
	if cost > leaderFrom {
		cost += 6
	}
	if cost >= most {
		return math.Inf(1)
	}
	for _, h := range p.hard {
		if overlap(padded, h) > 0 {
			return math.Inf(1)
		}
	}
	for _, s := range p.soft {
		cost += 2 * float64(overlap(padded, s))
	}
	return cost + p.leaderCost(t, box)
}

// leaderCost is what a leader line to a place would cross.
func (p *placer) leaderCost(t *tag, box vg.Rectangle) (cost float64) {
	probe := *t
	probe.box = box
	a, b, far := probe.leader()
	if !far {
		return 0
	}
	for _, piece := range along(a, b) {
		for _, h := range p.hard {
			own := overlap(around(t.at, t.gap+1), h) > 0
			if !own && overlap(piece, h) > 0 {
				return 1e6
			}
		}
	}
	return cost
}

// leader is the line from a label's mark to the label, and whether it is long enough to be drawn.
func (t tag) leader() (from, to vg.Point, far bool) {
	to = nearest(t.box, t.at)
	length := vg.Length(math.Hypot(float64(to.X-t.at.X), float64(to.Y-t.at.Y)))
	if length-t.gap <= leaderFrom {
		return t.at, to, false
	}
	f := t.gap / length
	return vg.Point{X: t.at.X + f*(to.X-t.at.X), Y: t.at.Y + f*(to.Y-t.at.Y)}, to, true
}

// write draws the labels that have a place.
func (p *pane) write() {
	for _, t := range p.labels {
		if !t.placed {
			continue
		}
		if a, b, far := t.leader(); far {
			p.c.StrokeLine2(draw.LineStyle{Color: p.muted, Width: 0.4}, a.X, a.Y, b.X, b.Y)
		}
		p.c.FillText(t.style, vg.Point{X: t.box.Min.X, Y: t.box.Min.Y + lettersDepth*t.style.Font.Size - standing(t.style)}, t.text)
	}
}

// standing is how far above its place gonum puts the line that letters stand on.
func standing(s text.Style) vg.Length { return s.Font.Size - s.FontExtents().Ascent }

// along is a line cut into small boxes.
func along(a, b vg.Point) (boxes []vg.Rectangle) {
	pieces := int(math.Hypot(float64(b.X-a.X), float64(b.Y-a.Y))/2.5) + 1
	for i := range pieces + 1 {
		f := vg.Length(i) / vg.Length(pieces)
		boxes = append(boxes, around(vg.Point{X: a.X + f*(b.X-a.X), Y: a.Y + f*(b.Y-a.Y)}, 0.8))
	}
	return boxes
}

// clear is boxes without those that touch another.
func clear(boxes []vg.Rectangle, other vg.Rectangle) []vg.Rectangle {
	return slices.DeleteFunc(boxes, func(b vg.Rectangle) bool { return overlap(b, other) > 0 })
}

// around is the square about a point.
func around(at vg.Point, r vg.Length) vg.Rectangle {
	return vg.Rectangle{Min: vg.Point{X: at.X - r, Y: at.Y - r}, Max: vg.Point{X: at.X + r, Y: at.Y + r}}
}

// nearest is the point of a box that is nearest to another.
func nearest(box vg.Rectangle, at vg.Point) vg.Point {
	return vg.Point{X: max(box.Min.X, min(at.X, box.Max.X)), Y: max(box.Min.Y, min(at.Y, box.Max.Y))}
}

// overlap is the area that two boxes share.
func overlap(a, b vg.Rectangle) vg.Length {
	w := min(a.Max.X, b.Max.X) - max(a.Min.X, b.Min.X)
	h := min(a.Max.Y, b.Max.Y) - max(a.Min.Y, b.Min.Y)
	return max(0, w) * max(0, h)
}
