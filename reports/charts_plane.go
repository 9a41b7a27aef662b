package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tandem/bench/metric"
	"tandem/reports/plot"
)

// A spot is a decoder in the plane of quality against something else.
type spot struct {
	e    exhibit
	d    Decoder
	x, y Interval // y is pass@1 in per cent
	base bool
}

// frontier draws pass@1 against the speed-up, so that no speed stands without its quality; where there is no baseline, against
// tokens a second.
func frontier(g gallery) []plot.Chart {
	times, faster := g.spots(func(e exhibit, d Decoder) *Interval { return e.speedup(d.Name) })
	if faster {
		reading := "up and to the right is better; bars are 95% intervals in both directions"
		return g.plane(reading, plot.Axis{Label: "times as fast as " + g.baseName(), Log: true, Reach: []float64{1}}, times)
	}
	spots, _ := g.spots(func(e exhibit, d Decoder) *Interval { return d.TokensPerSecond })
	return g.plane("up and to the right is better; bars are 95% intervals in both directions",
		plot.Axis{Label: "useful tokens per second", Log: widest(spots) > 5}, spots)
}

// quality draws pass@1 against tokens per forward: the part of the speed that belongs to the model and its commit policy.
func quality(g gallery) []plot.Chart {
	spots, _ := g.spots(func(e exhibit, d Decoder) *Interval { return d.TokensPerForward })
	return g.plane("up and to the right is better; tokens per forward do not depend on the machine",
		plot.Axis{Label: "useful tokens per forward", Log: true, Reach: []float64{1}}, spots)
}

// widest is the greatest x over the least.
func widest(spots []spot) float64 {
	if len(spots) == 0 {
		return 1
	}
	of := func(a, b spot) int { return cmp.Compare(a.x.Value, b.x.Value) }
	return slices.MaxFunc(spots, of).x.Value / slices.MinFunc(spots, of).x.Value
}

// speedup is how much faster a decoder is than the baseline, 1 for that itself; nil where it was not measured.
func (e exhibit) speedup(decoder string) *Interval {
	measured := false
	for _, c := range e.Comparisons {
		if c.Head == decoder {
			return c.Speedup
		}
		measured = measured || c.Base == decoder && c.Speedup != nil
	}
	if measured {
		one := plot.At(1)
		return &one
	}
	return nil
}

// baseName is what speeds are relative to.
func (g gallery) baseName() string {
	for _, e := range g {
		if len(e.Comparisons) > 0 {
			return e.names[e.Comparisons[0].Base]
		}
	}
	return "ar"
}

// spots are the decoders that have a pass rate and an x; compared says that two have. An output that may not end says nothing of
// quality.
func (g gallery) spots(x func(exhibit, Decoder) *Interval) (spots []spot, compared bool) {
	for _, e := range g {
		if e.Plan.Length == forced {
			continue
		}
		base := ""
		if len(e.Comparisons) > 0 {
			base = e.Comparisons[0].Base
		}
		for _, d := range e.Decoders {
			if at := x(e, d); at != nil && d.Pass1 != nil && at.Value > 0 {
				spots = append(spots, spot{e, d, *at, plot.Scaled(*d.Pass1, 100), d.Name == base})
			}
		}
	}
	return spots, len(spots) > 1
}

