package plot

import (
	"fmt"
	"math"
	"strconv"

	gonum "gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A Block is a diffusion decoder with one block size.
type Block struct {
	Size       int
	Pass       float64  // pass@1, from 0 to 1; negative: unknown
	Speed      Interval // useful tokens a second
	PerForward float64
	Forwards   float64 // a second
}

// Blocks draws speed and its two factors against the block size: useful tokens a second are tokens per forward, which
// grow with the block, times forwards a second, which fall. base is the baseline's speed, nil where there is none.
func Blocks(name string, blocks []Block, base *Interval) Chart {
	var ticks []gonum.Tick
	for i, b := range blocks {
		label := strconv.Itoa(b.Size)
		if b.Pass >= 0 {
			label += fmt.Sprintf(" (%.0f%%)", 100*b.Pass)
		}
		ticks = append(ticks, gonum.Tick{Value: float64(i), Label: label})
	}
	panel := func(label string, value func(Block) Interval, line *Interval) *gonum.Plot {
		top := 0.0
		for _, b := range blocks {
			top = max(top, value(b).High)
		}
		if line != nil {
			top = max(top, line.High)
		}
		p := axes("block size (pass@1)", label, ticks, linear(0, top, 5))
		p.X.Min, p.X.Max = -0.4, float64(len(blocks))-0.6
		p.Add(drawing(func(c draw.Canvas, p *gonum.Plot) {
			tx, ty := p.Transforms(&c)
			if line != nil {
				c.StrokeLine2(draw.LineStyle{Color: tone(0), Width: vg.Points(1.4)}, c.Min.X, ty(line.Value), c.Max.X, ty(line.Value))
			}
			var points []vg.Point
			for i, b := range blocks {
				v := value(b)
				at := vg.Point{X: tx(float64(i)), Y: ty(v.Value)}
				c.StrokeLine2(draw.LineStyle{Color: fade(tone(1), 0.55), Width: vg.Points(1)}, at.X, ty(v.Low), at.X, ty(v.High))
				points = append(points, at)
			}
			c.StrokeLines(draw.LineStyle{Color: tone(1), Width: vg.Points(1.4)}, points)
			for _, at := range points {
				c.DrawGlyphNoClip(draw.GlyphStyle{Color: tone(1), Radius: vg.Points(3.5), Shape: disc{}}, at)
			}
		}))
		return p
	}
	point := func(v float64) Interval { return Interval{v, v, v} }
	chart := Chart{Name: "blocks", Title: "Speed against block size", width: 640, height: 300,
		Reading: "tokens a second (left) are tokens per forward (middle) times forwards a second (right)", key: []entry{{tone(1), name}},
		panels: []*gonum.Plot{
			panel("useful tokens per second", func(b Block) Interval { return b.Speed }, base),
			panel("tokens per forward", func(b Block) Interval { return point(b.PerForward) }, nil),
			panel("forwards per second", func(b Block) Interval { return point(math.Round(b.Forwards)) }, nil),
		}}
	if base != nil {
		chart.key = append(chart.key, entry{tone(0), "ar"})
	}
	return chart
}
