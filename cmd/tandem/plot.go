package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"tandem/reports"
	"tandem/reports/forwards"
	"tandem/reports/plot"
	"tandem/reports/table"
	"tandem/reports/trend"
)

type plotCmd struct {
	Name  string   `arg:"" help:"Chart to draw: a name of tandem plot list, or all, those that the results hold data for."`
	Paths []string `arg:"" optional:"" name:"results" help:"Folders of runs or their summary.json; several stand in one chart. For history: its file too; for crossover: what tandem bench --out wrote."`
	drawFlags
	Out string `default:"charts" placeholder:"DIR" help:"Folder for the charts; ${default} by default."`
	wideFlag
}

// drawFlags say how charts look, and in which formats they are written.
type drawFlags struct {
	Style  string   `default:"screen" enum:"${chart_styles}" help:"Look of the charts: ${enum}."`
	Format []string `default:"png,svg" enum:"${chart_formats}" help:"Formats: ${enum}. csv is the data, vega a Vega-Lite specification with the data in it."`
}

// chartKinds are all charts.
func chartKinds() []reports.ChartKind {
	return append(reports.ChartKinds(), forwards.ChartKind(), trend.ChartKind())
}

// Run draws one kind of chart, or those of runs that the results hold data for.
func (c plotCmd) Run(a *app) error {
	if c.Name == "list" && len(c.Paths) == 0 {
		return c.list(a)
	}
	kinds := chartKinds()
	if c.Name == "all" {
		kinds = reports.ChartKinds()
	} else if kinds = slices.DeleteFunc(kinds, func(k reports.ChartKind) bool { return k.Name != c.Name }); len(kinds) == 0 {
		return fmt.Errorf("no chart %q: tandem plot list shows them", c.Name)
	}
	if len(c.Paths) == 0 {
		return fmt.Errorf("plot %s: name the folders of results", c.Name)
	}
	var charts []plot.Chart
	for _, k := range kinds {
		more, err := k.Draw(c.Paths)
		if err != nil {
			return fmt.Errorf("plot %s: %w", c.Name, err)
		}
		charts = append(charts, more...)
	}
	if len(charts) == 0 {
		needs := "runs with records"
		if len(kinds) == 1 {
			needs = kinds[0].Needs
		}
		return fmt.Errorf("plot %s: %s holds no data for it; it needs %s", c.Name, strings.Join(c.Paths, ", "), needs)
	}
	return c.save(a, charts, c.Out, c.width(a.stdout))
}

// save writes the charts into a folder; their names go to stdout with what belongs into a caption.
func (f drawFlags) save(a *app, charts []plot.Chart, dir string, width int) error {
	style, err := plot.FindStyle(f.Style)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("--out: %w; choose a folder that can be written", err)
	}
	for _, chart := range charts {
		files, err := chart.SaveAs(dir, style, f.Format)
		if err != nil {
			return fmt.Errorf("--out: %w", err)
		}
		caption := strings.ReplaceAll(chart.Title+": "+chart.Reading, "\n", "; ")
		if _, err := fmt.Fprintf(a.stdout, "%s\n  %s\n", strings.Join(files, " "), table.Wrap(caption, width-2, "  ")); err != nil {
			return err
		}
	}
	return nil
}

// list prints the table of the charts.
func (c plotCmd) list(a *app) error {
	names, titles, needs := table.Column{Name: "chart", Left: true}, table.Column{Name: "title", Left: true}, table.Column{Name: "needs", Left: true, Rank: 1}
	for _, k := range chartKinds() {
		names.Cells, titles.Cells, needs.Cells = append(names.Cells, k.Name), append(titles.Cells, k.Title), append(needs.Cells, k.Needs)
	}
	_, err := fmt.Fprint(a.stdout, table.Table{names, titles, needs}.Fit(c.width(a.stdout)).Text())
	return err
}
