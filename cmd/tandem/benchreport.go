package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"

	"tandem/record"
	"tandem/reports/plot"
	"tandem/transformer/speed"
)

// A benchReport is the JSON of tandem bench.
type benchReport struct {
	Schema      int                `json:"schema"`
	Environment record.Environment `json:"environment"`
	Ceilings    map[string]float64 `json:"ceilings"` // the medians of those measured before the samples
	Rows        []speed.Row        `json:"rows"`
	LeftOut     []speed.LeftOut    `json:"left_out,omitempty"`
	Warnings    []benchWarning     `json:"warnings,omitempty"`
}

// A benchWarning is something that makes the figures less to be trusted, with what to do.
type benchWarning struct {
	Code     string `json:"code"`
	Text     string `json:"text"`
	Severity string `json:"severity"`
}

// quiet is the share of the processors' time that other work may take without a warning.
const quiet = 0.05

// take makes the rows the report's. elsewhere is the share of the processors' time that other work took meanwhile.
func (r *benchReport) take(rows []speed.Row, left []speed.LeftOut, elsewhere float64, known bool) {
	r.Rows, r.LeftOut, r.Ceilings, r.Warnings = rows, left, speed.Ceilings(rows), nil
	if known && elsewhere > quiet {
		r.Warnings = append(r.Warnings, benchWarning{"busy", fmt.Sprintf(
			"other work took %.0f%% of this machine's processor time: measure again on an idle machine", 100*elsewhere), "warning"})
	}
}

// readBench reads the JSON of tandem bench.
func readBench(path string) (r benchReport, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return r, fmt.Errorf("--from: %w", err)
	}
	if err := json.Unmarshal(data, &r); err != nil {
		return r, fmt.Errorf("--from %s is not the JSON of tandem bench: %w", path, err)
	}
	if r.Schema != record.Schema {
		return r, fmt.Errorf("--from %s has schema %d, this version reads %d: measure again", path, r.Schema, record.Schema)
	}
	if len(r.Rows) == 0 {
		return r, fmt.Errorf("--from %s holds no rows", path)
	}
	for _, row := range r.Rows {
		if !slices.Contains([]string{speed.Prefill, speed.Decode, speed.Block}, row.Kind) || row.Rows < 1 || row.Batch < 1 || !(row.ForwardsPerSecond > 0) {
			return r, fmt.Errorf("--from %s holds a row that is none of tandem bench: %s of %d rows, batch %d, %g forwards a second", path, row.Kind, row.Rows, row.Batch, row.ForwardsPerSecond)
		}
	}
	return r, nil
}

// save writes dir/bench.json, whole or not at all.
func (r benchReport) save(dir string) error {
	var text strings.Builder
	if err := r.write(&text, "json"); err != nil {
		return err
	}
	return plot.Replace(filepath.Join(dir, "bench.json"), []byte(text.String()))
}

func (r benchReport) write(w io.Writer, form string) error {
	switch form {
	case "json":
		out := json.NewEncoder(w)
		out.SetIndent("", "  ")
		return out.Encode(r)
	case "jsonl":
		for _, row := range r.Rows {
			if err := json.NewEncoder(w).Encode(row); err != nil {
				return err
			}
		}
		return nil
	case "csv":
		header, lines := r.cells()
		return csv.NewWriter(w).WriteAll(append([][]string{header}, lines...))
	case "benchfmt":
		return r.benchfmt(w)
	}
	for _, warning := range r.Warnings {
		if _, err := fmt.Fprintf(w, "WARNING: %s\n\n", warning.Text); err != nil {
			return err
		}
	}
	header, lines := r.cells()
	var to tw.Renderer = renderer.NewBlueprint(tw.Rendition{Symbols: tw.NewSymbols(tw.StyleRounded)})
	if form == "md" {
		to = renderer.NewMarkdown()
	}
	table := tablewriter.NewTable(w, tablewriter.WithRenderer(to), tablewriter.WithHeaderAutoFormat(tw.Off),
		tablewriter.WithAlignment(append(tw.Alignment{tw.AlignLeft}, slices.Repeat(tw.Alignment{tw.AlignRight}, len(header)-1)...)))
	table.Header(header)
	for _, line := range lines {
		if err := table.Append(line); err != nil {
			return err
		}
	}
	if err := table.Render(); err != nil {
		return err
	}
	notes := strings.Join(r.notes(), "\n")
	if form == "md" {
		notes = "\n- " + strings.ReplaceAll(notes, "\n", "\n- ")
	}
	_, err := fmt.Fprintf(w, "%s\n", notes)
	return err
}

