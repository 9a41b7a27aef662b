package reports

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tandem/bench/metric"
)

// TestCost: with a price the table, summary.json and summary.md say what tokens and solved tasks cost, and without one nothing; summary.json
// holds enough for another price.
func TestCost(t *testing.T) {
	dir := t.TempDir()
	header, records := synthetic(12, 2, ar, diffusion(16, 0.9))
	writeRun(t, dir, header, records)
	s, err := Write(dir)
	if err != nil {
		t.Fatal(err)
	}
	if d := s.Decoders[0]; d.DollarsPerMillion != nil || d.DollarsPerSolved != nil || strings.Contains(Table(s, 0), "$") {
		t.Errorf("without a price: %+v\n%s", d, Table(s, 0))
	}
	if s, err = Write(dir, PricePerHour(3.6)); err != nil {
		t.Fatal(err)
	}
	d := s.Decoders[1]
	if want := 1e6 * 0.001 / d.TokensPerSecond.Value; math.Abs(*d.DollarsPerMillion/want-1) > 1e-12 {
		t.Errorf("a million tokens cost %g, want %g", *d.DollarsPerMillion, want)
	}
	if want := 0.001 * d.SecondsPerTask.Value / d.Pass1.Value; math.Abs(*d.DollarsPerSolved/want-1) > 1e-12 {
		t.Errorf("a solved task costs %g, want %g", *d.DollarsPerSolved, want)
	}
	for _, name := range []string{"summary.md", "summary.json"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		want := map[string]string{"summary.md": "$/Mtok", "summary.json": `"dollars_per_million_tokens"`}[name]
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s holds no %s", name, want)
		}
	}
	if text := Table(s, 100); !strings.Contains(text, "$/1k solved") || !strings.Contains(text, "the machine at $3.6 an hour") {
		t.Error(text)
	}
	back, err := ReadSummary(filepath.Join(dir, "summary.json"))
	if err != nil {
		t.Fatal(err)
	}
	back.Charge(7.2)
	if got := back.Decoders[1]; math.Abs(*got.DollarsPerMillion / *d.DollarsPerMillion - 2) > 1e-9 || math.Abs(*got.DollarsPerSolved / *d.DollarsPerSolved - 2) > 1e-9 {
		t.Errorf("at twice the price %g and %g", *got.DollarsPerMillion, *got.DollarsPerSolved)
	}
	back.Charge(0)
	if back.Decoders[1].DollarsPerMillion != nil {
		t.Error("a price of 0 is no price")
	}
}

// TestCostOfBatch: in a batch a task costs its share of the machine's time, not what it waits.
func TestCostOfBatch(t *testing.T) {
	dir := t.TempDir()
	header, records := synthetic(12, 2, ar, diffusion(16, 0.9))
	header.Plan.Batch = 4
	for i := range records {
		records[i].BatchSeconds = records[i].Seconds / 4
	}
	writeRun(t, dir, header, records)
	s, err := Write(dir, PricePerHour(3.6))
	if err != nil {
		t.Fatal(err)
	}
	d := s.Decoders[0]
	want, _ := metric.DollarsPerSolved(d.SecondsPerTask.Value/4, d.Pass1.Value, 3.6)
	if math.Abs(*d.DollarsPerSolved/want-1) > 1e-9 {
		t.Errorf("%g, want %g", *d.DollarsPerSolved, want)
	}
	back, err := ReadSummary(filepath.Join(dir, "summary.json"))
	if err != nil {
		t.Fatal(err)
	}
	if back.Charge(3.6); back.Decoders[0].DollarsPerSolved != nil {
		t.Error("a summary of a batch does not hold the machine's time")
	}
}

// TestAgainst: any two decoders of records can be compared; a summary.json holds the comparisons with the base alone.
func TestAgainst(t *testing.T) {
	dir := t.TempDir()
	slow, fast := diffusion(16, 0.9), diffusion(16, 0.6)
	header, records := synthetic(12, 2, ar, slow, fast)
	writeRun(t, dir, header, records)
	s, err := Summarize(dir)
	if err != nil {
		t.Fatal(err)
	}
	c, ok := s.Against(slow.name, fast.name)
	if !ok || c.Speedup == nil || c.Speedup.Value <= 1 || c.Base != slow.name {
		t.Errorf("%v, %+v", ok, c)
	}
	if _, ok := s.Against(slow.name, "nix"); ok {
		t.Error("a decoder that is not there")
	}
	if _, err := os.Stat(filepath.Join(dir, "summary.json")); err == nil {
		t.Error("reading wrote a summary")
	}
	if _, err := Write(dir); err != nil {
		t.Fatal(err)
	}
	back, err := ReadSummary(filepath.Join(dir, "summary.json"))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := back.Against("ar", fast.name); !ok {
		t.Error("the base's own comparison is missing")
	}
	if _, ok := back.Against(slow.name, fast.name); ok {
		t.Error("a summary.json cannot compare two others")
	}
}
