package reports

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"tandem/reports/plot"
)

// What is drawn at the most: more cannot be seen, and a file does not grow with the number of decodings and tasks.
const (
	linePoints = 128 // of a cumulative line
	taskDots   = 500 // of a decoder
)

// ratios draws each task's paired time ratio, the baseline's seconds over the decoder's, sorted: above 1 the decoder was faster.
func ratios(g gallery) []plot.Chart {
	var bands, dots []plot.Layer
	longest, base := 0, ""
	for _, e := range g {
		for _, head := range e.leading() {
			k := slices.IndexFunc(e.Comparisons, func(c Comparison) bool { return c.Head == head.Name })
			if k < 0 || e.Comparisons[k].Speedup == nil {
				continue
			}
			base = e.Comparisons[k].Base
			values := slices.Sorted(slices.Values(e.taskRatios(base, head.Name)))
			total := *e.Comparisons[k].Speedup
			var points []plot.Point
			for _, i := range plot.Spaced(len(values), taskDots) {
				points = append(points, plot.XY(float64(i+1), values[i]))
			}
			longest = max(longest, len(values))
			band := e.layer(plot.Boxes, head.Name, plot.Point{X: plot.Whole, Y: total, Weight: 0.1})
			band.Key = ""
			dot := e.layer(plot.Dots, head.Name, points...)
			dot.Small, dot.Key = true, fmt.Sprintf("%s: %.2fx", dot.Key, total.Value)
			bands, dots = append(bands, band), append(dots, dot)
		}
	}
	if len(dots) == 0 {
		return nil
	}
	rule := plot.Layer{Mark: plot.Rules, Series: base, Key: base, Points: []plot.Point{{X: plot.Whole, Y: plot.At(1)}}}
	return []plot.Chart{g.chart("above the line at 1 the task finished sooner than with "+base+
		"; bands are the 95% intervals of the speed-up over all"+g.few(), plot.Panel{
		X:      plot.Axis{Label: "tasks, each decoder's in order of its ratio", Reach: []float64{0, float64(longest)}, Tight: true},
		Y:      plot.Axis{Label: "times as fast as " + base, Log: true, Reach: []float64{0.9, 1.1}},
		Layers: append(append(bands, rule), dots...)})}
}

// taskRatios are the baseline's seconds over a decoder's, task by task.
func (e exhibit) taskRatios(base, head string) (values []float64) {
	b, h := e.Find(base).TimesOn(e.Timed), e.Find(head).TimesOn(e.Timed)
	for i := range b {
		values = append(values, b[i].Cost/h[i].Cost)
	}
	return values
}

// latency draws the share of decodings that finished within a time, a line a decoder, with a mark where half of them have.
func latency(g gallery) []plot.Chart {
	var layers []plot.Layer
	for _, e := range g {
		for _, d := range e.leading() {
			waits := slices.Sorted(slices.Values(d.Waits()))
			if len(waits) == 0 || !d.Usable {
				continue
			}
			n := min(len(waits), linePoints)
			points := []plot.Point{plot.XY(1e3*waits[0], 0)}
			for k := 1; k <= n; k++ {
				at := k * len(waits) / n // so many have finished
				points = append(points, plot.XY(1e3*waits[at-1], 100*float64(at)/float64(len(waits))))
			}
			middle := points[(n+1)/2]
			layers = append(layers, e.layer(plot.Steps, d.Name, points...), e.layer(plot.Dots, d.Name, middle))
		}
	}
	if len(layers) == 0 {
		return nil
	}
	return []plot.Chart{g.chart("cumulative share of decodings by wall-clock time; further left is faster; marks: half of the decodings"+g.few(), plot.Panel{
		X: plot.Axis{Label: "milliseconds for a task", Log: true}, Y: plot.Axis{Label: "decodings finished, %", Share: true}, Layers: layers})}
}

