package reports

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"tandem/bench/metric"
	"tandem/reports/plot"
)

// drawn is the number of decoders that one chart of distributions shows at the most: more cannot be told apart.
const drawn = 5

// charts draws what the run holds data for: a chart without data is left out.
func (r run) charts(s Summary) []plot.Chart {
	names := shorten(s.names())
	charts := []plot.Chart{}
	add := func(c plot.Chart, ok bool) {
		if ok {
			charts = append(charts, c)
		}
	}
	few := leading(s, r.Groups)
	addFew := func(c plot.Chart, ok bool) {
		if len(few) < len(r.Groups) {
			c.Reading += fmt.Sprintf(" (%d of %d decoders)", len(few), len(r.Groups))
		}
		add(c, ok)
	}
	if s.Plan.Length != forced { // an output that may not end says nothing of quality
		add(frontier(s, names))
	}
	addFew(r.ratios(s, names))
	addFew(latency(few, names))
	addFew(histogram(few, names))
	add(r.order(s, names))
	add(bars(s, names))
	add(blocks(s))
	return charts
}

// saveCharts writes the charts into dir, which is made where it does not exist.
func saveCharts(dir string, charts []plot.Chart) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, c := range charts {
		if err := c.Save(dir); err != nil {
			return fmt.Errorf("%s: %w", filepath.Join(dir, c.Name), err)
		}
	}
	return nil
}

// leading picks the decoders for charts of distributions: the base, the head of the verdict, then the others
// in their order.
func leading(s Summary, groups []metric.Group) []metric.Group {
	first := func(g metric.Group) int {
		switch {
		case metric.IsAR(g.Name):
			return 0
		case s.best >= 0 && s.comparison().Head == g.Name:
			return 1
		}
		return 2
	}
	sorted := slices.Clone(groups)
	slices.SortStableFunc(sorted, func(a, b metric.Group) int { return first(a) - first(b) })
	return sorted[:min(drawn, len(sorted))]
}

// latency draws the wall-clock times of the decodings that count.
func latency(groups []metric.Group, names map[string]string) (plot.Chart, bool) {
	var series []plot.Series
	for _, g := range groups {
		if waits := g.Waits(); len(waits) > 0 && g.Usable {
			series = append(series, plot.Series{Name: names[g.Name], Values: waits})
		}
	}
	if len(series) == 0 {
		return plot.Chart{}, false
	}
	return plot.Latency(series), true
}

// histogram draws how many useful tokens a forward commits.
func histogram(groups []metric.Group, names map[string]string) (plot.Chart, bool) {
	var counts []plot.Counts
	for _, g := range groups {
		if h := g.TokensPerForwardHistogram(); len(h) > 0 {
			counts = append(counts, plot.Counts{Name: names[g.Name], Values: h})
		}
	}
	if len(counts) == 0 {
		return plot.Chart{}, false
	}
	return plot.Histogram(counts), true
}

// frontier draws the decoders that have a pass rate and a speed; those that differ in the threshold alone are
// one line.
func frontier(s Summary, names map[string]string) (plot.Chart, bool) {
	var points []plot.Point
	lines := []string{}
	for _, d := range s.Decoders {
		if d.Pass1 == nil || d.TokensPerSecond == nil {
			continue
		}
		family, threshold := withoutThreshold(d.Name)
		line := slices.Index(lines, family)
		if line < 0 {
			line = len(lines)
			lines = append(lines, family)
		}
		label := threshold
		if label == "" {
			label = names[d.Name]
		}
		points = append(points, plot.Point{Label: label, Line: line,
			Speed: interval(*d.TokensPerSecond), Pass: interval(*d.Pass1)})
	}
	if len(points) == 0 {
		return plot.Chart{}, false
	}
	slices.SortStableFunc(points, func(a, b plot.Point) int { // a sweep's line follows its threshold
		x, errX := strconv.ParseFloat(a.Label, 64)
		y, errY := strconv.ParseFloat(b.Label, 64)
		if errX != nil || errY != nil {
			return 0
		}
		return cmp.Compare(x, y)
	})
	return plot.Frontier(points, lines), true
}

// withoutThreshold splits a decoder's name into the name without its threshold, and the threshold.
func withoutThreshold(name string) (family, threshold string) {
	var kept []string
	for _, part := range strings.Split(name, "/") {
		if value, ok := strings.CutPrefix(part, "threshold="); ok {
			threshold = value
		} else {
			kept = append(kept, part)
		}
	}
	family = strings.Join(kept, " ")
	if threshold != "" {
		family += ", threshold at the point"
	}
	return family, threshold
}

