package forwards

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"tandem/record"
	"tandem/transformer"
	"tandem/transformer/cpu"
	"tandem/transformer/speed"
)

// measured is a report of a small model on this machine, of which other work took so much.
func measured(t *testing.T, elsewhere float64, dir string) Report {
	t.Helper()
	config, err := transformer.Geometry("tiny")
	if err != nil {
		t.Fatal(err)
	}
	backend, err := cpu.New(transformer.Random(config, transformer.F32, 1), cpu.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer backend.Close()
	grid := speed.Grid{Prefill: 4, Decode: 1, Blocks: []int{4}, Batches: []int{2, 1}, Context: 4}
	ceilings := func() (map[string]float64, error) {
		return map[string]float64{transformer.ReadCeiling: 1e3, transformer.F32Ceiling: 1e6}, nil
	}
	r, err := Measure(t.Context(), backend, speed.Plan{Tests: grid.Tests(), Rounds: 2, Ceilings: ceilings},
		Options{Environment: record.Environment{CPU: "a processor"}, Elsewhere: func() (float64, bool) { return elsewhere, true }, Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestMeasure: what was measured is saved, reads back the same, and has a chart; a busy machine is seen.
func TestMeasure(t *testing.T) {
	dir := t.TempDir()
	r := measured(t, 0.4, dir)
	if len(r.Rows) != 6 || len(r.Warnings) != 1 || r.Warnings[0].Code != "busy" || len(measured(t, 0.01, "").Warnings) != 0 {
		t.Errorf("%d rows, warnings %v", len(r.Rows), r.Warnings)
	}
	back, err := Read(filepath.Join(dir, "bench.json"))
	if err != nil {
		t.Fatal(err)
	}
	var first, second bytes.Buffer
	if err := errors.Join(r.Write(&first, "json", 0), back.Write(&second, "json", 0)); err != nil || first.String() != second.String() {
		t.Errorf("%v: %s became %s", err, first.String(), second.String())
	}
	names, err := back.SaveCharts(dir)
	if err != nil || len(names) != 1 || names[0] != "crossover-block4" {
		t.Errorf("charts %v, %v", names, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "crossover-block4.svg")); err != nil {
		t.Error(err)
	}
}

// TestWidth: the table and all below it fit a terminal, and a wider one shows more columns; forms for programs have them all.
func TestWidth(t *testing.T) {
	r := measured(t, 0.4, "")
	shown := 0
	for _, width := range []int{80, 100, 120, 0} {
		var out bytes.Buffer
		if err := r.Write(&out, "table", width); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(out.String()) {
			if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); width > 0 && n > width {
				t.Errorf("%d characters on a terminal of %d: %s", n, width, line)
			}
		}
		columns := len(r.table().Fit(width))
		if columns < shown {
			t.Errorf("%d characters hold %d columns, fewer hold %d", width, columns, shown)
		}
		shown = columns
	}
	var csv bytes.Buffer
	if err := r.Write(&csv, "csv", 80); err != nil || strings.Count(strings.SplitN(csv.String(), "\n", 2)[0], ",") != shown-1 {
		t.Errorf("%v: %s", err, csv.String())
	}
}

// TestNothingMeasured: what memory does not hold is an error with the reason where nothing else was asked for.
func TestNothingMeasured(t *testing.T) {
	config, err := transformer.Geometry("tiny")
	if err != nil {
		t.Fatal(err)
	}
	backend, err := cpu.New(transformer.Random(config, transformer.F32, 1), cpu.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer backend.Close()
	plan := speed.Plan{Tests: speed.Grid{Decode: 1, Batches: []int{100_000_000}, Context: 8}.Tests(), Rounds: 1}
	options := Options{Elsewhere: func() (float64, bool) { return 0, false }}
	if _, err := Measure(t.Context(), backend, plan, options); err == nil || !strings.Contains(err.Error(), "nothing was measured: cpu: ") {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	plan.Tests = speed.Grid{Prefill: 4}.Tests()
	if _, err := Measure(ctx, backend, plan, options); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// TestCrossover: the key stands in the order in which the curves begin, after what a reader must know, and each crossing says its batch.
func TestCrossover(t *testing.T) {
	charts, err := ChartKind().Draw([]string{filepath.FromSlash("../../docs/results/2026-11-24-epyc-2-cores")})
	if err != nil || len(charts) != 1 || charts[0].Name != "crossover-block32" {
		t.Fatalf("%v, %v", charts, err)
	}
	svg, err := charts[0].SVG()
	if err != nil {
		t.Fatal(err)
	}
	at := -1
	for _, want := range []string{"2 threads of AMD EPYC, avx512bf16<", "tokens that a forward of a block commits are assumed", ">8 tokens per forward: ar catches up at batch 2.9<",
		">4 tokens per forward: ar catches up at batch 1.4<", ">2 tokens per forward: ar is ahead from batch 1 on<", ">ar: a token a forward<", ">batch 1.4<", ">batch 2.9<"} {
		next := bytes.Index(svg, []byte(want))
		if next <= at {
			t.Errorf("%q is missing, or stands before what should precede it", want)
		}
		at = next
	}
	if _, err := ChartKind().Draw([]string{t.TempDir()}); err == nil || !strings.Contains(err.Error(), "bench.json") {
		t.Errorf("a folder without measurements: %v", err)
	}
}
