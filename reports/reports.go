// Package reports turns a scored run into what people read: a table, one sentence of verdict, charts and one
// offline page. It reads records and nothing else, so a report can be rebuilt at any time and never decodes or
// judges again.
//
//  1. Write reads DIR/scored.jsonl record by record into folds (package metric).
//  2. summarize makes the Summary of them, which is summary.json, with its warnings and its verdict.
//  3. readExamples reads the records of single tasks once more: what went wrong in those that refiners lost, and replays.
//  4. Table lays the Summary out for a terminal, Markdown for a page.
//  5. Package plot draws the charts.
//  6. The page, report.html, holds all of it, and replays of a few tasks.
package reports

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"tandem/bench/metric"
	"tandem/record"
	"tandem/reports/plot"
)

// A run is a scored run that is reported.
type run struct{ metric.Run }

// An Option is what a reader adds to a summary.
type Option func(*Summary)

// PricePerHour adds what tokens and solved tasks cost on a machine that costs so many dollars an hour; 0 is no price.
func PricePerHour(dollars float64) Option { return func(s *Summary) { s.Charge(dollars) } }

// Write reads dir/scored.jsonl and writes beside it summary.json, summary.md, charts/ and report.html. It
// returns the summary, for the terminal.
func Write(dir string, with ...Option) (Summary, error) {
	r, s, err := readScored(dir)
	if err != nil {
		return Summary{}, err
	}
	for _, add := range with {
		add(&s)
	}
	path := filepath.Join(dir, record.ScoredFile)
	single, err := r.readExamples(path, s)
	if err != nil {
		return Summary{}, err
	}
	s.Failures = single.failures
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return Summary{}, fmt.Errorf("summary.json: %w", err)
	}
	charts := r.charts(s)
	html, err := page(s, single.replays, charts)
	if err != nil {
		return Summary{}, err
	}
	files := map[string][]byte{record.SummaryFile: append(text, '\n'), "summary.md": []byte(markdown(s)), "report.html": html}
	for name, data := range files {
		if err := plot.Replace(filepath.Join(dir, name), data); err != nil {
			return Summary{}, err
		}
	}
	if err := saveCharts(filepath.Join(dir, "charts"), charts); err != nil {
		return Summary{}, err
	}
	return s, nil
}

// Summarize is the summary of a run's folder: that of its records, or where they are not there the summary.json that it holds.
// Nothing is written.
func Summarize(dir string) (Summary, error) {
	_, s, err := readRun(dir)
	return s, err
}

// readRun reads a run's folder; of one that holds a summary alone, run is empty.
func readRun(dir string) (run, Summary, error) {
	r, s, err := readScored(dir)
	if errors.Is(err, fs.ErrNotExist) {
		if alone, missing := ReadSummary(filepath.Join(dir, record.SummaryFile)); !errors.Is(missing, fs.ErrNotExist) {
			return run{}, alone, missing
		}
	}
	return r, s, err
}

// readScored reads a scored run and what was measured of its device, and summarizes them.
func readScored(dir string) (run, Summary, error) {
	folded, err := metric.ReadRun(filepath.Join(dir, record.ScoredFile))
	if err != nil {
		return run{}, Summary{}, err
	}
	telemetry, err := readTelemetry(filepath.Join(dir, record.TelemetryFile))
	if err != nil {
		return run{}, Summary{}, err
	}
	r := run{folded}
	s := r.summarize()
	s.addTelemetry(telemetry)
	s.run = &r
	return r, s, nil
}