// ratios draws the paired time ratios of the heads to the base.
func (r run) ratios(s Summary, names map[string]string) (plot.Chart, bool) {
	var heads []plot.Series
	var totals []plot.Interval
	base := ""
	for _, g := range leading(s, r.Groups) {
		k := slices.IndexFunc(s.Comparisons, func(c Comparison) bool { return c.Head == g.Name })
		if k < 0 || s.Comparisons[k].Speedup == nil {
			continue
		}
		base = s.Comparisons[k].Base
		b, h := r.Find(base).TimesOn(r.Timed), g.TimesOn(r.Timed)
		one := plot.Series{Name: names[g.Name]}
		for i := range b {
			one.Values = append(one.Values, b[i].Cost/h[i].Cost)
		}
		heads, totals = append(heads, one), append(totals, interval(*s.Comparisons[k].Speedup))
	}
	if len(heads) == 0 {
		return plot.Chart{}, false
	}
	return plot.Ratios(names[base], heads, totals), true
}

// interval is an interval as the charts take it.
func interval(i Interval) plot.Interval {
	return plot.Interval{Value: i.Value, Low: i.Low, High: i.High}
}

// order draws when the decoder of the verdict commits which position of a block: the share of the decodings that reached it, by
// the block's forwards.
func (r run) order(s Summary, names map[string]string) (plot.Chart, bool) {
	c := s.comparison()
	if c == nil {
		return plot.Chart{}, false
	}
	o := r.Find(c.Head).Order
	if o == nil || len(o.Cells) == 0 {
		return plot.Chart{}, false
	}
	reached, forwards := make([]int, o.Block.Size), 0
	for at, n := range o.Cells {
		reached[at.Position] += n
		forwards = max(forwards, at.Forward+1)
	}
	var cells []plot.Cell
	for at, n := range o.Cells {
		cells = append(cells, plot.Cell{X: at.Position, Y: at.Forward, Share: float64(n) / float64(reached[at.Position])})
	}
	slices.SortFunc(cells, func(a, b plot.Cell) int { return cmp.Or(a.X-b.X, a.Y-b.Y) })
	return plot.Order(names[c.Head], cells, o.Block.Size, forwards, o.Decodings), true
}

// bars draws each decoder's share of the ceiling.
func bars(s Summary, names map[string]string) (plot.Chart, bool) {
	var labels []string
	var shares []float64
	for _, d := range s.Decoders {
		if d.CeilingShare != nil {
			labels, shares = append(labels, names[d.Name]), append(shares, *d.CeilingShare)
		}
	}
	if len(labels) == 0 {
		return plot.Chart{}, false
	}
	return plot.Bars(labels, shares), true
}

// blocks draws speed against the block size, for the diffusion decoders that differ in nothing else, beside the baseline.
func blocks(s Summary) (plot.Chart, bool) {
	lines := map[string][]plot.Block{}
	best := ""
	var base *plot.Interval
	for _, d := range s.Decoders {
		if d.TokensPerSecond == nil || d.TokensPerForward == nil || d.ForwardsPerSecond == nil {
			continue
		}
		if base == nil && metric.IsAR(d.Name) && !metric.IsUncached(d.Name) {
			i := interval(*d.TokensPerSecond)
			base = &i
		}
		size, err := strconv.Atoi(first(metric.Setting(d.Name, "block")))
		if err != nil {
			continue
		}
		line := without(d.Name, "block")
		pass := -1.0
		if d.Pass1 != nil {
			pass = d.Pass1.Value
		}
		lines[line] = append(lines[line], plot.Block{Size: size, Pass: pass, Speed: interval(*d.TokensPerSecond),
			PerForward: d.TokensPerForward.Value, Forwards: *d.ForwardsPerSecond})
		if len(lines[line]) > len(lines[best]) {
			best = line
		}
	}
	if len(lines[best]) < 2 {
		return plot.Chart{}, false
	}
	slices.SortFunc(lines[best], func(a, b plot.Block) int { return a.Size - b.Size })
	return plot.Blocks(strings.ReplaceAll(best, "/", " "), lines[best], base), true
}

func first(value string, _ bool) string { return value }
