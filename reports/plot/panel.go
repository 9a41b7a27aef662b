package plot

import (
	"math"
	"strconv"

	gonum "gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A pane is a panel as it is drawn: where the data stand, and the labels' placer.
type pane struct {
	*sheet
	c    draw.Canvas
	x, y func(float64) vg.Length // an infinite value stands at the edge
	placer
}

// drawer makes a plotter of gonum's of a function.
type drawer func(c draw.Canvas, p *gonum.Plot)

// Plot draws on c.
func (d drawer) Plot(c draw.Canvas, p *gonum.Plot) { d(c, p) }

// drawPanel draws axes, then layers, then the labels.
func (s *sheet) drawPanel(c draw.Canvas, panel Panel) {
	p := s.axes(c, panel)
	p.Add(drawer(func(c draw.Canvas, p *gonum.Plot) {
		tx, ty := p.Transforms(&c)
		out := &pane{sheet: s, c: c, x: onto(tx, panel.X.Log, c.Min.X, c.Max.X), y: onto(ty, panel.Y.Log, c.Min.Y, c.Max.Y)}
		for _, l := range panel.Layers {
			marks[l.Mark].draw(out, l, s.chart.number(l.Series))
		}
		out.within, out.anywhere = c.Rectangle, s.numbered
		if !out.place() {
			s.crowded = true
		}
		out.write()
	}))
	p.Draw(c)
}

// onto is a transformation to the canvas that knows logarithms and infinities.
func onto(to func(float64) vg.Length, log bool, low, high vg.Length) func(float64) vg.Length {
	return func(v float64) vg.Length {
		switch {
		case math.IsInf(v, -1) || log && v <= 0:
			return low
		case math.IsInf(v, 1):
			return high
		case log:
			v = math.Log(v)
		}
		return min(max(to(v), low), high)
	}
}

// axes makes the panel's plot, with a grid behind the data. Note: gonum's LogScale takes the middle of the axis for that of the
// values and leaves room for a label there, so that logarithms are taken here.
func (s *sheet) axes(c draw.Canvas, panel Panel) *gonum.Plot {
	p := gonum.New()
	p.BackgroundColor = nil
	size := c.Max.X - c.Min.X
	x := s.axis(&p.X, panel.X, panel.Layers, func(p Point) Interval { return p.X }, int(size/70))
	y := s.axis(&p.Y, panel.Y, panel.Layers, func(p Point) Interval { return p.Y }, int((c.Max.Y-c.Min.Y)/32))
	s.thin(p.X, x, 0.85*size)
	p.X.Tick.Marker, p.Y.Tick.Marker = gonum.ConstantTicks(x), gonum.ConstantTicks(y)
	p.Add(drawer(func(c draw.Canvas, p *gonum.Plot) {
		tx, ty := p.Transforms(&c)
		line := draw.LineStyle{Color: s.grid, Width: 0.5}
		for _, t := range y {
			c.StrokeLine2(line, c.Min.X, ty(t.Value), c.Max.X, ty(t.Value))
		}
		for _, t := range x {
			c.StrokeLine2(line, tx(t.Value), c.Min.Y, tx(t.Value), c.Max.Y)
		}
	}))
	return p
}

// axis sets one of gonum's axes up and returns its ticks, where the axis has them.
func (s *sheet) axis(to *gonum.Axis, a Axis, layers []Layer, of func(Point) Interval, n int) (ticks []gonum.Tick) {
	low, high := a.reach(layers, of)
	for _, t := range a.ticks(low, high, min(max(n, 3), 8)) {
		at := t.At
		if a.Log {
			at = math.Log(at)
		}
		ticks = append(ticks, gonum.Tick{Value: at, Label: t.Text})
	}
	if a.Log {
		low, high = math.Log(low), math.Log(high)
	}
	to.Min, to.Max = low, high
	to.Label.Text, to.Label.Padding = a.Label, vg.Points(3)
	to.Label.TextStyle.Font, to.Label.TextStyle.Color = s.letters(s.ink, false).Font, s.muted
	to.Tick.Label.Font, to.Tick.Label.Color = s.letters(s.ink, false).Font, s.muted
	to.LineStyle, to.Tick.Length, to.Padding = draw.LineStyle{Color: s.grid}, 0, vg.Points(4)
	return ticks
}

// thin takes the texts from ticks of a level axis that would touch the one before.
func (s *sheet) thin(a gonum.Axis, ticks []gonum.Tick, length vg.Length) {
	label, free := s.letters(s.ink, false), vg.Length(math.Inf(-1))
	for i, t := range ticks {
		if t.Label == "" {
			continue
		}
		middle := length * vg.Length((t.Value-a.Min)/(a.Max-a.Min))
		half := label.Width(t.Label) / 2
		if middle-half < free {
			ticks[i].Label = ""
			continue
		}
		free = middle + half + 4
	}
}

// at is where a point's value stands.
func (p *pane) at(q Point) vg.Point { return vg.Point{X: p.x(q.X.Value), Y: p.y(q.Y.Value)} }

// name asks for the label of a point at a place, in a tone; where labels are numbers it is the next one.
func (p *pane) name(at vg.Point, label string, l Layer, gap vg.Length) {
	if label == "" {
		return
	}
	if p.numbered {
		label = strconv.Itoa(p.numbers[[2]string{l.Series, label}])
	}
	tone := p.ink
	if l.Tone > InkTone {
		tone = p.color(l, -1)
	}
	p.labels = append(p.labels, tag{at: at, texts: []string{label}, style: p.letters(tone, false), gap: gap})
}
