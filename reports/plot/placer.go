package plot

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A placer puts labels beside points. A label never touches a mark, another label or a leader line, nor leaves the panel, and no
// leader line crosses a label; of the places that are left it takes the nearest that covers the least of lines. Labels of points
// whose marks cover each other stand together as one block: nobody could tell their leaders apart.
type placer struct {
	within   vg.Rectangle
	anywhere bool // a label may stand far from its mark
	marks    []vg.Rectangle
	lines    []vg.Rectangle // cut into small boxes, as leader lines are
	texts    []vg.Rectangle // labels that are placed
	leads    []vg.Rectangle // their leader lines
	labels   []tag
}

// A tag is a label, or several in a block, and where it was put.
type tag struct {
	at    vg.Point
	texts []string
	style text.Style
	gap   vg.Length // from the point to the edge of its mark

	columns int // of the block
	box     vg.Rectangle
	placed  bool
}

// leaderFrom is how far from its mark a label may stand without a line that leads to it.
const leaderFrom = 5

// Letters reach from so far below the line that they stand on to so far above it; lines of a block are so far apart. In sizes of the font.
const (
	lettersDepth  = 0.22
	lettersHeight = 0.96
	lineHeight    = 1.1
)

// columnGap is between the columns of a block.
const columnGap = 5

// directions are those from a point to its label, in sixteenths of a turn to the left from the right on; the first are liked most.
var directions = []int{0, 1, 15, 2, 14, 8, 7, 9, 6, 10, 3, 13, 4, 12, 5, 11}

// place finds a place for every label, the most crowded first; false where one has none.
func (p *placer) place() bool {
	p.gather()
	crowd := func(t tag) (n int) {
		for _, m := range p.marks {
			if overlap(around(t.at, 40), m) > 0 {
				n++
			}
		}
		return n
	}
	order := make([]*tag, len(p.labels))
	crowds := map[*tag]int{}
	for i := range p.labels {
		order[i] = &p.labels[i]
		crowds[order[i]] = crowd(p.labels[i])
	}
	slices.SortStableFunc(order, func(a, b *tag) int { return cmp.Compare(crowds[b], crowds[a]) })
	for _, t := range order {
		for t.columns = 1; t.columns <= min(len(t.texts), 5) && !t.placed; t.columns++ {
			p.put(t)
		}
		if !t.placed {
			return false
		}
		t.columns--
	}
	return true
}

// gather makes one block of the labels whose marks cover each other.
func (p *placer) gather() {
	var blocks []tag
	for _, t := range p.labels {
		i := slices.IndexFunc(blocks, func(b tag) bool {
			return b.style.Color == t.style.Color && b.gap > 0 && math.Hypot(float64(b.at.X-t.at.X), float64(b.at.Y-t.at.Y)) < float64(b.gap)
		})
		if i < 0 {
			blocks = append(blocks, t)
		} else if !slices.Contains(blocks[i].texts, t.texts[0]) {
			blocks[i].texts = append(blocks[i].texts, t.texts...)
		}
	}
	p.labels = blocks
}

// put takes the cheapest place for a label.
func (p *placer) put(t *tag) {
	w, h := t.size()
	least := math.Inf(1)
	try := func(x, y vg.Length, dislike float64) {
		box := vg.Rectangle{Min: vg.Point{X: x, Y: y}, Max: vg.Point{X: x + w, Y: y + h}}
		if cost := p.cost(t, box, least-dislike) + dislike; cost < least {
			least, t.box, t.placed = cost, box, true
		}
	}
	for _, r := range []vg.Length{3, 6, 10, 15, 22, 30, 40, 52} {
		r += t.gap
		for dislike, k := range directions {
			sin, cos := math.Sincos(float64(k) * math.Pi / 8)
			x, y := t.at.X+r*vg.Length(cos), t.at.Y+r*vg.Length(sin)
			// The box touches the circle of the radius with its nearest side or corner.
			try(x-w*vg.Length(1-sign(cos))/2, y-h*vg.Length(1-sign(sin))/2, 0.05*float64(dislike))
			if len(t.texts) > 1 { // a block may stand at any height beside its mark
				try(x-w*vg.Length(1-sign(cos))/2, min(max(y-h/2, p.within.Min.Y), p.within.Max.Y-h), 1)
			}
		}
	}
	if !t.placed && p.anywhere {
		for x := p.within.Min.X; x+w <= p.within.Max.X; x += 6 {
			for y := p.within.Min.Y; y+h <= p.within.Max.Y; y += h / 2 {
				try(x, y, 0)
			}
		}
	}
	if t.placed {
		p.texts = append(p.texts, t.box)
		if a, b, far := t.leader(); far {
			p.leads = append(p.leads, along(a, b)...)
		}
	}
}

