package main

import (
	"io"

	"tandem/bench/history"
	"tandem/reports/table"
	"tandem/reports/trend"
)

type historyCmd struct {
	Add    historyAddCmd    `cmd:"" help:"Add runs, also from Apache Otava's CSV; the same one twice is there once."`
	List   historyListCmd   `cmd:"" help:"List the runs."`
	Show   historyShowCmd   `cmd:"" help:"Show how each figure moved, and draw it."`
	Check  historyCheckCmd  `cmd:"" help:"Look for changes for the worse among the newest runs; exit status 1 if there is one."`
	Export historyExportCmd `cmd:"" help:"Print runs as the CSV of Apache Otava, or as JSON."`
}

type historyFlags struct {
	DB string `name:"db" default:"results/history.db" env:"TANDEM_HISTORY" placeholder:"FILE" help:"File of the history (SQLite); ${default} by default."`
}

// print writes v as JSON, or text.
func (a *app) print(json bool, v any, text string) error {
	if json {
		return printJSON(a.stdout, v)
	}
	_, err := io.WriteString(a.stdout, text)
	return err
}

type historyAddCmd struct {
	Paths []string `arg:"" name:"path" help:"Folders of runs, summary.json files of this version or an earlier one, what export prints, or CSV for Apache Otava."`
	historyFlags
}

func (c historyAddCmd) Run(a *app) error {
	done, notes, err := trend.Add(c.DB, c.Paths)
	if err != nil {
		return err
	}
	io.WriteString(a.stderr, notes)
	_, err = io.WriteString(a.stdout, done)
	return err
}

type historyListCmd struct {
	historyFlags
	filterFlags
	wideFlag
	JSON bool `help:"Print JSON: started, commit, suite, model, plan, machine, values, unfinished, unmeasured of each run."`
}

func (c historyListCmd) Run(a *app) error {
	runs, err := history.Read(c.DB)
	if err != nil {
		return err
	}
	runs = c.filter().Runs(runs)
	return a.print(c.JSON, trend.Entries(runs), trend.List(runs, c.width(a.stdout)))
}

type historyShowCmd struct {
	historyFlags
	changeFlags
	wideFlag
	Points bool   `help:"Show the runs of each series in place of a line."`
	Charts string `placeholder:"DIR" help:"Draw each series there, as PNG and SVG."`
	JSON   bool   `help:"Print JSON: of each series its points, level and changes."`
}

func (c historyShowCmd) Run(a *app) error {
	trends, err := trend.Of(c.DB, c.options())
	if err == nil && c.Charts != "" {
		err = trend.SaveCharts(c.Charts, trends)
	}
	if err != nil {
		return err
	}
	layout := trend.Table
	if c.Points {
		layout = trend.Points
	}
	return a.print(c.JSON, trends, layout(trends, c.width(a.stdout)))
}

type historyCheckCmd struct {
	historyFlags
	changeFlags
	Newest    int    `default:"10" least:"1" help:"Runs among which a change is news."`
	Absolute  bool   `help:"Absolute figures count, too: tok/s, seconds, joules. They show what the machine's neighbours do."`
	Undecided string `default:"pass" enum:"pass,fail" help:"With fail, exit status 3 where a series has too few runs to tell."`
	JSON      bool   `help:"Print JSON: verdict (worse, same, undecided), alarms with their first bad commit, undecided series."`
}

func (c historyCheckCmd) Run(a *app) error {
	trends, err := trend.Of(c.DB, c.options())
	if err != nil {
		return err
	}
	f := trend.Examine(trends, c.Newest, c.Absolute, c.Magnitude)
	err = a.print(c.JSON, f, f.Text(table.Terminal(a.stdout)))
	switch {
	case err == nil && f.Verdict == trend.Regressed:
		return errFailed
	case err == nil && f.Verdict == trend.Undecided && c.Undecided == "fail":
		return errUndecided
	}
	return err
}

type historyExportCmd struct {
	historyFlags
	seriesFlags
	Format string `default:"csv" enum:"csv,json" help:"${enum}: csv has the values that may be compared, json the whole runs."`
}

func (c historyExportCmd) Run(a *app) error {
	runs, err := history.Read(c.DB)
	if err != nil {
		return err
	}
	if c.Format == "json" {
		return printJSON(a.stdout, history.Dump{Schema: 1, Runs: c.filter().Runs(runs)})
	}
	series, err := history.Group(runs, c.selection())
	if err != nil {
		return err
	}
	return history.WriteOtava(a.stdout, series)
}
