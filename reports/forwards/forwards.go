// Package forwards reports how fast a machine's forwards are, as package speed measures them: bench.json, a table beside the
// machine's ceilings, and charts of throughput against the batch.
package forwards

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tandem/record"
	"tandem/reports"
	"tandem/reports/plot"
	"tandem/reports/table"
	"tandem/transformer/speed"
)

// A Report is bench.json.
type Report struct {
	Schema      int                `json:"schema"`
	Environment record.Environment `json:"environment"`
	Ceilings    map[string]float64 `json:"ceilings"` // the medians of those measured before the samples
	Rows        []speed.Row        `json:"rows"`
	LeftOut     []speed.LeftOut    `json:"left_out,omitempty"`
	Warnings    []reports.Warning  `json:"warnings,omitempty"`
}

// quiet is the share of the processors' time that other work may take without a warning.
const quiet = 0.05

// take makes the rows the report's. elsewhere is the share of the processors' time that other work took meanwhile, where it is
// known.
func (r *Report) take(rows []speed.Row, left []speed.LeftOut, elsewhere float64, known bool) {
	r.Rows, r.LeftOut, r.Ceilings, r.Warnings = rows, left, speed.Ceilings(rows), nil
	if known && elsewhere > quiet {
		r.Warnings = append(r.Warnings, reports.Warning{Code: "busy", Severity: reports.Caution, Text: fmt.Sprintf(
			"other work took %.0f%% of this machine's processor time: measure again on an idle machine", 100*elsewhere)})
	}
}

// Read reads bench.json and checks it.
func Read(path string) (r Report, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(data, &r); err != nil {
		return r, fmt.Errorf("%s is not the JSON of tandem bench: %w", path, err)
	}
	if r.Schema != record.Schema {
		return r, fmt.Errorf("%s has schema %d, this version reads %d: measure again", path, r.Schema, record.Schema)
	}
	if len(r.Rows) == 0 {
		return r, fmt.Errorf("%s holds no rows", path)
	}
	for _, row := range r.Rows {
		if !slices.Contains([]string{speed.Prefill, speed.Decode, speed.Block}, row.Kind) || row.Rows < 1 || row.Batch < 1 || !(row.ForwardsPerSecond > 0) {
			return r, fmt.Errorf("%s holds a row that is none of tandem bench: %s of %d rows, batch %d, %g forwards a second",
				path, row.Kind, row.Rows, row.Batch, row.ForwardsPerSecond)
		}
	}
	return r, nil
}

// save writes dir/bench.json, whole or not at all.
func (r Report) save(dir string) error {
	var text strings.Builder
	if err := r.Write(&text, "json", 0); err != nil {
		return err
	}
	return plot.Replace(filepath.Join(dir, "bench.json"), []byte(text.String()))
}

// SaveCharts draws a chart of each block size whose crossover can be told into dir, and returns their names.
func (r Report) SaveCharts(dir string) (names []string, err error) {
	for _, chart := range r.charts() {
		if err := chart.Save(dir); err != nil {
			return names, err
		}
		names = append(names, chart.Name)
	}
	return names, nil
}

func (r Report) charts() (out []plot.Chart) {
	for _, size := range speed.Sizes(r.Rows) {
		out = append(out, r.crossover(size))
	}
	return out
}

// ChartKind is the charts of measured forwards. A path is a bench.json, or the folder that it is in.
func ChartKind() reports.ChartKind {
	return reports.ChartKind{Name: "crossover", Title: "Throughput against batch at assumed tokens per forward", Needs: "a bench.json of decode and block forwards at two batch sizes or more",
		Draw: func(paths []string) (out []plot.Chart, err error) {
			for i, path := range paths {
				if filepath.Ext(path) != ".json" {
					path = filepath.Join(path, "bench.json")
				}
				r, err := Read(path)
				if err != nil {
					return nil, err
				}
				for _, c := range r.charts() {
					if i > 0 {
						c.Name += fmt.Sprintf("-%d", i+1)
					}
					out = append(out, c)
				}
			}
			return out, nil
		}}
}

