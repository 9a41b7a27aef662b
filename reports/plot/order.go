package plot

import (
	"fmt"

	gonum "gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A Cell says which share of the decodings committed position X of a block in the block's forward Y.
type Cell struct {
	X, Y  int
	Share float64 // from 0 to 1
}

// Order draws the order of unmasking as a map: a block's positions from left to right, its forwards upwards, the darker the
// more decodings committed the position then. Left to right, a token per forward, would be the diagonal.
func Order(name string, cells []Cell, positions, forwards, decodings int) Chart {
	p := axes("position in the block", "forward of the block", linear(0, float64(positions), 8), linear(0, float64(forwards), 6))
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, float64(positions), 0, float64(forwards)
	p.Add(drawing(func(c draw.Canvas, p *gonum.Plot) {
		tx, ty := p.Transforms(&c)
		for _, cell := range cells {
			x, y := float64(cell.X), float64(cell.Y)
			box := vg.Rectangle{Min: vg.Point{X: tx(x), Y: ty(y)}, Max: vg.Point{X: tx(x + 1), Y: ty(y + 1)}}
			c.SetColor(fade(tone(1), 0.08+0.92*cell.Share))
			c.Fill(box.Path())
		}
		end := float64(min(positions, forwards))
		c.StrokeLine2(draw.LineStyle{Color: tone(0), Width: vg.Points(1.4)}, tx(0), ty(0), tx(end), ty(end))
	}))
	return Chart{Name: "order", Title: "Order of unmasking", panels: []*gonum.Plot{p}, width: 540, height: 360,
		Reading: fmt.Sprintf("of %d decodings, darker: more of the blocks that reach the position commit it in that forward; the line is one token per forward", decodings),
		key:     []entry{{tone(1), name}, {tone(0), "left to right"}}}
}
