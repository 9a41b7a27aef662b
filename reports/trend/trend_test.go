package trend

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem/bench/changepoint"
	"tandem/bench/compare"
	"tandem/bench/history"
	"tandem/bench/stats"
	"tandem/internal/golden"
	"tandem/record"
	"tandem/reports/plot"
)

// What the made-up runs are of.
const (
	diffusion = "diffusion/block=16/threshold=0.9"
	sampled   = "ar/temperature=0.8"
)

// made is a history of so many runs. From run at on, the speed-up and the ratio to the anchor are slower by a tenth, a forward more
// is needed, and two tasks are lost.
func made(runs, at int) (all []history.Run) {
	source := rand.New(rand.NewPCG(4, 3))
	for i := range runs {
		speed, forwards, passed := 1.9, 3.75, 0.99
		if i >= at {
			speed, forwards, passed = 1.71, 4.75, 0.978
		}
		weather := 1 + 0.2*source.NormFloat64()
		noisy := func(v float64) stats.Interval {
			v *= 1 + 0.02*source.NormFloat64()
			return stats.Interval{Value: v, Low: 0.98 * v, High: 1.02 * v}
		}
		exact := func(v float64) stats.Interval { return stats.Interval{Value: v, Low: v, High: v} }
		all = append(all, history.Run{
			Machine: history.Machine{OS: "linux/amd64", CPU: "AMD EPYC", Cores: 2, Threads: 2, Device: "cpu", Features: "avx512bf16"},
			Suite:   "basics@8304e17fb76b", Model: "embedded@b3b20c75dd7a/bf16", Plan: "tasks=164/samples=1/batch=1/tokens=128/natural",
			Commit: fmt.Sprintf("%012x", 0xabc000000000+i), Started: time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC).AddDate(0, 0, i),
			Values: []history.Value{
				{Decoder: diffusion, Metric: "anchor_ratio", Base: "0123456789ab", Interval: noisy(speed / 1.9)},
				{Decoder: diffusion, Metric: "speedup", Base: "ar", Interval: noisy(speed)},
				{Decoder: diffusion, Metric: "pass_at_1", Interval: exact(passed)},
				{Decoder: diffusion, Metric: "forwards", Interval: exact(forwards)},
				{Decoder: diffusion, Metric: "tokens_per_second", Interval: noisy(7000 * weather)},
				{Decoder: sampled, Metric: "pass_at_1", Interval: noisy(0.8)},
			},
		})
	}
	return all
}

var options = Options{Selection: history.Selection{Last: 100}, Test: changepoint.Permutation, Significance: 0.01, Magnitude: 0.01}

func sought(t *testing.T, runs []history.Run, o Options) []Trend {
	t.Helper()
	trends, err := seek(runs, o)
	if err != nil {
		t.Fatal(err)
	}
	return trends
}

// TestTexts: the tables, the finding and the chart of a history that became worse.
func TestTexts(t *testing.T) {
	runs := made(40, 33)
	runs[3].Unmeasured, runs[4].Unfinished = "other work on the machine", true
	trends := sought(t, runs, options)
	var b strings.Builder
	b.WriteString(List(runs[:6], 80) + "\n" + Table(trends, 80) + "\n" + Examine(trends, 10, false, 0.01).Text(80) + "\n")
	o := options
	o.Metrics, o.Last = []string{"speedup"}, 12
	b.WriteString(Points(sought(t, runs, o), 80))
	golden.Equal(t, "testdata/worse.txt", []byte(b.String()))
	for line := range strings.Lines(b.String()) {
		if n := len([]rune(strings.TrimRight(line, "\n"))); n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	dir := os.Getenv("TANDEM_CHARTS")
	if dir == "" {
		dir = t.TempDir()
	}
	if err := SaveCharts(dir, trends); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"speedup-diffusion-block=16-threshold=0.9-ar", "forwards-diffusion-block=16-threshold=0.9", "pass_at_1-ar-temperature=0.8"} {
		for _, ending := range []string{".png", ".svg"} {
			if found, _ := filepath.Glob(filepath.Join(dir, name+"-??????"+ending)); len(found) != 1 {
				t.Errorf("charts of %s: %v", name, found)
			}
		}
	}
}

