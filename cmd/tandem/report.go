package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"

	"tandem/bench/load"
	"tandem/bench/metric"
	"tandem/decoders"
	"tandem/record"
	"tandem/reports"
	"tandem/reports/table"
)

type reportCmd struct {
	Dirs []string `arg:"" name:"dir" help:"Folders of scored runs: those that tandem run wrote."`
	summaryFlags
}

func (c reportCmd) Run(a *app) error {
	if err := c.summaryFlags.check(); err != nil {
		return err
	}
	for _, dir := range c.Dirs {
		if err := report(a, dir, c.summaryFlags); err != nil {
			return fmt.Errorf("report of %s: %w", dir, err)
		}
	}
	return nil
}

// summaryFlags say how a summary is printed.
type summaryFlags struct {
	wideFlag
	priceFlag
	Objective string `placeholder:"first=500ms,whole=5s" help:"Count answers of endpoints that came within these times, from the moment a request was due: adds the goodput."`
	JSON      bool   `help:"Print summary.json in place of the table; with several folders one after the other."`
}

// priceFlag is of verbs that say what a machine's work costs.
type priceFlag struct {
	Price float64 `name:"price-per-hour" placeholder:"DOLLARS" help:"What an hour of this machine costs: adds dollars for a million useful tokens and for a thousand solved tasks."`
}

// wideFlag is of verbs that print a table.
type wideFlag struct {
	Wide bool `help:"Show all columns, however wide the terminal is."`
}

// width is that of a table on this output, in columns; 0 for any.
func (f wideFlag) width(out io.Writer) int {
	if f.Wide {
		return 0
	}
	return table.Terminal(out)
}

// check refuses what is no price and no objective.
func (f summaryFlags) check() error {
	if _, err := load.ParseObjectives(f.Objective); err != nil {
		return fmt.Errorf("--objective: %w", err)
	}
	return f.priceFlag.check()
}

// check refuses what is no price; 0 is none.
func (f priceFlag) check() error {
	if !(f.Price >= 0) || math.IsInf(f.Price, 0) {
		return fmt.Errorf("--price-per-hour must be dollars above 0, not %g", f.Price)
	}
	return nil
}

// report rebuilds the report of a scored run and prints its table, or its summary.json, and where the rest lies.
func report(a *app, dir string, f summaryFlags) error {
	objectives, err := load.ParseObjectives(f.Objective)
	if err != nil {
		return fmt.Errorf("--objective: %w", err)
	}
	summary, err := reports.Write(dir, reports.PricePerHour(f.Price), reports.Objectives(objectives))
	if err != nil {
		return err
	}
	files, text := a.stdout, []byte(reports.Table(summary, f.width(a.stdout))+"\n")
	if f.JSON {
		if text, err = os.ReadFile(filepath.Join(dir, record.SummaryFile)); err != nil {
			return err
		}
		files = a.stderr
	}
	if _, err := a.stdout.Write(text); err != nil {
		return err
	}
	if rest := reports.Rest(summary, f.width(a.stdout)); rest != "" && !f.JSON {
		fmt.Fprintln(a.stdout, rest)
	}
	if name := oneByOne(summary.Failures); name != "" {
		fmt.Fprintf(a.stderr, "whether the lost tasks pass when tokens are committed one at a time, a run with %s among its --decoders says\n", name)
	}
	_, err = fmt.Fprintf(files, "report: %s\nbeside it: charts/, summary.md (the table), summary.json (the data)\n", filepath.Join(dir, "report.html"))
	return err
}

// oneByOne names the decoder that commits one token a forward and is otherwise the first that lost a task; empty where the run has
// one, or none lost any.
func oneByOne(failures []metric.Failure) string {
	if len(failures) == 0 || slices.ContainsFunc(failures, func(f metric.Failure) bool { return f.OneByOne != nil }) {
		return ""
	}
	s, err := decoders.ParseName(failures[0].Decoder)
	if err != nil { // of a policy of one's own
		return ""
	}
	s.Threshold, s.Factor, s.EntropyBound, s.Quota, s.Steps = 0, 0, 0, decoders.LowConfidence, 0
	return s.Name()
}