// histogram draws how many useful tokens a forward committed, as a share of each decoder's forwards. The last mark holds all that
// committed as many as its label or more.
func histogram(g gallery) []plot.Chart {
	counts, last := map[[2]string][]int{}, 2
	for _, e := range g {
		for _, d := range e.leading() {
			h := d.TokensPerForwardHistogram()
			counts[[2]string{e.label, d.Name}] = h
			last = max(last, nearlyAll(h))
		}
	}
	last = min(last, 16)
	var layers []plot.Layer
	for _, e := range g {
		for _, d := range e.leading() {
			shares := make([]float64, last+1)
			h := counts[[2]string{e.label, d.Name}]
			for v, n := range h {
				shares[min(v, last)] += 100 * float64(n) / float64(total(h))
			}
			if total(h) == 0 {
				continue
			}
			var points []plot.Point
			for v, share := range shares {
				points = append(points, plot.XY(float64(v), share))
			}
			layers = append(layers, e.layer(plot.Line, d.Name, points...), e.layer(plot.Dots, d.Name, points...))
		}
	}
	if len(layers) == 0 {
		return nil
	}
	var ticks []plot.Tick
	for k := range last + 1 {
		ticks = append(ticks, plot.Tick{At: float64(k), Text: fmt.Sprint(k)})
	}
	ticks[last].Text += "+"
	return []plot.Chart{g.chart("useful tokens; 0 are forwards that commit none: prefills, and blocks stored in the cache"+g.few(), plot.Panel{
		X: plot.Axis{Label: "tokens committed by one forward", Ticks: ticks}, Y: plot.Axis{Label: "share of forwards, %", Share: true, Reach: []float64{0}}, Layers: layers})}
}

func total(counts []int) (n int) {
	for _, c := range counts {
		n += c
	}
	return n
}

// nearlyAll is the value that 99.5% of the counted do not exceed.
func nearlyAll(counts []int) int {
	below, all := 0, total(counts)
	for v, n := range counts {
		if below += n; 1000*below >= 995*all {
			return v
		}
	}
	return 0
}

// orders draws when the decoder of the verdict commits which position of a block: the share of the decodings that reached it, by the
// block's forwards; a panel a run. Left to right, a token a forward, would be the diagonal.
func orders(g gallery) []plot.Chart {
	var panels []plot.Panel
	decodings := 0
	for _, e := range g {
		c := e.comparison()
		if c == nil || len(e.Groups) == 0 {
			continue
		}
		o := e.Find(c.Head).Order
		if o == nil || len(o.Cells) == 0 {
			continue
		}
		decodings += o.Decodings
		reached, forwards := make([]int, o.Block.Size), 0
		for at, n := range o.Cells {
			reached[at.Position] += n
			forwards = max(forwards, at.Forward+1)
		}
		var cells []plot.Point
		for at, n := range o.Cells {
			x, y := float64(at.Position), float64(at.Forward)
			cells = append(cells, plot.Point{X: plot.Between(x+0.5, x+1.5), Y: plot.Between(y+0.5, y+1.5), Weight: float64(n) / float64(reached[at.Position])})
		}
		slices.SortFunc(cells, func(a, b plot.Point) int {
			return cmp.Or(cmp.Compare(a.X.Value, b.X.Value), cmp.Compare(a.Y.Value, b.Y.Value))
		})
		end := math.Min(float64(o.Block.Size), float64(forwards)) + 0.5
		panels = append(panels, plot.Panel{X: plot.Axis{Label: "position in the block", Ticks: counted(o.Block.Size), Tight: true}, Y: plot.Axis{Label: "forward of the block", Ticks: counted(forwards), Tight: true},
			Layers: []plot.Layer{e.layer(plot.Boxes, c.Head, cells...), {Mark: plot.Line, Series: c.Base, Key: "left to right, a token a forward", Points: []plot.Point{plot.XY(0.5, 0.5), plot.XY(end, end)}}}})
	}
	if len(panels) == 0 {
		return nil
	}
	return []plot.Chart{g.chart(fmt.Sprintf("of %d decodings; the darker, the more of the blocks that reach the position commit it in that forward", decodings), panels...)}
}

// counted are ticks at 1 to n, at most eight of them.
func counted(n int) (ticks []plot.Tick) {
	step := (n + 7) / 8
	for k := 1; k <= n; k += step {
		ticks = append(ticks, plot.Tick{At: float64(k), Text: fmt.Sprint(k)})
	}
	return ticks
}
