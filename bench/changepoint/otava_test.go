package changepoint

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"tandem/internal/golden"
)

// A shape is a series of 120 runs without noise, and its noise.
type shape struct {
	name  string
	level func(i int) float64
	noise func(r *rand.Rand) float64 // relative
}

func normal(cv float64) func(*rand.Rand) float64 {
	return func(r *rand.Rand) float64 { return cv * r.NormFloat64() }
}

// step is 1 until the runs given, at each of which the level is multiplied.
func step(at map[int]float64) func(int) float64 {
	return func(i int) float64 {
		level := 100.0
		for j, factor := range at {
			if i >= j {
				level *= factor
			}
		}
		return level
	}
}

var shapes = []shape{
	{"noise", step(nil), normal(0.03)},
	{"loud", step(nil), normal(0.2)},
	{"constant", step(nil), normal(0)},
	{"clean_step", step(map[int]float64{60: 0.9}), normal(0)},
	{"step", step(map[int]float64{60: 0.9}), normal(0.03)},
	{"small_step", step(map[int]float64{40: 0.97}), normal(0.01)},
	{"late_step", step(map[int]float64{114: 0.85}), normal(0.03)},
	{"three_steps", step(map[int]float64{25: 0.9, 50: 1.2, 90: 0.8}), normal(0.02)},
	{"there_and_back", step(map[int]float64{55: 0.9, 63: 1 / 0.9}), normal(0.02)},
	{"drift", func(i int) float64 { return 100 + 0.2*float64(i) }, normal(0.02)},
	{"outliers", step(nil), func(r *rand.Rand) float64 {
		if r.IntN(20) == 0 {
			return -0.5
		}
		return 0.02 * r.NormFloat64()
	}},
	{"outliers_and_step", step(map[int]float64{70: 0.85}), func(r *rand.Rand) float64 {
		if r.IntN(20) == 0 {
			return 0.4
		}
		return 0.02 * r.NormFloat64()
	}},
	{"whole_numbers", step(map[int]float64{80: 1.02}), func(r *rand.Rand) float64 { return 0.01 * float64(r.IntN(4)) }},
}

// table are the shapes over so many runs, as a file that Otava reads: time, commit and a column for each.
func table(runs int) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	header := []string{"time", "commit"}
	for _, s := range shapes {
		header = append(header, s.name)
	}
	w.Write(header) // into memory
	source := rand.New(rand.NewPCG(7, uint64(runs)))
	start := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	for i := range runs {
		row := []string{start.AddDate(0, 0, i).Format(time.RFC3339), fmt.Sprintf("c%03d", i)}
		for _, s := range shapes {
			row = append(row, strconv.FormatFloat(s.level(i*120/runs)*(1+s.noise(source)), 'g', 6, 64))
		}
		w.Write(row)
	}
	w.Flush()
	return b.Bytes()
}

// A finding is what Otava says of one series: testdata/findings.py writes it.
type finding struct {
	Cut    int // the first best cut of the whole series
	Q      float64
	Hunter []struct {
		Index         int
		P             float64
		Before, After float64
	}
	Permutation []int
	Reached     []int // of 999 shuffles, how many have a cut as good, by Otava's own generator
}

// TestOtava compares with Apache Otava 0.8.0 on the same series: the best cuts and Hunter's changes, their p and levels agree to
// rounding, the permutation test's where it is not at the edge.
func TestOtava(t *testing.T) {
	for _, runs := range []int{120, 14} {
		path := fmt.Sprintf("testdata/series-%d.csv", runs)
		golden.Equal(t, path, table(runs))
		if golden.Update() {
			continue // the script reads what was written
		}
		text, err := os.ReadFile(strings.TrimSuffix(path, ".csv") + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var otava map[string]finding
		if err := json.Unmarshal(text, &otava); err != nil {
			t.Fatal(err)
		}
		for name, values := range columns(t, path) {
			t.Run(fmt.Sprintf("%s/%d", name, runs), func(t *testing.T) { compare(t, values, otava[name]) })
		}
	}
}

// columns are the series of a file.
func columns(t *testing.T, path string) map[string][]float64 {
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	series := map[string][]float64{}
	for _, row := range rows[1:] {
		for i, cell := range row[2:] {
			v, err := strconv.ParseFloat(cell, 64)
			if err != nil {
				t.Fatal(err)
			}
			name := rows[0][i+2]
			series[name] = append(series[name], v)
		}
	}
	return series
}

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*max(1, math.Abs(a)) }

func compare(t *testing.T, values []float64, otava finding) {
	at, q := newSearch(len(values)).best(values, []int{0, len(values)})
	if at != otava.Cut || !near(q, otava.Q) {
		t.Errorf("best cut %d with q %g, Otava has %d with %g", at, q, otava.Cut, otava.Q)
	}
	got := Find(values, Hunter, Options{Significance: 0.001})
	if len(got) != len(otava.Hunter) {
		t.Fatalf("hunter finds %+v, Otava %+v", got, otava.Hunter)
	}
	for i, c := range got {
		o := otava.Hunter[i]
		if c.Index != o.Index || math.Abs(c.P-o.P) > 1e-9+1e-6*o.P || !near(c.Before.Value, o.Before) || !near(c.After.Value, o.After) {
			t.Errorf("hunter finds %+v, Otava %+v", c, o)
		}
	}
	options := Options{Significance: 0.05, Permutations: 999, Seed: 1}
	changes := Find(values, Permutation, options)
	for i, reached := range otava.Reached { // Otava's tests in turn; the last one failed
		p := float64(reached+1) / 1000
		if math.Abs(p-options.Significance) < 0.025 { // both are drawn: on either side of the edge they may differ
			return
		}
		if significant := p < options.Significance; significant != (i < len(changes)) {
			t.Fatalf("permutation finds %d changes, Otava's test %d has p %g", len(changes), i, p)
		}
	}
	var indexes []int
	for _, c := range changes {
		indexes = append(indexes, c.Index)
	}
	if fmt.Sprint(indexes) != fmt.Sprint(otava.Permutation) {
		t.Errorf("permutation finds %v, Otava %v", indexes, otava.Permutation)
	}
}
