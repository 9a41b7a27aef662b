package reports

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"tandem/bench/metric"
	"tandem/reports/plot"
)

// A family is the decoders of a run that differ in one setting alone, by its value.
type family struct {
	e       exhibit
	name    string // without that setting
	members []Decoder
	values  []float64
}

// families are those of two members or more.
func (g gallery) families(key string) (out []family) {
	for _, e := range g {
		byName, names := map[string]*family{}, []string{}
		for _, d := range e.Decoders {
			text, _ := metric.Setting(d.Name, key)
			value, err := strconv.ParseFloat(text, 64)
			if err != nil {
				continue
			}
			name := without(d.Name, key)
			if byName[name] == nil {
				byName[name] = &family{e: e, name: name}
				names = append(names, name)
			}
			f := byName[name]
			at, _ := slices.BinarySearch(f.values, value)
			f.values, f.members = slices.Insert(f.values, at, value), slices.Insert(f.members, at, d)
		}
		for _, name := range names {
			if len(byName[name].members) > 1 {
				out = append(out, *byName[name])
			}
		}
	}
	return out
}

// settingCharts draw the speed-up and the pass rate against one setting, of the decoders that differ in nothing else: what a
// setting wins beside what it costs.
func settingCharts(g gallery) (charts []plot.Chart) {
	for _, key := range []string{"threshold", "steps", "block"} {
		families := g.families(key)
		ticks := ticksOf(families)
		x := plot.Axis{Label: key, Ticks: ticks, Log: key != "threshold"}
		speed := curves(families, func(f family, d Decoder) *Interval { return f.e.speedup(d.Name) })
		pass := curves(families, func(f family, d Decoder) *Interval {
			if d.Pass1 == nil || f.e.Plan.Length == forced {
				return nil
			}
			v := plot.Scaled(*d.Pass1, 100)
			return &v
		})
		var panels []plot.Panel
		if len(speed) > 0 {
			one := plot.Layer{Mark: plot.Rules, Series: "ar", Key: g.baseName(), Points: []plot.Point{{X: plot.Whole, Y: plot.At(1)}}}
			panels = append(panels, plot.Panel{X: x, Y: plot.Axis{Label: "times as fast as " + g.baseName(), Log: true}, Layers: append([]plot.Layer{one}, speed...)})
		}
		if len(pass) > 0 {
			panels = append(panels, plot.Panel{X: x, Y: plot.Axis{Label: "pass@1, %", Share: true}, Layers: append(g.baselines(), pass...)})
		}
		if len(panels) == 0 {
			continue
		}
		c := g.chart("bars are 95% intervals", panels...)
		c.Name, c.Title = "speedup-"+key, "Speed-up and pass rate against "+key
		c.Aspect = 0.6
		charts = append(charts, c)
	}
	return charts
}

// baselines are the pass rates of the baselines, a line across each.
func (g gallery) baselines() (layers []plot.Layer) {
	for _, e := range g {
		if len(e.Comparisons) == 0 {
			continue
		}
		base := e.Comparisons[0].Base
		if p := e.decoder(base).Pass1; p != nil {
			l := e.layer(plot.Rules, base, plot.Point{X: plot.Whole, Y: plot.At(100 * p.Value)})
			layers = append(layers, l)
		}
	}
	return layers
}

// ticksOf are the values that families have.
func ticksOf(families []family) (ticks []plot.Tick) {
	var values []float64
	for _, f := range families {
		values = append(values, f.values...)
	}
	slices.Sort(values)
	for _, v := range slices.Compact(values) {
		ticks = append(ticks, plot.Tick{At: v, Text: strconv.FormatFloat(v, 'f', -1, 64)})
	}
	return ticks
}

// curves draw a family as a line, named at its end where there are several, with the mark of each of its decoders.
func curves(families []family, value func(family, Decoder) *Interval) (layers []plot.Layer) {
	for _, f := range families {
		var line []plot.Point
		var dots []plot.Layer
		for i, d := range f.members {
			v := value(f, d)
			if v == nil || v.Value <= 0 {
				continue
			}
			at := plot.Point{X: plot.At(f.values[i]), Y: *v}
			line = append(line, plot.Point{X: at.X, Y: plot.At(v.Value)})
			dots = append(dots, f.e.layer(plot.Dots, d.Name, at))
		}
		if len(line) < 2 {
			continue
		}
		if len(families) > 1 {
			line[len(line)-1].Label = f.e.named(strings.ReplaceAll(f.name, "/", " "))
		}
		layers = append(append(layers, plot.Layer{Mark: plot.Line, Tone: plot.MutedTone, Points: line}), dots...)
	}
	return layers
}