// TestChart: a chart of a history has a mark a run, a level before and after each change, the change's commit and size, and days.
func TestChart(t *testing.T) {
	runs := made(40, 33)
	trends := sought(t, runs, options)
	i := slices.IndexFunc(trends, func(t Trend) bool { return t.Metric.Name == "speedup" })
	c := trends[i].chart()
	svg, err := c.SVG()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{">" + short(runs[33].Commit) + " -", ">" + runs[0].Started.Format(day) + "<", "change for the worse<", "mean of the runs between two changes"} {
		if !bytes.Contains(svg, []byte(want)) {
			t.Errorf("%q is missing in\n%s", want, svg)
		}
	}
	layers := map[plot.Mark]int{}
	for _, l := range c.Panels[0].Layers {
		layers[l.Mark] += len(l.Points)
	}
	if layers[plot.Dots] != len(trends[i].Points) || layers[plot.Boxes] != 1+len(trends[i].Changes) || layers[plot.Rules] != len(trends[i].Changes) || len(trends[i].Changes) == 0 {
		t.Errorf("%v of %d runs and %d changes", layers, len(trends[i].Points), len(trends[i].Changes))
	}
}

// TestChartKind: the same is drawn of the folders and dumps that a history takes, and of a history's file.
func TestChartKind(t *testing.T) {
	db := filepath.Join(t.TempDir(), "h.db")
	summary := filepath.FromSlash("../../docs/results/2026-11-25-epyc-zen5-2-cores/summary.json")
	other := filepath.FromSlash("../../docs/results/2026-11-23-epyc-2-cores/summary.json")
	if _, _, err := Add(db, []string{summary, other}); err != nil {
		t.Fatal(err)
	}
	one, err := ChartKind().Draw([]string{db})
	if err != nil {
		t.Fatal(err)
	}
	two, err := ChartKind().Draw([]string{other, summary})
	if err != nil || len(one) != len(two) {
		t.Errorf("%d charts of a history, %d of its runs, %v", len(one), len(two), err)
	}
}

// TestExamine: what is an alarm and what is not.
func TestExamine(t *testing.T) {
	alarms := func(f Finding) (names []string) {
		for _, a := range f.Alarms {
			names = append(names, a.Metric.Name+" "+a.Commit)
		}
		return names
	}
	culprit := made(40, 33)[33].Commit
	worse := Examine(sought(t, made(40, 33), options), 10, false, 0.01)
	want := []string{"anchor_ratio " + culprit, "speedup " + culprit, "pass_at_1 " + culprit, "forwards " + culprit}
	if got := alarms(worse); worse.Verdict != Regressed || !reflect.DeepEqual(got, want) {
		t.Errorf("worse: %s %v, want %v", worse.Verdict, got, want)
	}
	if worse.Series != 5 || worse.Tested != 3 || worse.Alarms[0].Runs != [2]int{33, 7} || worse.Alarms[0].Points != nil {
		t.Errorf("worse: %+v", worse)
	}
	for name, runs := range map[string][]history.Run{"no change": made(40, 99), "long ago": made(40, 20)} {
		if f := Examine(sought(t, runs, options), 10, false, 0.01); f.Verdict != "same" || len(f.Alarms) > 0 {
			t.Errorf("%s: %s %v", name, f.Verdict, alarms(f))
		}
	}
	mended := made(40, 33)
	for i := 38; i < 40; i++ {
		mended[i].Values[3].Interval.Value = 3.75
	}
	o := options
	o.Metrics = []string{"forwards"}
	if f := Examine(sought(t, mended, o), 10, false, 0.01); len(f.Alarms) > 0 {
		t.Errorf("mended: %v", alarms(f))
	}
	few := Examine(sought(t, made(9, 99), options), 10, false, 0.01)
	if few.Verdict != Undecided || len(few.Undecided) != 3 || few.Tested != 0 {
		t.Errorf("nine runs: %+v", few)
	}
	if one := Examine(sought(t, made(2, 1), options), 10, false, 0.01); len(one.Alarms) != 2 {
		t.Errorf("counts of two runs: %v", alarms(one))
	}
	better := made(40, 33)
	for i := range better {
		better[i].Values = better[i].Values[3:4]
		better[i].Values[0].Interval.Value = 10 - better[i].Values[0].Interval.Value
	}
	if f := Examine(sought(t, better, options), 10, false, 0.01); f.Verdict != "same" {
		t.Errorf("better: %v", alarms(f))
	}
	for i := range better {
		better[i].Values[0].Metric = "tokens"
	}
	if f := Examine(sought(t, better, options), 10, false, 0.01); f.Verdict != Regressed {
		t.Errorf("other tokens: %v", f.Verdict)
	}
}