// Write writes the report in a form: json, jsonl, csv or benchfmt, which are for programs; md; or table, for a terminal of so many
// columns, 0 for any.
func (r Report) Write(w io.Writer, form string, width int) error {
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
		header, lines := r.table().Lines()
		return csv.NewWriter(w).WriteAll(append([][]string{header}, lines...))
	case "benchfmt":
		return r.benchfmt(w)
	case "md":
		return r.markdown(w)
	}
	for _, warning := range r.Warnings {
		fmt.Fprintf(w, "%s\n\n", table.Wrap("WARNING: "+warning.Text, width, "  "))
	}
	_, err := io.WriteString(w, r.table().Show(width))
	for _, note := range r.notes() {
		_, err = fmt.Fprintln(w, table.Wrap(note, width, "  "))
	}
	return err
}

// markdown writes the warnings, the table and the notes in Markdown.
func (r Report) markdown(w io.Writer) error {
	for _, warning := range r.Warnings {
		fmt.Fprintf(w, "WARNING: %s\n\n", warning.Text)
	}
	_, err := fmt.Fprintf(w, "%s\n- %s\n", r.table().Markdown(), strings.Join(r.notes(), "\n- "))
	return err
}

// columns are the measures of a row; those of a higher rank are left out first where a terminal is narrow.
var columns = []struct {
	name string
	rank int
	cell func(row speed.Row) string
}{
	{"test", 0, func(row speed.Row) string { return row.Kind }},
	{"rows", 0, func(row speed.Row) string { return fmt.Sprint(row.Rows) }},
	{"batch", 0, func(row speed.Row) string { return fmt.Sprint(row.Batch) }},
	{"context", 3, func(row speed.Row) string { return fmt.Sprint(row.Context) }},
	{"ms/forward", 0, func(row speed.Row) string { return fmt.Sprintf("%.3f", 1e3/row.ForwardsPerSecond) }},
	{"spread %", 2, spread},
	{"tok/s", 0, func(row speed.Row) string { return fmt.Sprintf("%.1f", row.TokensPerSecond) }},
	{"GB/s", 6, func(row speed.Row) string { return fmt.Sprintf("%.1f", row.GBPerSecond) }},
	{"GFLOP/s", 7, func(row speed.Row) string { return fmt.Sprintf("%.1f", row.GFLOPPerSecond) }},
	{"ceiling", 4, func(row speed.Row) string { return fmt.Sprintf("%.1f", row.Ceiling) }},
	{"of", 5, unit},
	{"share %", 0, func(row speed.Row) string { return fmt.Sprintf("%.1f", 100*row.Share) }},
	{"device idle %", 1, deviceIdle},
}

// table is the table of the results; a device's idle share is in it where a row has one.
func (r Report) table() (out table.Table) {
	for _, c := range columns {
		column := table.Column{Name: c.name, Rank: c.rank, Left: len(out) == 0}
		for _, row := range r.Rows {
			column.Cells = append(column.Cells, c.cell(row))
		}
		if c.name == "device idle %" && !slices.ContainsFunc(r.Rows, func(row speed.Row) bool { return row.DeviceIdle != nil }) {
			continue
		}
		out = append(out, column)
	}
	return out
}

// unit is that of the row's ceiling.
func unit(row speed.Row) string {
	if row.CeilingKind == "compute" {
		return "GFLOP/s"
	}
	return "GB/s"
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
func (r Report) notes() []string {
	e, first := r.Environment, r.Rows[0]
	out := []string{fmt.Sprintf("%s, %s, %s, %d threads on %d cores, %s", first.Geometry, first.Dtype, e.Features, e.Threads, e.Cores, e.CPU)}
	names := slices.Sorted(maps.Keys(r.Ceilings))
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

func (r Report) find(kind string, rows, batch int) *speed.Row {
	for i, row := range r.Rows {
		if row.Kind == kind && row.Rows == rows && row.Batch == batch {
			return &r.Rows[i]
		}
	}
	return nil
}

// benchfmt writes the format of Go's benchmarks, a line a sample, for benchstat.
func (r Report) benchfmt(w io.Writer) error {
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
