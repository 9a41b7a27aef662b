package reports

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tandem/bench/metric"
	"tandem/record"
	"tandem/reports/plot"
)

// A ChartKind is a kind of chart that runs can be drawn as.
type ChartKind struct {
	Name, Title string
	Needs       string // what there must be, or there is no such chart
	Draw        func(paths []string) ([]plot.Chart, error)
}

// A chartEntry is an entry of the charts of runs. draw gives none where the runs hold no data for it; its charts have the entry's name and
// title where they bring none.
type chartEntry struct {
	name, title, needs string
	draw               func(g gallery) []plot.Chart
}

// chartEntries are the charts of runs, in the order in which a page shows them.
var chartEntries = []chartEntry{
	{"frontier", "Pass rate against speed", "judged runs with speeds", frontier},
	{"quality", "Pass rate against tokens per forward", "judged runs", quality},
	{"settings", "Speed-up and pass rate by threshold, steps, block", "decoders that differ in one of these alone (run a sweep)", settingCharts},
	{"levels", "Pass rate by level", "a suite whose tasks have levels", levelCharts},
	{"ratio", "Paired time ratio, task by task", "a baseline and another decoder, timed", ratios},
	{"discordant", "Pass and speed, task by task", "a baseline and another decoder, judged and timed", discordant},
	{"latency", "How long a task takes", "timed decodings", latency},
	{"tokens-per-forward", "Tokens that a forward commits", "traces of decodings", histogram},
	{"calibration", "How often a committed token is right", "judged decodings with the probabilities of their commits", calibration},
	{"order", "Order of unmasking", "traces of a diffusion decoder with blocks", orders},
	{"roofline", "Forwards below the roofline", "runs of batch 1 with ceilings, of this version", roofline},
	{"ceiling", "Share of this machine's ceiling", "runs with ceilings", ceilings},
	{"blocks", "Speed against block size", "diffusion decoders that differ in the block size alone", blocks},
	{"batch", "Throughput against batch", "runs of several batch sizes", batches},
	{"energy", "Energy of a solved task", "runs on a device with an energy counter", energies},
}

// A gallery is the runs that one chart shows.
type gallery []exhibit

// An exhibit is a run in a chart: of a run of which only the summary is there, run is empty.
type exhibit struct {
	run
	Summary
	label string // what tells it from the other runs; empty where there is one
	index int
	names map[string]string // short, of its decoders
}

// ChartKinds are the kinds of charts of runs. A path is a run's folder, or a summary.json; they are read once for all kinds.
func ChartKinds() (out []ChartKind) {
	var read gallery
	var from []string
	for _, k := range chartEntries {
		out = append(out, ChartKind{k.name, k.title, k.needs, func(paths []string) ([]plot.Chart, error) {
			if !slices.Equal(from, paths) {
				g, err := readGallery(paths)
				if err != nil {
					return nil, err
				}
				read, from = g, slices.Clone(paths)
			}
			return k.of(read), nil
		}})
	}
	return out
}

// readGallery reads runs.
func readGallery(paths []string) (g gallery, err error) {
	for i, path := range paths {
		e := exhibit{index: i}
		if filepath.Base(path) == record.SummaryFile {
			e.Summary, err = ReadSummary(path)
		} else {
			e.run, e.Summary, err = readRun(path)
		}
		if err != nil {
			return nil, err
		}
		g = append(g, e)
	}
	g.label(paths)
	return g, nil
}

