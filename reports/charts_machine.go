package reports

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"tandem/reports/plot"
)

// ceilings draws each decoder's share of the machine's ceiling.
func ceilings(g gallery) []plot.Chart {
	return g.lollipops("the time of the same forwards at the bandwidth and arithmetic rate measured in this run, over the time they took",
		"share of the ceiling, %", "%.1f", func(d Decoder) *float64 {
			if d.CeilingShare == nil {
				return nil
			}
			v := 100 * *d.CeilingShare
			return &v
		})
}

// energies draws what a solved task costs.
func energies(g gallery) []plot.Chart {
	return g.lollipops("joules of the device over the tasks that passed, its idle power included; less is better",
		"joules for a solved task", "%.3g", func(d Decoder) *float64 { return d.JoulesPerSolved })
}

// lollipops draws one number of each decoder, from 0 on, its name beside it.
func (g gallery) lollipops(reading, label, format string, value func(Decoder) *float64) []plot.Chart {
	var layers []plot.Layer
	var ticks []plot.Tick
	most := 0.0
	for _, e := range g {
		for _, d := range e.Decoders {
			v := value(d)
			if v == nil {
				continue
			}
			most = max(most, *v)
			y := -float64(len(ticks))
			ticks = append(ticks, plot.Tick{At: y, Text: e.named(e.names[d.Name])})
			stick := plot.Layer{Mark: plot.Line, Tone: plot.MutedTone, Points: []plot.Point{plot.XY(0, y), plot.XY(*v, y)}}
			dot := e.layer(plot.Dots, d.Name, plot.Point{X: plot.At(*v), Y: plot.At(y), Label: fmt.Sprintf(format, *v)})
			dot.Direct = true // the axis names it
			layers = append(layers, stick, dot)
		}
	}
	if len(layers) == 0 {
		return nil
	}
	c := g.chart(reading, plot.Panel{X: plot.Axis{Label: label, Reach: []float64{0, 1.2 * most}}, Y: plot.Axis{Ticks: ticks, Reach: []float64{0.6, 0.4 - float64(len(ticks))}, Tight: true}, Layers: layers})
	c.Rows = len(ticks)
	return []plot.Chart{c}
}

// roofline draws the rate of each decoder's forwards, by kind, against what they compute for each byte that they read, below what the
// machine's ceilings allow (Williams, Waterman, Patterson 2009): left of the corner memory is the limit, right of it arithmetic.
func roofline(g gallery) []plot.Chart {
	var roofs, dots []plot.Layer
	for _, e := range g {
		if len(e.Groups) == 0 {
			continue
		}
		read, compute := e.Summary.Ceilings["read_gb_per_second"], e.computeCeiling()
		var own []plot.Layer
		low, high := math.Inf(1), 0.0
		for _, d := range e.leading() {
			work := d.Work()
			for _, kind := range slices.Sorted(maps.Keys(work)) {
				w := work[kind]
				if w.Bytes <= 0 || w.Seconds <= 0 {
					continue
				}
				x := w.FLOPs / w.Bytes
				low, high = min(low, x), max(high, x)
				own = append(own, e.layer(plot.Dots, d.Name, plot.Point{X: plot.At(x), Y: plot.At(w.FLOPs / w.Seconds / 1e9), Label: string(kind)}))
			}
		}
		if read <= 0 || compute <= 0 || len(own) == 0 {
			continue
		}
		corner := compute / read
		from, to := min(low, corner)/2, 2*max(high, corner)
		roof := plot.Layer{Mark: plot.Line, Tone: plot.InkTone, Run: e.index, Of: e.label, Key: e.named(fmt.Sprintf("roof: %.4g GB/s, %.4g GFLOP/s", read, compute)),
			Points: []plot.Point{plot.XY(from, from*read), plot.XY(corner, compute), plot.XY(to, compute)}}
		roofs, dots = append(roofs, roof), append(dots, own...)
	}
	if len(dots) == 0 {
		return nil
	}
	return []plot.Chart{g.chart("each mark is a decoder's forwards of one kind; the nearer to the roof, the less a better engine could win"+g.few(), plot.Panel{
		X: plot.Axis{Label: "operations for a byte read, FLOP/byte", Log: true}, Y: plot.Axis{Label: "GFLOP per second", Log: true}, Layers: append(roofs, dots...)})}
}

// computeCeiling is that of the model's dtype, or of f32, as which weights are multiplied that the machine has no instructions for.
func (e exhibit) computeCeiling() float64 {
	for _, name := range []string{e.Summary.Model.Dtype + "_gflop_per_second", "f32_gflop_per_second"} {
		if v := e.Summary.Ceilings[name]; v > 0 {
			return v
		}
	}
	return 0
}
