package reports

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tandem/record"
	"tandem/reports/plot"
)

// drawn is the number of decoders that one chart of distributions shows at the most: more cannot be told apart.
const drawn = 5

// Charts draws what the run holds data for: a chart without data is left out.
func Charts(s Summary, header record.Header, records []record.Record) []plot.Chart {
	groups := groupByDecoder(header, records)
	names := shortNames(groups)
	charts := []plot.Chart{}
	add := func(c plot.Chart, ok bool) {
		if ok {
			charts = append(charts, c)
		}
	}
	add(frontier(s, names))
	add(ratios(s, groups, names))
	few := leading(s, groups)
	add(distribution(few, names, plot.Latency, func(r record.Record) []float64 { return []float64{r.Seconds} }))
	add(distribution(few, names, plot.Histogram, commitsPerForward))
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

// shortNames drops from the decoders' names the settings that all decoders of their kind share.
func shortNames(groups []group) map[string]string {
	kinds := map[string][][]string{}
	for _, g := range groups {
		parts := strings.Split(g.name, "/")
		kinds[parts[0]] = append(kinds[parts[0]], parts)
	}
	short := map[string]string{}
	for kind, members := range kinds {
		for _, parts := range members {
			text := kind
			for _, part := range parts[1:] {
				everywhere := !slices.ContainsFunc(members, func(m []string) bool { return !slices.Contains(m, part) })
				if !everywhere {
					text += " " + part
				}
			}
			short[strings.Join(parts, "/")] = text
		}
	}
	return short
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
		for _, task := range g.tasks {
			for _, r := range g.records[task] {
				if r.Err == "" && r.Seconds > 0 {
					one.Values = append(one.Values, values(r)...)
				}
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
			Speed: plot.Interval(*d.TokensPerSecond), Pass: plot.Interval(*d.Pass1)})
	}
	if len(points) == 0 {
		return plot.Chart{}, false
	}
	slices.SortStableFunc(points, func(a, b plot.Point) int {
		if a.Speed.Value < b.Speed.Value {
			return -1
		}
		return 1
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
	base := slices.IndexFunc(groups, func(g group) bool { return IsAR(g.name) })
	for _, g := range leading(s, groups) {
		k := slices.IndexFunc(s.Comparisons, func(c Comparison) bool { return c.Head == g.name })
		if k < 0 || s.Comparisons[k].Speedup == nil {
			continue
		}
		one := plot.Series{Name: names[g.name]}
		for _, task := range groups[base].tasks {
			if b, h, ok := pairedSeconds(groups[base].records[task], g.records[task]); ok {
				one.Values = append(one.Values, b/h)
			}
		}
		heads, means = append(heads, one), append(means, plot.Interval(*s.Comparisons[k].Speedup))
	}
	if len(heads) == 0 {
		return plot.Chart{}, false
	}
	return plot.Ratios(names[groups[base].name], heads, means), true
}