// cells are the table of the results.
func (r benchReport) cells() (header []string, lines [][]string) {
	header = []string{"test", "rows", "batch", "context", "ms/forward", "spread %", "tok/s", "GB/s", "GFLOP/s", "ceiling", "of", "share %"}
	timed := slices.ContainsFunc(r.Rows, func(row speed.Row) bool { return row.DeviceIdle != nil })
	if timed {
		header = append(header, "device idle %")
	}
	for _, row := range r.Rows {
		unit := "GB/s"
		if row.CeilingKind == "compute" {
			unit = "GFLOP/s"
		}
		line := []string{row.Kind, fmt.Sprint(row.Rows), fmt.Sprint(row.Batch), fmt.Sprint(row.Context),
			fmt.Sprintf("%.3f", 1e3/row.ForwardsPerSecond), spread(row), fmt.Sprintf("%.1f", row.TokensPerSecond), fmt.Sprintf("%.1f", row.GBPerSecond),
			fmt.Sprintf("%.1f", row.GFLOPPerSecond), fmt.Sprintf("%.1f", row.Ceiling), unit, fmt.Sprintf("%.1f", 100*row.Share)}
		if timed {
			line = append(line, deviceIdle(row))
		}
		lines = append(lines, line)
	}
	return header, lines
}

// spread is the row's in per cent; empty where there is one sample.
func spread(row speed.Row) string {
	share, ok := row.Spread()
	if !ok {
		return ""
	}
	return fmt.Sprintf("%.1f", 100*share)
}

// deviceIdle is the row's in per cent; empty where it does not apply.
func deviceIdle(row speed.Row) string {
	if row.DeviceIdle == nil {
		return ""
	}
	return fmt.Sprintf("%.1f", 100**row.DeviceIdle)
}

// notes are the circumstances and the ratios that a reader looks for.
func (r benchReport) notes() []string {
	e, first := r.Environment, r.Rows[0]
	out := []string{fmt.Sprintf("%s, %s, %s, %d threads on %d cores, %s", first.Geometry, first.Dtype, e.Features, e.Threads, e.Cores, e.CPU)}
	var names []string
	for name := range r.Ceilings {
		names = append(names, name)
	}
	slices.Sort(names)
	for i, name := range names {
		names[i] = fmt.Sprintf("%s %.1f", name, r.Ceilings[name])
	}
	out = append(out, "ceilings, medians: "+strings.Join(names, ", "))
	for _, row := range r.Rows {
		if p := r.find(speed.Prefill, row.Rows, 1); row.Kind == speed.Block && row.Batch == 1 && p != nil {
			out = append(out, fmt.Sprintf("a forward of block %d takes %.2fx a prefill of %d rows", row.Rows, p.ForwardsPerSecond/row.ForwardsPerSecond, row.Rows))
		}
		if one := r.find(speed.Decode, 1, 1); row.Kind == speed.Decode && row.Batch > 1 && one != nil {
			out = append(out, fmt.Sprintf("decoding a batch of %d gives %.2fx the tokens of batch 1", row.Batch, row.TokensPerSecond/one.TokensPerSecond))
		}
	}
	out = append(out, r.crossovers()...)
	for _, left := range r.LeftOut {
		out = append(out, fmt.Sprintf("left out: %s of %d rows, batch %d, context %d: %s", left.Kind, left.Rows, left.Batch, left.Context, left.Reason))
	}
	return out
}

func (r benchReport) find(kind string, rows, batch int) *speed.Row {
	for i, row := range r.Rows {
		if row.Kind == kind && row.Rows == rows && row.Batch == batch {
			return &r.Rows[i]
		}
	}
	return nil
}

// benchfmt writes the format of Go's benchmarks, a line a sample, for benchstat.
func (r benchReport) benchfmt(w io.Writer) error {
	fmt.Fprintf(w, "cpu: %s\ncommit: %s\nUnit tok/s better=higher\n", r.Environment.CPU, r.Environment.Commit)
	for _, row := range r.Rows {
		name := strings.ToUpper(row.Kind[:1]) + row.Kind[1:]
		for _, seconds := range row.Samples {
			if _, err := fmt.Fprintf(w, "Benchmark%s/geometry=%s/dtype=%s/rows=%d/batch=%d/context=%d-%d 1 %.6g sec/op %.6g tok/s\n", name,
				row.Geometry, row.Dtype, row.Rows, row.Batch, row.Context, row.Threads, seconds, float64(row.Rows*row.Batch)/seconds); err != nil {
				return err
			}
		}
	}
	return nil
}