// label names the runs by what tells them apart: one thing where one is enough, else all that vary, else their folders.
func (g gallery) label(paths []string) {
	for i := range g {
		g[i].names = shorten(g[i].Summary.names())
	}
	if len(g) < 2 {
		return
	}
	properties := []func(e exhibit) string{
		func(e exhibit) string { return e.Model.Name },
		func(e exhibit) string { return fmt.Sprintf("batch %d", e.Plan.Batch) },
		func(e exhibit) string { return cmp.Or(e.Environment.GPU, e.Environment.CPU) },
		func(e exhibit) string { return e.Suite.Name },
		func(e exhibit) string { return e.Environment.Started.Format("2006-01-02") },
	}
	labels := make([]string, len(g))
	distinct := func() bool {
		sorted := slices.Sorted(slices.Values(labels))
		return len(slices.Compact(sorted)) == len(g)
	}
	for _, of := range properties {
		values := map[string]bool{}
		for _, e := range g {
			values[of(e)] = true
		}
		if len(values) < 2 || distinct() {
			continue
		}
		for i, e := range g {
			labels[i] = strings.TrimSpace(labels[i] + " " + of(e))
		}
	}
	if !distinct() {
		for i := range g {
			labels[i] = filepath.Base(filepath.Clean(strings.TrimSuffix(paths[i], record.SummaryFile)))
		}
	}
	for i := range g {
		g[i].label = labels[i]
	}
}

// order is all decoders of the runs, the autoregressive ones first, then by name with numbers by their value: so a decoder has its
// colour and mark whatever else was run in which order.
func (g gallery) order() []string {
	order := []string{"ar"}
	for _, e := range g {
		order = append(order, e.Summary.names()...)
	}
	slices.SortStableFunc(order, func(a, b string) int {
		return cmp.Or(baselineFirst(a)-baselineFirst(b), naturally(a, b))
	})
	return slices.Compact(order)
}

func baselineFirst(name string) int {
	if metric.IsAR(name) {
		return 0
	}
	return 1
}

// charts draws what the run holds data for: a chart without data is left out.
func (r run) charts(s Summary) []plot.Chart {
	g := gallery{{run: r, Summary: s, names: shorten(s.names())}}
	charts := []plot.Chart{}
	for _, k := range chartEntries {
		charts = append(charts, k.of(g)...)
	}
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

// of is the entry's charts of runs.
func (k chartEntry) of(g gallery) []plot.Chart {
	charts := k.draw(g)
	for i := range charts {
		charts[i].Name, charts[i].Title = cmp.Or(charts[i].Name, k.name), cmp.Or(charts[i].Title, k.title)
	}
	return charts
}

// chart is a chart of the gallery.
func (g gallery) chart(reading string, panels ...plot.Panel) plot.Chart {
	return plot.Chart{Reading: reading, Order: g.order(), Panels: panels}
}

// layer is a layer of one of the run's decoders.
func (e exhibit) layer(mark plot.Mark, decoder string, points ...plot.Point) plot.Layer {
	return plot.Layer{Mark: mark, Series: decoder, Key: e.named(e.names[decoder]), Run: e.index, Of: e.label, Points: points}
}

// named is a name with the run's label, where there are several.
func (e exhibit) named(name string) string {
	if e.label == "" {
		return name
	}
	return e.label + ": " + name
}

// drawn is the number of decoders that one chart of distributions shows of a run at the most: more cannot be told apart.
const drawn = 5

// leadingNames are the decoders for charts of distributions: the baselines, the head of the verdict, then the others in their order.
func (e exhibit) leadingNames() []string {
	first := func(name string) int {
		switch {
		case metric.IsAR(name):
			return 0
		case e.best >= 0 && e.comparison().Head == name:
			return 1
		}
		return 2
	}
	sorted := e.Summary.names()
	slices.SortStableFunc(sorted, func(a, b string) int { return first(a) - first(b) })
	return sorted[:min(drawn, len(sorted))]
}

// leading are the folds of those decoders; none where only the summary is there.
func (e exhibit) leading() (groups []metric.Group) {
	for _, name := range e.leadingNames() {
		if len(e.Groups) > 0 {
			groups = append(groups, e.Find(name))
		}
	}
	return groups
}

// few says how many of the decoders a chart shows, where it does not show all.
func (g gallery) few() string {
	shown, all := 0, 0
	for _, e := range g {
		shown, all = shown+len(e.leadingNames()), all+len(e.Decoders)
	}
	if shown == all {
		return ""
	}
	return fmt.Sprintf(" (%d of %d decoders)", shown, all)
}
