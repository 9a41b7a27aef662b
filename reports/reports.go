// Package reports turns a scored run into what people read: a table, one sentence of verdict, charts and one
// offline page. It reads records and nothing else, so a report can be rebuilt at any time and never decodes or
// judges again.
//
//  1. Write reads DIR/scored.jsonl.
//  2. Summarize folds the records into a Summary, which is summary.json.
//  3. Table lays the Summary out for a terminal, Markdown for a page.
//  4. Package plot draws the charts.
//  5. The page, report.html, holds all of it and a replay of one task.
package reports

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"tandem/record"
	"tandem/reports/plot"
)

// Write reads dir/scored.jsonl and writes beside it summary.json, summary.md, charts/ and report.html. It
// returns the summary, for the terminal.
func Write(dir string) (Summary, error) {
	header, records, err := readRun(filepath.Join(dir, "scored.jsonl"))
	if err != nil {
		return Summary{}, err
	}
	telemetry, err := readTelemetry(filepath.Join(dir, "telemetry.jsonl"))
	if err != nil {
		return Summary{}, err
	}
	s := Summarize(header, records)
	s.addTelemetry(telemetry)
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return Summary{}, fmt.Errorf("summary.json: %w", err)
	}
	charts := Charts(s, header, records)
	html, err := Page(s, header, records, charts)
	if err != nil {
		return Summary{}, err
	}
	files := map[string][]byte{"summary.json": append(text, '\n'), "summary.md": []byte(Markdown(s)), "report.html": html}
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

// readRun reads a scored run whole. No records at all is an error: there is nothing to report.
func readRun(path string) (record.Header, []record.Record, error) {
	header, sequence, err := record.Read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return header, nil, fmt.Errorf("%s does not exist: tandem run writes it", path)
	}
	if err != nil {
		return header, nil, err
	}
	var records []record.Record
	for r, err := range sequence {
		if err != nil {
			return header, nil, err
		}
		records = append(records, r)
	}
	if len(records) == 0 {
		return header, nil, fmt.Errorf("%s holds no records: let tandem run finish at least one example", path)
	}
	return header, records, nil
}
