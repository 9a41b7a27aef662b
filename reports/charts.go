package reports

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"tandem/record"
	"tandem/reports/plot"
)

// drawn is the number of decoders that one chart of distributions shows at the most: more cannot be told apart.
const drawn = 5

// Charts draws what the run holds data for: a chart without data is left out.
func Charts(s Summary, header record.Header, records []record.Record) []plot.Chart {
	groups := groupByDecoder(header, records)
	names := shorten(s.names())
	charts := []plot.Chart{}
	add := func(c plot.Chart, ok bool) {
		if ok {
			charts = append(charts, c)
		}
	}
	few := leading(s, groups)
	addFew := func(c plot.Chart, ok bool) {
		if len(few) < len(groups) {
			c.Reading += fmt.Sprintf(" (%d of %d decoders)", len(few), len(groups))
		}
		add(c, ok)
	}
	add(frontier(s, names))
	addFew(ratios(s, groups, names))
	addFew(distribution(few, names, plot.Latency, func(r record.Record) []float64 { return []float64{r.Seconds} }))
	addFew(distribution(few, names, plot.Histogram, commitsPerForward))
	add(order(s, groups, names))
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
func leading(s Summary, groups []group) []group {
	first := func(g group) int {
		switch {
		case IsAR(g.name):
			return 0
		case s.best >= 0 && s.Comparisons[s.best].Head == g.name:
			return 1
		}
		return 2
	}
	sorted := slices.Clone(groups)
	slices.SortStableFunc(sorted, func(a, b group) int { return first(a) - first(b) })
	return sorted[:min(drawn, len(sorted))]
}

// distribution hands a chart the values of every decoding.
func distribution(groups []group, names map[string]string, draw func([]plot.Series) plot.Chart,
	values func(record.Record) []float64) (plot.Chart, bool) {
	var series []plot.Series
	for _, g := range groups {
		one := plot.Series{Name: names[g.name]}
		for _, r := range g.records {
			if r.Err == "" && r.Seconds > 0 {
				one.Values = append(one.Values, values(r)...)
			}
		}
		if len(one.Values) > 0 {
			series = append(series, one)
		}
	}
	if len(series) == 0 {
		return plot.Chart{}, false
	}
	return draw(series), true
}

// commitsPerForward counts the positions that each forward settles.
func commitsPerForward(r record.Record) (counts []float64) {
	for _, step := range r.Trace {
		counts = append(counts, float64(len(step.Commits)))
	}
	return counts
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
func ratios(s Summary, groups []group, names map[string]string) (plot.Chart, bool) {
	var heads []plot.Series
	var means []plot.Interval
	base := baseOf(groups)
	for _, g := range leading(s, groups) {
		k := slices.IndexFunc(s.Comparisons, func(c Comparison) bool { return c.Head == g.name })
		if k < 0 || s.Comparisons[k].Speedup == nil {
			continue
		}
		one := plot.Series{Name: names[g.name]}
		for _, task := range groups[base].taskNames() {
			if b, h, ok := pairedSeconds(groups[base].tasks[task], g.tasks[task]); ok {
				one.Values = append(one.Values, b/h)
			}
		}
		heads, means = append(heads, one), append(means, interval(*s.Comparisons[k].Speedup))
	}
	if len(heads) == 0 {
		return plot.Chart{}, false
	}
	return plot.Ratios(names[groups[base].name], heads, means), true
}

// interval is an interval as the charts take it.
func interval(i Interval) plot.Interval {
	return plot.Interval{Value: i.Value, Low: i.Low, High: i.High}
}

// order draws when a refiner settles which position: the mean over its decodings of the share of forwards that had
// passed, position by position, beside the left-to-right order.
func order(s Summary, groups []group, names map[string]string) (plot.Chart, bool) {
	if s.best < 0 {
		return plot.Chart{}, false
	}
	g := find(groups, s.Comparisons[s.best].Head)
	var cells []plot.Cell
	counts := map[[2]int]int{}
	positions, forwards, decodings := 0, 0, 0
	for _, r := range g.records {
		if r.Err != "" || r.Repeat > 0 {
			continue
		}
		decodings++
		for n, step := range r.Trace {
			for _, c := range step.Commits {
				if int(c.Pos) < r.Tokens {
					counts[[2]int{int(c.Pos), n}]++
					positions, forwards = max(positions, int(c.Pos)+1), max(forwards, n+1)
				}
			}
		}
	}
	reached := make([]int, positions)
	for at, n := range counts {
		reached[at[0]] += n
	}
	for at, n := range counts {
		cells = append(cells, plot.Cell{X: at[0], Y: at[1], Share: float64(n) / float64(reached[at[0]])})
	}
	if len(cells) == 0 {
		return plot.Chart{}, false
	}
	return plot.Order(names[g.name], cells, positions, forwards, decodings), true
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

// blocks draws speed against the block size, for the refiners that differ in nothing else, beside the baseline.
func blocks(s Summary) (plot.Chart, bool) {
	lines := map[string][]plot.Block{}
	best := ""
	var base *plot.Interval
	for _, d := range s.Decoders {
		if d.TokensPerSecond == nil || d.TokensPerForward == nil || d.ForwardsPerSecond == nil {
			continue
		}
		if base == nil && IsAR(d.Name) && !isUncached(d.Name) {
			i := interval(*d.TokensPerSecond)
			base = &i
		}
		size, err := strconv.Atoi(first(setting(d.Name, "block")))
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
