package plot

import (
	"fmt"
	"math"
	"slices"

	gonum "gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Ratios draws each task's paired time ratio, base's seconds over head's, sorted, on a logarithmic axis: above
// 1 the head was faster. Of many tasks some stand for all. The speed-up over all tasks and its interval stand in totals.
func Ratios(base string, heads []Series, totals []Interval) Chart {
	low, high, longest := 0.9, 1.1, 0
	for _, s := range heads {
		low, high, longest = min(low, slices.Min(s.Values)), max(high, slices.Max(s.Values)), max(longest, len(s.Values))
	}
	p := axes("tasks, each decoder's in order of its ratio", "times as fast as "+base,
		linear(0, float64(longest), 6), logarithmic(low, high))
	p.X.Max = max(1, float64(longest))
	p.Y.Scale = gonum.LogScale{}
	p.Add(drawing(func(c draw.Canvas, p *gonum.Plot) {
		tx, ty := p.Transforms(&c)
		c.StrokeLine2(draw.LineStyle{Color: tone(0), Width: vg.Points(1.4)}, c.Min.X, ty(1), c.Max.X, ty(1))
		for i, s := range heads {
			band := []vg.Point{{X: c.Min.X, Y: ty(totals[i].Low)}, {X: c.Max.X, Y: ty(totals[i].Low)},
				{X: c.Max.X, Y: ty(totals[i].High)}, {X: c.Min.X, Y: ty(totals[i].High)}}
			c.FillPolygon(fade(tone(i+1), 0.15), band)
			values := slices.Sorted(slices.Values(s.Values))
			for _, k := range spaced(len(values), ratioDots) {
				at := vg.Point{X: tx(float64(k) + 0.5), Y: ty(values[k])}
				c.DrawGlyphNoClip(draw.GlyphStyle{Color: fade(tone(i+1), 0.75), Radius: vg.Points(2), Shape: disc{}}, at)
			}
		}
	}))
	chart := Chart{Name: "ratio", Title: "Paired time ratio, task by task", panels: []*gonum.Plot{p},
		Reading: "above the line at 1 the task finished sooner than with " + base + "; bands are the 95% intervals of the speed-up over all",
		width:   540, height: 360, key: []entry{{tone(0), base}}}
	for i, s := range heads {
		chart.key = append(chart.key, entry{tone(i + 1), fmt.Sprintf("%s: %.2fx", s.Name, totals[i].Value)})
	}
	return chart
}

// What is drawn at the most: more cannot be seen, and a file does not grow with the number of decodings and tasks.
const (
	linePoints = 256  // of a cumulative line
	ratioDots  = 1000 // of a decoder's ratios
)

// spaced are the numbers below n, or so many of them, evenly spaced, with the first and the last.
func spaced(n, most int) (numbers []int) {
	for k := range min(n, most) {
		if n > most {
			k = k * (n - 1) / (most - 1)
		}
		numbers = append(numbers, k)
	}
	return numbers
}

// Latency draws the share of decodings that finished within a time, one line per decoder. Values are seconds.
func Latency(series []Series) Chart {
	low, high := math.Inf(1), 0.0
	for _, s := range series {
		low, high = min(low, slices.Min(s.Values)), max(high, slices.Max(s.Values))
	}
	p := axes("milliseconds for a task", "decodings finished, %", logarithmic(1e3*low, 1e3*high), linear(0, 100, 5))
	p.X.Scale = gonum.LogScale{}
	p.Add(drawing(func(c draw.Canvas, p *gonum.Plot) {
		tx, ty := p.Transforms(&c)
		for i := len(series) - 1; i >= 0; i-- {
			values := slices.Sorted(slices.Values(series[i].Values))
			n := min(len(values), linePoints)
			points := []vg.Point{{X: c.Min.X, Y: ty(0)}}
			for k := 1; k <= n; k++ {
				at := k * len(values) / n // so many have finished
				x := tx(1e3 * values[at-1])
				points = append(points, vg.Point{X: x, Y: points[len(points)-1].Y},
					vg.Point{X: x, Y: ty(100 * float64(at) / float64(len(values)))})
			}
			points = append(points, vg.Point{X: c.Max.X, Y: ty(100)})
			c.StrokeLines(draw.LineStyle{Color: tone(i), Width: vg.Points(1.6)}, points)
		}
	}))
	return Chart{Name: "latency", Title: "How long a task takes", panels: []*gonum.Plot{p}, key: keyOf(series),
		Reading: "cumulative share of decodings by wall-clock time; further left is faster", width: 540, height: 340}
}

// Counts are how often one decoder had 0, 1, 2, … of something.
type Counts struct {
	Name   string
	Values []int
}

// Histogram draws how many tokens a forward committed, as a share of each decoder's forwards. The last bar holds
// all that committed as many as its label or more.
func Histogram(series []Counts) Chart {
	last := 0
	totals := make([]int, len(series))
	for i, s := range series {
		for _, n := range s.Values {
			totals[i] += n
		}
		below := 0 // the value that 99.5% of the forwards do not exceed
		for v, n := range s.Values {
			if below += n; 1000*below >= 995*totals[i] {
				last = max(last, v)
				break
			}
		}
	}
	last = min(max(last, 2), 16)
	shares, top := make([][]float64, len(series)), 0.0
	for i, s := range series {
		shares[i] = make([]float64, last+1)
		for v, n := range s.Values {
			shares[i][min(v, last)] += 100 * float64(n) / float64(totals[i])
		}
		top = max(top, slices.Max(shares[i]))
	}
	var ticks []gonum.Tick
	for k := range last + 1 {
		ticks = append(ticks, tick(float64(k)))
	}
	ticks[last].Label += "+"
	p := axes("tokens committed by one forward", "share of forwards, %", ticks, linear(0, top, 5))
	p.X.Min, p.X.Max = -0.5, float64(last)+0.5
	p.Add(drawing(func(c draw.Canvas, p *gonum.Plot) {
		tx, ty := p.Transforms(&c)
		width := 0.8 / float64(len(series))
		for i := range series {
			for k, share := range shares[i] {
				x := float64(k) - 0.4 + width*float64(i)
				box := vg.Rectangle{Min: vg.Point{X: tx(x), Y: ty(0)}, Max: vg.Point{X: tx(x + 0.92*width), Y: ty(share)}}
				c.SetColor(tone(i))
				c.Fill(box.Path())
			}
		}
	}))
	var key []entry
	for i, s := range series {
		key = append(key, entry{tone(i), s.Name})
	}
	return Chart{Name: "tokens-per-forward", Title: "Tokens that a forward commits", panels: []*gonum.Plot{p}, key: key,
		Reading: "useful tokens; 0 are forwards that commit none: prefills, and blocks stored in the cache", width: 540, height: 340}
}
