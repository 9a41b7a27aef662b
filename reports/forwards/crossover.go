package forwards

import (
	"fmt"
	"strconv"
	"strings"

	"tandem/reports/plot"
	"tandem/transformer/speed"
)

// committed are the tokens that a diffusion decoder is assumed to commit by a forward, in the charts of throughput against
// batch and in the notes: published decoders lie between 2 and 6.
var committed = []float64{2, 4, 8}

// crossover is the chart of one block size: throughput against the batch of the autoregressive decoder and of diffusion decoders
// that commit so many tokens by a forward.
func (r Report) crossover(size int) plot.Chart {
	ar, _ := speed.Curves(r.Rows, size, 1, r.Ceilings)
	base := plot.Layer{Series: "ar", Key: "ar: a token a forward"}
	lines := curveLayers(base, ar)
	var order []string
	var meetings []plot.Point
	for _, tokens := range committed {
		_, block := speed.Curves(r.Rows, size, tokens, r.Ceilings)
		meets := speed.Crossover(ar, block)
		like := plot.Layer{Series: fmt.Sprintf("%g tokens per forward", tokens), Key: fmt.Sprintf("%g tokens per forward: ar %s", tokens, When(meets))}
		lines, order = append(curveLayers(like, block), lines...), append(order, like.Series) // the key stands as the curves begin, from above
		if !meets.Not && !meets.From {
			at := plot.XY(meets.At.Batch, meets.At.TokensPerSecond)
			at.Label = "batch " + batchText(meets)
			meetings = append(meetings, at)
		}
	}
	lines = append(lines, plot.Layer{Mark: plot.Rings, Tone: plot.InkTone, Points: meetings})
	var ticks []plot.Tick
	for _, p := range ar.Measured {
		ticks = append(ticks, plot.Tick{At: p.Batch, Text: strconv.FormatFloat(p.Batch, 'f', -1, 64)})
	}
	return plot.Chart{Name: fmt.Sprintf("crossover-block%d", size), Title: fmt.Sprintf("Throughput against batch, block %d, at assumed tokens per forward", size),
		Reading: r.circumstances(size), Order: append([]string{"ar"}, order...), Aspect: 0.6,
		Panels: []plot.Panel{{X: plot.Axis{Label: "batch: sequences decoded at once", Log: true, Ticks: ticks}, Y: plot.Axis{Label: "tokens per second, of all together", Log: true}, Layers: lines}}}
}

// circumstances are what a reader must know of a chart.
func (r Report) circumstances(size int) string {
	e, first := r.Environment, r.Rows[0]
	machine := e.Features
	if e.Device == "cpu" {
		machine = fmt.Sprintf("%d threads of %s, %s", e.Threads, e.CPU, e.Features)
	}
	context := 0
	for _, row := range r.Rows {
		if row.Kind == speed.Block && row.Rows == size {
			context = row.Context
		}
	}
	return fmt.Sprintf("%s, %s, context %d; %s\n", first.Geometry, first.Dtype, context, machine) +
		"the tokens that a forward of a block commits are assumed; measure yours with tandem run\n" +
		"with marks: measured forwards times these tokens; thin: the same at the ceilings measured; from a ring on ar is ahead"
}

// curveLayers are a curve as measured, with its marks, and its roof.
func curveLayers(like plot.Layer, c speed.Curve) []plot.Layer {
	line, dots, roof := like, like, like
	line.Mark, line.Points = plot.Line, points(c.Measured)
	dots.Mark, dots.Points = plot.Dots, points(c.Measured)
	roof.Mark, roof.Points, roof.Faint, roof.Key = plot.Line, points(c.Roof), true, ""
	return []plot.Layer{roof, line, dots}
}

// points as the chart takes them.
func points(list []speed.Point) (out []plot.Point) {
	for _, p := range list {
		out = append(out, plot.XY(p.Batch, p.TokensPerSecond))
	}
	return out
}

// When says where the autoregressive decoder catches up, as what is said of ar.
func When(c speed.Catch) string {
	switch {
	case c.Not:
		return fmt.Sprintf("does not catch up by batch %g", c.At.Batch)
	case c.From:
		return fmt.Sprintf("is ahead from batch %g on", c.At.Batch)
	}
	return "catches up at batch " + batchText(c)
}

// batchText is the batch of a crossing to two digits: more would be the noise's.
func batchText(c speed.Catch) string {
	short, _ := strconv.ParseFloat(strconv.FormatFloat(c.At.Batch, 'g', 2, 64), 64)
	return strconv.FormatFloat(short, 'f', -1, 64)
}

// crossovers are the notes on each block size: what it takes to win, which was measured, and where the autoregressive
// decoder catches up with decoders that commit so many tokens per forward, which is assumed.
func (r Report) crossovers() (out []string) {
	for _, size := range speed.Sizes(r.Rows) {
		var needs, meets []string
		ar, block := speed.Curves(r.Rows, size, 1, nil)
		for _, p := range speed.Needed(ar, block) {
			needs = append(needs, fmt.Sprintf("%.2f at batch %g", p.TokensPerForward, p.Batch))
		}
		for _, tokens := range committed {
			_, block := speed.Curves(r.Rows, size, tokens, nil)
			meets = append(meets, fmt.Sprintf("with %g ar %s", tokens, When(speed.Crossover(ar, block))))
		}
		out = append(out, fmt.Sprintf("to beat ar, block %d must commit more tokens per forward than %s", size, strings.Join(needs, ", ")),
			fmt.Sprintf("at an assumed number of tokens per forward of block %d: %s (measure yours with tandem run)", size, strings.Join(meets, ", ")))
	}
	return out
}
