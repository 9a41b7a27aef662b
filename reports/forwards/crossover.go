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

// crossover is the chart of one block size.
func (r Report) crossover(size int) plot.Chart {
	ar, _ := speed.Curves(r.Rows, size, 1, r.Ceilings)
	curves := []plot.Curve{{Name: "ar: a token a forward", Measured: points(ar.Measured), Roof: points(ar.Roof)}}
	for _, tokens := range committed {
		_, block := speed.Curves(r.Rows, size, tokens, r.Ceilings)
		meets := speed.Crossover(ar, block)
		curve := plot.Curve{Name: fmt.Sprintf("%g tokens per forward: ar %s", tokens, when(meets)), Measured: points(block.Measured), Roof: points(block.Roof)}
		if !meets.Not && !meets.From {
			curve.Meets, curve.Mark = &plot.XY{X: meets.At.Batch, Y: meets.At.TokensPerSecond}, "batch "+batchText(meets)
		}
		curves = append(curves, curve)
	}
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
	reading := fmt.Sprintf("%s, %s, context %d; %s\n", first.Geometry, first.Dtype, context, machine) +
		"the tokens that a forward of a block commits are assumed; measure yours with tandem run\n" +
		"solid: measured forwards times these tokens; dashed: the same at the ceilings measured; from a ring on ar is ahead"
	return plot.Crossover(size, reading, curves)
}

// points as the chart takes them.
func points(list []speed.Point) (out []plot.XY) {
	for _, p := range list {
		out = append(out, plot.XY{X: p.Batch, Y: p.TokensPerSecond})
	}
	return out
}

// when says where the autoregressive decoder catches up.
func when(c speed.Catch) string {
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
			meets = append(meets, fmt.Sprintf("with %g ar %s", tokens, when(speed.Crossover(ar, block))))
		}
		out = append(out, fmt.Sprintf("to beat ar, block %d must commit more tokens per forward than %s", size, strings.Join(needs, ", ")),
			fmt.Sprintf("at an assumed number of tokens per forward of block %d: %s (measure yours with tandem run)", size, strings.Join(meets, ", ")))
	}
	return out
}