// TestNoises: the noise between runs is learnt from the history, around each level of it.
func TestNoises(t *testing.T) {
	db := filepath.Join(t.TempDir(), "h.db")
	if _, err := history.Add(db, made(40, 20)); err != nil {
		t.Fatal(err)
	}
	noises, err := Noises(db, history.Filter{Suite: "basics"})
	if err != nil {
		t.Fatal(err)
	}
	if d := noises[compare.WithinRun].Deviation; d < 0.012 || d > 0.03 {
		t.Errorf("ratios vary by 2%%, learnt %.3f", d)
	}
	if n := noises[compare.ByMoment]; n.Deviation < 0.12 || n.Deviation > 0.35 || n.Freedom != 39 {
		t.Errorf("speeds vary by 20%%, learnt %+v", n)
	}
	if _, err := Noises(db, history.Filter{Suite: "humaneval"}); err == nil {
		t.Error("no run is no error")
	}
}

// TestAbsolute: absolute figures and foreign ones alarm only where they are to, and never.
func TestAbsolute(t *testing.T) {
	runs := made(40, 33)
	for i := range runs {
		runs[i].Values = runs[i].Values[1:2]
		runs[i].Values[0].Metric, runs[i].Values[0].Base = "tokens_per_second", ""
	}
	trends := sought(t, runs, options)
	if f := Examine(trends, 10, false, 0.01); f.Series != 0 || f.Verdict != "same" {
		t.Errorf("%+v", f)
	}
	if f := Examine(trends, 10, true, 0.01); f.Verdict != Regressed {
		t.Errorf("%+v", f)
	}
	for i := range runs {
		runs[i].Values[0].Metric = "p50"
	}
	foreign := sought(t, runs, options)
	if f := Examine(foreign, 10, true, 0.01); f.Series != 0 || len(foreign[0].Changes) != 1 || foreign[0].Changes[0].Verdict != Other {
		t.Errorf("%+v of %+v", f, foreign[0].Changes)
	}
}

// TestSameCommit: a change between two runs of one commit is blamed on none.
func TestSameCommit(t *testing.T) {
	runs := made(40, 33)
	runs[33].Commit = runs[32].Commit
	if text := Examine(sought(t, runs, options), 10, false, 0.01).Text(0); !strings.Contains(text, "between two runs of commit "+runs[32].Commit) || strings.Contains(text, "first bad") {
		t.Error(text)
	}
}

// TestLeastRuns: of fewer runs than the least number not even a clean step is found, of as many it is.
func TestLeastRuns(t *testing.T) {
	for _, significance := range []float64{0.05, 0.01, 0.001} {
		n := leastRuns(significance)
		for _, runs := range []int{n - 2, n} { // between them it is a matter of the draw
			values := make([]float64, runs)
			for i := range values {
				values[i] = 1 + float64(2*i/runs) + 1e-6*float64(i%3)
			}
			o := changepoint.Options{Significance: significance, Permutations: int(20 / significance), Seed: 1}
			if found := len(changepoint.Find(values, changepoint.Permutation, o)) > 0; found != (runs == n) {
				t.Errorf("%g, %d runs: found %v", significance, runs, found)
			}
		}
	}
}