// blocks draws speed and its two factors against the block size: useful tokens a second are tokens per forward, which grow with the
// block, times forwards a second, which fall.
func blocks(g gallery) []plot.Chart {
	families := slices.DeleteFunc(g.families("block"), func(f family) bool {
		return slices.ContainsFunc(f.members, func(d Decoder) bool { return d.TokensPerSecond == nil || d.ForwardsPerSecond == nil })
	})
	if len(families) == 0 {
		return nil
	}
	longest := slices.MaxFunc(families, func(a, b family) int { return cmp.Compare(len(a.members), len(b.members)) })
	families = []family{longest}
	x := plot.Axis{Label: "block size", Ticks: ticksOf(families), Log: true}
	panel := func(label string, base []plot.Layer, value func(Decoder) *Interval) plot.Panel {
		return plot.Panel{X: x, Y: plot.Axis{Label: label, Reach: []float64{0}}, Layers: append(base, curves(families, func(_ family, d Decoder) *Interval { return value(d) })...)}
	}
	var base []plot.Layer
	for _, d := range longest.e.Decoders {
		if len(base) == 0 && metric.IsAR(d.Name) && !metric.IsUncached(d.Name) && d.TokensPerSecond != nil {
			base = append(base, longest.e.layer(plot.Rules, d.Name, plot.Point{X: plot.Whole, Y: plot.At(d.TokensPerSecond.Value)}))
		}
	}
	c := g.chart("tokens a second (left) are tokens per forward (middle) times forwards a second (right)",
		panel("useful tokens per second", base, func(d Decoder) *Interval { return d.TokensPerSecond }),
		panel("tokens per forward", nil, func(d Decoder) *Interval { return d.TokensPerForward }),
		panel("forwards per second", nil, func(d Decoder) *Interval {
			v := plot.At(math.Round(*d.ForwardsPerSecond))
			return &v
		}))
	return []plot.Chart{c}
}

// batches draws each decoder's throughput against the batch, of runs that differ in it.
func batches(g gallery) []plot.Chart {
	type at struct {
		batch float64
		speed Interval
	}
	lines, sizes := map[string][]at{}, map[int]bool{}
	for _, e := range g {
		sizes[e.Plan.Batch] = true
		for _, d := range e.Decoders {
			if d.TokensPerSecond != nil && e.Plan.Batch > 0 {
				lines[d.Name] = append(lines[d.Name], at{float64(e.Plan.Batch), *d.TokensPerSecond})
			}
		}
	}
	if len(sizes) < 2 {
		return nil
	}
	var layers []plot.Layer
	var ticks []plot.Tick
	for size := range sizes {
		ticks = append(ticks, plot.Tick{At: float64(size), Text: fmt.Sprint(size)})
	}
	slices.SortFunc(ticks, func(a, b plot.Tick) int { return cmp.Compare(a.At, b.At) })
	names := shorten(g.order())
	for _, name := range g.order() {
		points := lines[name]
		slices.SortStableFunc(points, func(a, b at) int { return cmp.Compare(a.batch, b.batch) })
		var drawn []plot.Point
		for _, p := range points {
			drawn = append(drawn, plot.Point{X: plot.At(p.batch), Y: p.speed})
		}
		if len(drawn) > 0 {
			layers = append(layers, plot.Layer{Mark: plot.Line, Series: name, Key: names[name], Points: drawn}, plot.Layer{Mark: plot.Dots, Series: name, Key: names[name], Points: drawn})
		}
	}
	if len(layers) == 0 {
		return nil
	}
	return []plot.Chart{g.chart("of all sequences together: the autoregressive decoder catches up as the batch grows", plot.Panel{
		X: plot.Axis{Label: "batch: tasks decoded at once", Log: true, Ticks: ticks}, Y: plot.Axis{Label: "useful tokens per second", Log: true}, Layers: layers})}
}
