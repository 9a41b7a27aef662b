package plot

import (
	"fmt"

	gonum "gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Bars draws each decoder's share of the ceiling, from 0 to 1, a bar a decoder with its name beside it.
func Bars(names []string, shares []float64) Chart {
	top := 0.0
	for _, v := range shares {
		top = max(top, 100*v)
	}
	n := float64(len(names))
	var widest vg.Length
	label := style(8.5, Ink, false)
	for _, name := range names {
		widest = max(widest, label.Width(name))
	}
	var ticks []gonum.Tick
	for i, name := range names {
		ticks = append(ticks, gonum.Tick{Value: n - float64(i) - 0.5, Label: name})
	}
	p := axes("share of the ceiling, %", "", linear(0, top, 6), ticks)
	p.Y.Min, p.Y.Max = 0, n
	p.Add(drawing(func(c draw.Canvas, p *gonum.Plot) {
		tx, ty := p.Transforms(&c)
		for i, v := range shares {
			y := n - float64(i) - 0.5
			box := vg.Rectangle{Min: vg.Point{X: tx(0), Y: ty(y - 0.32)}, Max: vg.Point{X: tx(100 * v), Y: ty(y + 0.32)}}
			c.SetColor(tone(min(i, 1)))
			c.Fill(box.Path())
			text := fmt.Sprintf("%.1f", 100*v)
			at := vg.Point{X: box.Max.X + vg.Points(4), Y: (box.Min.Y+box.Max.Y)/2 - label.Height(text)/2}
			if at.X+label.Width(text) > c.Max.X {
				at.X = box.Max.X - vg.Points(4) - label.Width(text)
			}
			c.FillText(label, at, text)
		}
	}))
	return Chart{Name: "ceiling", Title: "Share of this machine's ceiling", panels: []*gonum.Plot{p}, width: 540,
		height:  vg.Length(110 + 20*len(names)),
		Reading: "the time of the same forwards at the bandwidth and arithmetic rate measured in this run, over the time they took"}
}