// TestRead: summaries of all versions make entries; what is none is refused.
func TestRead(t *testing.T) {
	summaries, err := filepath.Glob("../../docs/results/*-cores/summary.json") // of make bench
	if err != nil || len(summaries) < 3 {
		t.Fatalf("%v, %v", summaries, err)
	}
	for _, path := range summaries {
		runs, _, err := read(filepath.Dir(path))
		if err != nil || len(runs) != 1 {
			t.Fatal(err)
		}
		r, found := runs[0], map[string]float64{}
		for _, v := range r.Values {
			if v.Decoder == diffusion {
				found[v.Metric] = v.Interval.Value
			}
		}
		if r.Commit == "" || r.Machine.Cores != 2 || !strings.HasPrefix(r.Suite, "basics@8304e17f") || r.Model != "embedded@b3b20c75dd7a/bf16" {
			t.Errorf("%s: %+v", path, r)
		}
		if found["forwards"] != 3.75 || found["tokens"] != 42.75 || found["tokens_per_forward"] != 11.4 || found["speedup"] < 1.4 {
			t.Errorf("%s: %v", path, found)
		}
		if older := strings.Contains(path, "11-23"); older != (r.Unmeasured != "") {
			t.Errorf("%s: unmeasured %q", path, r.Unmeasured)
		}
	}
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("bad.json", `{"schema":1}`)
	write("later.json", `{"schema":9,"runs":[]}`)
	write("torn.json", `{"schema":1,"dec`)
	for name, want := range map[string]string{"bad.json": "is no summary of a run", "later.json": "schema 9", "torn.json": "unexpected end", "none": "does not exist"} {
		if _, _, err := read(filepath.Join(dir, name)); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestTurns: of builds that took turns the entry has the counts of the first round, the speeds of all, and the ratios to the anchor.
func TestTurns(t *testing.T) {
	dir := t.TempDir()
	round := filepath.Join(dir, "round-01", "1")
	if err := os.MkdirAll(round, 0o755); err != nil {
		t.Fatal(err)
	}
	header, records, err := record.Read("../../.ci/counts/scored.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	w, err := record.Create(filepath.Join(round, "scored.jsonl"), header) // a process that takes turns writes no summary
	if err != nil {
		t.Fatal(err)
	}
	for r, err := range records {
		r.Verdict = &record.Verdict{Result: record.Pass}
		if err := errors.Join(err, w.Write(r)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	low, high := -0.06, -0.01
	row := func(decoder, metric string, head float64) compare.Row {
		return compare.Row{Decoder: decoder, Metric: metric, HeadValue: head, Change: -0.03, Low: &low, High: &high}
	}
	anchor := compare.Result{Schema: compare.Schema, Base: compare.About{Commit: "0ld"}, Rows: []compare.Row{
		row("ar", "tokens_per_second", 4000), row(diffusion, "speedup", 1.7), row(diffusion, "pass_at_1", 0.5)}}
	ab, err := json.Marshal(struct {
		compare.Result
		Anchor *compare.Result `json:"anchor"`
	}{compare.Result{Schema: compare.Schema}, &anchor})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "ab.json"), ab, 0o644); err != nil {
		t.Fatal(err)
	}
	runs, _, err := read(dir)
	if err != nil || runs[0].Unmeasured != "" {
		t.Fatalf("%+v, %v", runs, err)
	}
	var got []string
	for _, v := range runs[0].Values {
		if v.Measured() || v.Decoder == diffusion && v.Metric == "pass_at_1" {
			got = append(got, fmt.Sprintf("%s %s %s %.4g %.4g", v.Decoder, v.Metric, v.Base, v.Interval.Value, v.Interval.Low))
		}
	}
	want := []string{diffusion + " pass_at_1  1 0.5101", "ar anchor_ratio 0ld 0.97 0.94", "ar tokens_per_second  4000 4000", diffusion + " speedup ar 1.7 1.7"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestJSON: what scripts read has no nulls in place of lists, and names the first bad commit.
func TestJSON(t *testing.T) {
	for _, at := range []int{33, 99} {
		text, err := json.Marshal(Examine(sought(t, made(40, at), options), 10, false, 0.01))
		if err != nil || strings.Contains(string(text), "null") || strings.Contains(string(text), `"alarms":[]`) != (at == 99) {
			t.Errorf("%s, %v", text, err)
		}
	}
}
