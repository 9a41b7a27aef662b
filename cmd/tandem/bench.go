package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"

	"tandem/bench"
	"tandem/record"
	"tandem/transformer"
	"tandem/transformer/speed"
)

type benchCmd struct {
	Model    string `placeholder:"DIR" help:"Checkpoint to measure: embedded, or a folder in Hugging Face format."`
	Geometry string `placeholder:"NAME" help:"Random weights of a published shape, in place of a model: ${geometries}."`
	Dtype    string `default:"" enum:",f32,bf16" placeholder:"bf16" help:"Dtype of the weights: f32 or bf16 (bf16, or the checkpoint's own)."`
	deviceFlags
	Prefill int    `default:"512" help:"Rows of the prefill; 0 leaves it out."`
	Decode  int    `default:"128" help:"Tokens decoded one by one; 0 leaves it out."`
	Block   []int  `default:"32" help:"Rows of the block forwards."`
	Batch   []int  `default:"1,2,4" help:"Sequences decoded at once."`
	Context int    `default:"128" help:"Positions cached before a decode or a block."`
	Rounds  int    `default:"5" help:"Samples of each test; the tests take turns."`
	Output  string `short:"o" default:"table" enum:"table,json,jsonl,md,csv,benchfmt" help:"Form of the results: ${enum}."`
}

// A benchReport is the JSON of tandem bench.
type benchReport struct {
	Schema      int                `json:"schema"`
	Environment record.Environment `json:"environment"`
	Ceilings    map[string]float64 `json:"ceilings"` // the highest that were measured
	Rows        []speed.Row        `json:"rows"`
}

// Run measures forwards beside this machine's ceilings.
func (c benchCmd) Run(a *app) error {
	weights, err := c.weights()
	if err != nil {
		return err
	}
	backend, err := c.open(a, weights)
	if err != nil {
		return err
	}
	defer backend.Close()
	tests := c.tests()
	if len(tests) == 0 || c.Rounds < 1 {
		return fmt.Errorf("nothing to measure: name at least one of --prefill, --decode, --block, and --rounds of at least 1")
	}
	about := backend.Describe()
	ceilings, done, err := meter(backend)
	if err != nil {
		return err
	}
	defer done()
	rows, err := speed.Measure(a.ctx, backend, tests, c.Rounds, ceilings, newProgress(a.stderr, "measuring").report)
	if err != nil {
		return err
	}
	report := benchReport{Schema: record.Schema, Environment: bench.Environment(a.ctx, version, commit), Ceilings: map[string]float64{}, Rows: rows}
	for _, row := range rows {
		for _, ceilings := range row.Ceilings {
			for name, value := range ceilings {
				report.Ceilings[name] = max(report.Ceilings[name], value)
			}
		}
	}
	e := &report.Environment
	e.Device, e.Features, e.Threads = about.Device, about.Features, about.Threads
	speed.Rate(rows, transformer.Card{Config: backend.Config(), Dtype: about.Dtype})
	return report.write(a.stdout, c.Output)
}

// weights are a checkpoint's or random ones.
func (c benchCmd) weights() (*transformer.Weights, error) {
	switch {
	case c.Model != "" && c.Geometry != "":
		return nil, fmt.Errorf("--model and --geometry exclude each other")
	case c.Geometry == "":
		if c.Model == "" {
			c.Model = embedded
		}
		m, err := loadModel(c.Model, transformer.Dtype(c.Dtype))
		if err != nil {
			return nil, err
		}
		return m.Weights, nil
	}
	config, err := transformer.Geometry(c.Geometry)
	if err != nil {
		return nil, fmt.Errorf("--geometry: %w", err)
	}
	if c.Dtype == "" {
		c.Dtype = string(transformer.BF16)
	}
	return transformer.Random(config, transformer.Dtype(c.Dtype), 1), nil
}

// tests are those that the flags ask for. A block forward stands beside the prefill of as many rows.
func (c benchCmd) tests() (tests []speed.Test) {
	if c.Prefill > 0 {
		tests = append(tests, speed.Test{Kind: speed.Prefill, Rows: c.Prefill, Batch: 1, Repeat: 1})
	}
	if c.Decode > 0 {
		for _, batch := range c.Batch {
			tests = append(tests, speed.Test{Kind: speed.Decode, Rows: 1, Batch: batch, Context: c.Context, Repeat: c.Decode})
		}
	}
	for _, rows := range c.Block {
		tests = append(tests, speed.Test{Kind: speed.Prefill, Rows: rows, Batch: 1, Repeat: 4},
			speed.Test{Kind: speed.Block, Rows: rows, Batch: 1, Context: c.Context, Repeat: 4})
	}
	return tests
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
	_, err := fmt.Fprintf(w, "%s\n", strings.Join(r.notes(), "\n"))
	return err
}

// cells are the table of the results.
func (r benchReport) cells() (header []string, lines [][]string) {
	header = []string{"test", "rows", "batch", "context", "ms/forward", "tok/s", "GB/s", "GFLOP/s", "ceiling", "of", "share %"}
	for _, row := range r.Rows {
		unit := "GB/s"
		if row.CeilingKind == "compute" {
			unit = "GFLOP/s"
		}
		lines = append(lines, []string{row.Test, fmt.Sprint(row.Rows), fmt.Sprint(row.Batch), fmt.Sprint(row.Context),
			fmt.Sprintf("%.3f", 1e3/row.ForwardsPerSecond), fmt.Sprintf("%.1f", row.TokensPerSecond), fmt.Sprintf("%.1f", row.GBPerSecond),
			fmt.Sprintf("%.1f", row.GFLOPPerSecond), fmt.Sprintf("%.1f", row.Ceiling), unit, fmt.Sprintf("%.1f", 100*row.Share)})
	}
	return header, lines
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
	out = append(out, "highest ceilings measured: "+strings.Join(names, ", "))
	for _, row := range r.Rows {
		if p := r.find(speed.Prefill, row.Rows, 1); row.Test == speed.Block && p != nil {
			out = append(out, fmt.Sprintf("a forward of block %d takes %.2fx a prefill of %d rows", row.Rows, p.ForwardsPerSecond/row.ForwardsPerSecond, row.Rows))
		}
		if one := r.find(speed.Decode, 1, 1); row.Test == speed.Decode && row.Batch > 1 && one != nil {
			out = append(out, fmt.Sprintf("decoding a batch of %d gives %.2fx the tokens of batch 1", row.Batch, row.TokensPerSecond/one.TokensPerSecond))
		}
	}
	return out
}

func (r benchReport) find(kind string, rows, batch int) *speed.Row {
	for i, row := range r.Rows {
		if row.Test == kind && row.Rows == rows && row.Batch == batch {
			return &r.Rows[i]
		}
	}
	return nil
}

// benchfmt writes the format of Go's benchmarks, a line a sample, for benchstat.
func (r benchReport) benchfmt(w io.Writer) error {
	fmt.Fprintf(w, "cpu: %s\ncommit: %s\nUnit tok/s better=higher\n", r.Environment.CPU, r.Environment.Commit)
	for _, row := range r.Rows {
		name := strings.ToUpper(row.Test[:1]) + row.Test[1:]
		for _, seconds := range row.Samples {
			if _, err := fmt.Fprintf(w, "Benchmark%s/geometry=%s/dtype=%s/rows=%d/batch=%d/context=%d-%d 1 %.6g sec/op %.6g tok/s\n", name,
				row.Geometry, row.Dtype, row.Rows, row.Batch, row.Context, row.Threads, seconds, float64(row.Rows*row.Batch)/seconds); err != nil {
				return err
			}
		}
	}
	return nil
}