// plane draws decoders by quality and something else: intervals in both directions, the best of them joined, sweeps joined, and the
// baseline of a single run as a cross-hair with what counts as its quality shaded.
func (g gallery) plane(reading string, x plot.Axis, spots []spot) []plot.Chart {
	if len(spots) == 0 {
		return nil
	}
	var layers []plot.Layer
	for _, s := range spots {
		if s.base && len(g) == 1 {
			margin := plot.Point{X: plot.Whole, Y: plot.Between(max(0, s.y.Value-100*qualityMargin), min(100, s.y.Value+100*qualityMargin)), Weight: 0.05}
			layers = append(layers,
				plot.Layer{Mark: plot.Boxes, Tone: plot.InkTone, Key: fmt.Sprintf("within %.0f points of %s", 100*qualityMargin, s.e.names[s.d.Name]), Points: []plot.Point{margin}},
				plot.Layer{Mark: plot.Rules, Series: s.d.Name, Faint: true, Points: []plot.Point{{X: plot.At(s.x.Value), Y: plot.Whole}, {X: plot.Whole, Y: plot.At(s.y.Value)}}})
		}
	}
	for _, sweep := range sweeps(spots) {
		layers = append(layers, plot.Layer{Mark: plot.Line, Tone: plot.MutedTone, Key: "a sweep of one setting", Points: sweep})
	}
	if best := pareto(spots); len(best) > 1 && len(g) == 1 {
		layers = append(layers, plot.Layer{Mark: plot.Steps, Tone: plot.InkTone, Faint: true, Key: "Pareto line", Points: best})
	}
	for i, s := range spots {
		l := s.e.layer(plot.Dots, s.d.Name, plot.Point{X: s.x, Y: s.y, Label: briefly(s.d.Name, s.e)})
		l.Direct = true
		if s.e.label != "" && (i == 0 || spots[i-1].e.index != s.e.index) { // runs are told by the filling of their marks
			l.Direct, l.Key = false, s.e.label
		}
		layers = append(layers, l)
	}
	c := g.chart(reading, plot.Panel{X: x, Y: plot.Axis{Label: "pass@1, %", Share: true}, Layers: layers})
	c.Aspect = 0.6
	return []plot.Chart{c}
}

// pareto are the spots that no other is better than in both directions, from right to left: the staircase between them holds the
// worse of two neighbours, which is what was reached.
func pareto(spots []spot) (best []plot.Point) {
	for _, s := range spots {
		beaten := slices.ContainsFunc(spots, func(o spot) bool {
			return o.x.Value >= s.x.Value && o.y.Value >= s.y.Value && (o.x.Value > s.x.Value || o.y.Value > s.y.Value)
		})
		if !beaten {
			best = append(best, plot.XY(s.x.Value, s.y.Value))
		}
	}
	slices.SortFunc(best, func(a, b plot.Point) int { return cmp.Compare(b.X.Value, a.X.Value) })
	return slices.CompactFunc(best, func(a, b plot.Point) bool { return a.X.Value == b.X.Value })
}

// sweeps are the spots of a run that differ in one setting alone, by its value.
func sweeps(spots []spot) (lines [][]plot.Point) {
	for _, key := range []string{"threshold", "steps", "factor", "entropy_bound"} {
		groups, order := map[string][]spot{}, []string{}
		for _, s := range spots {
			if _, ok := metric.Setting(s.d.Name, key); ok {
				rest := strconv.Itoa(s.e.index) + without(s.d.Name, key)
				if groups[rest] == nil {
					order = append(order, rest)
				}
				groups[rest] = append(groups[rest], s)
			}
		}
		for _, rest := range order {
			line := groups[rest]
			slices.SortStableFunc(line, func(a, b spot) int { return naturally(a.d.Name, b.d.Name) })
			var points []plot.Point
			for _, s := range line {
				points = append(points, plot.XY(s.x.Value, s.y.Value))
			}
			if len(points) > 1 {
				lines = append(lines, points)
			}
		}
	}
	return lines
}

// briefly is the label of a decoder: the settings in which it differs from what most of its family have, or all of its short name
// where it does not differ.
func briefly(name string, e exhibit) string {
	family, parts := settings(name)
	counts, having := map[string]int{}, map[string]int{} // by setting with its value, and by setting
	for _, other := range e.Summary.names() {
		if f, theirs := settings(other); f == family {
			for _, part := range theirs {
				counts[part]++
				having[keyOf(part)]++
			}
		}
	}
	most := func(part string) bool { return counts[part] > 1 && 2*counts[part] > having[keyOf(part)] }
	usual := 0
	for part := range counts {
		if most(part) {
			usual++
		}
	}
	own := slices.DeleteFunc(slices.Clone(parts), most)
	if len(own) == 0 || metric.IsAR(name) || len(parts) < usual {
		return e.names[name]
	}
	return strings.Join(own, " ")
}

// keyOf is the name of a setting without its value.
func keyOf(part string) string {
	key, _, _ := strings.Cut(part, "=")
	return key
}