// size is that of a label or a block in so many columns.
func (t *tag) size() (w, h vg.Length) {
	rows := (len(t.texts) + t.columns - 1) / t.columns
	return t.widest()*vg.Length(t.columns) + columnGap*vg.Length(t.columns-1), (lettersHeight + lineHeight*vg.Length(rows-1)) * t.style.Font.Size
}

// widest is the width of a column.
func (t *tag) widest() (w vg.Length) {
	for _, one := range t.texts {
		w = max(w, t.style.Width(one))
	}
	return w
}

// sign is -1, 0 or 1.
func sign(v float64) float64 {
	if math.Abs(v) < 1e-9 {
		return 0
	}
	return math.Copysign(1, v)
}

// cost is what a place costs: how far it is and what it covers; infinite where it touches what it must not, or costs most or more.
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
	for _, taken := range [][]vg.Rectangle{p.marks, p.texts, p.leads} {
		if touches(padded, taken) {
			return math.Inf(1)
		}
	}
	for _, s := range p.lines {
		cost += 2 * float64(overlap(padded, s))
	}
	if cost >= most {
		return math.Inf(1)
	}
	return cost + p.leaderCost(t, box)
}

// leaderCost is what a leader line to a place would cross: of marks and other leaders as little as can be, and no label.
func (p *placer) leaderCost(t *tag, box vg.Rectangle) (cost float64) {
	probe := *t
	probe.box = box
	a, b, far := probe.leader()
	if !far {
		return 0
	}
	own := around(t.at, t.gap+2)
	for _, piece := range along(a, b) {
		switch {
		case touches(piece, p.texts):
			return math.Inf(1)
		case overlap(own, piece) > 0:
		case touches(piece, p.marks):
			cost += 20
		case touches(piece, p.leads):
			cost += 6
		}
	}
	return cost
}

// leader is the line from a label's mark to the label, and whether it is long enough to be drawn.
func (t *tag) leader() (from, to vg.Point, far bool) {
	to = nearest(t.box, t.at)
	length := vg.Length(math.Hypot(float64(to.X-t.at.X), float64(to.Y-t.at.Y)))
	if length-t.gap <= leaderFrom {
		return t.at, to, false
	}
	f := t.gap / length
	return vg.Point{X: t.at.X + f*(to.X-t.at.X), Y: t.at.Y + f*(to.Y-t.at.Y)}, to, true
}

// write draws the labels that have a place; of a block column by column.
func (p *pane) write() {
	for i := range p.labels {
		t := &p.labels[i]
		if !t.placed {
			continue
		}
		if a, b, far := t.leader(); far {
			p.c.StrokeLine2(draw.LineStyle{Color: p.muted, Width: 0.4}, a.X, a.Y, b.X, b.Y)
		}
		size := t.style.Font.Size
		standing := size - t.style.FontExtents().Ascent // how far above its place gonum puts the line that letters stand on
		rows := (len(t.texts) + t.columns - 1) / t.columns
		for k, one := range t.texts {
			x := t.box.Min.X + (t.widest()+columnGap)*vg.Length(k/rows)
			y := t.box.Max.Y - (lettersHeight+lineHeight*vg.Length(k%rows))*size
			p.c.FillText(t.style, vg.Point{X: x, Y: y + lettersDepth*size - standing}, one)
		}
	}
}

// along is a line cut into small boxes.
func along(a, b vg.Point) (boxes []vg.Rectangle) {
	pieces := int(math.Hypot(float64(b.X-a.X), float64(b.Y-a.Y))/2.5) + 1
	for i := range pieces + 1 {
		f := vg.Length(i) / vg.Length(pieces)
		boxes = append(boxes, around(vg.Point{X: a.X + f*(b.X-a.X), Y: a.Y + f*(b.Y-a.Y)}, 0.8))
	}
	return boxes
}

// around is the square about a point.
func around(at vg.Point, r vg.Length) vg.Rectangle {
	return vg.Rectangle{Min: vg.Point{X: at.X - r, Y: at.Y - r}, Max: vg.Point{X: at.X + r, Y: at.Y + r}}
}

// nearest is the point of a box that is nearest to another.
func nearest(box vg.Rectangle, at vg.Point) vg.Point {
	return vg.Point{X: max(box.Min.X, min(at.X, box.Max.X)), Y: max(box.Min.Y, min(at.Y, box.Max.Y))}
}

// touches says that a box overlaps one of several.
func touches(box vg.Rectangle, others []vg.Rectangle) bool {
	return slices.ContainsFunc(others, func(o vg.Rectangle) bool { return overlap(box, o) > 0 })
}

// overlap is the area that two boxes share.
func overlap(a, b vg.Rectangle) vg.Length {
	w := min(a.Max.X, b.Max.X) - max(a.Min.X, b.Min.X)
	h := min(a.Max.Y, b.Max.Y) - max(a.Min.Y, b.Min.Y)
	return max(0, w) * max(0, h)
}
