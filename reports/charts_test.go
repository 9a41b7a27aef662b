package reports

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tandem/internal/golden"
	"tandem/record"
	"tandem/reports/plot"
)

// drawnOf are the charts of runs in folders, of a kind.
func drawnOf(t *testing.T, name string, dirs ...string) []plot.Chart {
	t.Helper()
	for _, k := range ChartKinds() {
		if k.Name == name {
			charts, err := k.Draw(dirs)
			if err != nil {
				t.Fatal(err)
			}
			return charts
		}
	}
	t.Fatalf("no chart %s", name)
	return nil
}

// lines are a chart's CSV.
func lines(t *testing.T, c plot.Chart) [][]string {
	t.Helper()
	dir := t.TempDir()
	s, err := plot.FindStyle("screen")
	if err != nil {
		t.Fatal(err)
	}
	files, err := c.SaveAs(dir, s, []string{"csv", "svg", "pdf", "vega"})
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(files[0])
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	all, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// folder writes a synthetic run, changed, and returns its folder.
func folder(t *testing.T, name string, change func(*record.Header, []record.Record), riders ...rider) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	header, records := synthetic(40, 2, riders...)
	change(&header, records)
	writeRun(t, dir, header, records)
	return dir
}

// rich gives every record a level and the work of its forwards.
func rich(_ *record.Header, records []record.Record) {
	for i := range records {
		r := &records[i]
		r.Level, r.Work = 1+int(r.Task[len(r.Task)-1]-'0')%3, map[record.Kind]record.Work{}
		for _, step := range r.Trace {
			w := r.Work[step.Kind]
			r.Work[step.Kind] = record.Work{Bytes: w.Bytes + 1e7, FLOPs: w.FLOPs + 1e7*float64(step.Rows)}
		}
	}
}

// TestChartMeaning: which charts a run with all data has, and of each the panels, layers, series, labels and ticks; a chart of the
// page has the same series in the same order, so in the same colours and marks.
func TestChartMeaning(t *testing.T) {
	dir := folder(t, "run", rich, diffusion(16, 0.9), ar, diffusion(16, 0.5), diffusion(4, 0.9))
	telemetry := ""
	for _, name := range []string{"ar", "diffusion/block=16/threshold=0.9"} {
		telemetry += `{"energy":{"decoder":"` + name + `","joules":90,"seconds":10,"tokens":900,"decodings":30}}` + "\n"
	}
	if err := os.WriteFile(filepath.Join(dir, "telemetry.jsonl"), []byte(telemetry), 0o644); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, k := range ChartKinds() {
		charts, err := k.Draw([]string{dir})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range charts {
			if want := []string{"ar", "diffusion/block=4/threshold=0.9", "diffusion/block=16/threshold=0.5", "diffusion/block=16/threshold=0.9"}; !slices.Equal(c.Order, want) {
				t.Errorf("%s: order %q", c.Name, c.Order)
			}
			lines(t, c) // every format encodes
			describe(&b, c)
		}
	}
	golden.Equal(t, "testdata/charts.txt", []byte(b.String()))
}

// describe writes what a chart holds, without the numbers.
func describe(b *strings.Builder, c plot.Chart) {
	b.WriteString(c.Name + ": " + c.Title + "\n")
	for _, p := range c.Panels {
		scale := func(a plot.Axis) string {
			out := a.Label
			if a.Log {
				out += " (log)"
			}
			for _, tick := range a.Ticks {
				out += " [" + tick.Text + "]"
			}
			return out
		}
		b.WriteString("  " + scale(p.Y) + " against " + scale(p.X) + "\n")
		for _, l := range p.Layers {
			var labels []string
			for _, q := range l.Points {
				if q.Label != "" {
					labels = append(labels, q.Label)
				}
			}
			b.WriteString("    " + strings.Join([]string{string(l.Mark), l.Series, l.Key, strings.Join(labels, ", ")}, " | ") + "\n")
		}
	}
}

// TestFrontierValues: the points of the frontier are the figures of the summary, and the Pareto line joins those that nothing beats.
func TestFrontierValues(t *testing.T) {
	dir := folder(t, "run", func(*record.Header, []record.Record) {}, ar, diffusion(16, 0.5), diffusion(16, 0.9), diffusion(32, 0.95))
	s, err := Summarize(dir)
	if err != nil {
		t.Fatal(err)
	}
	c := drawnOf(t, "frontier", dir)[0]
	found := 0
	for _, l := range c.Panels[0].Layers {
		if l.Mark != plot.Dots {
			continue
		}
		found++
		d, q := s.decoder(l.Series), l.Points[0]
		if q.Y.Value != 100*d.Pass1.Value || q.Y.Low != 100*d.Pass1.Low {
			t.Errorf("%s at %v, passes %v", d.Name, q.Y, *d.Pass1)
		}
		for _, comparison := range s.Comparisons {
			if comparison.Head == d.Name && (q.X.Value != comparison.Speedup.Value || q.X.High != comparison.Speedup.High) {
				t.Errorf("%s at %v, speed-up %v", d.Name, q.X, *comparison.Speedup)
			}
		}
		if d.Name == "ar" && (q.X.Value != 1 || q.X.High != 1) {
			t.Errorf("ar at %v", q.X)
		}
	}
	if found != 4 {
		t.Errorf("%d points", found)
	}
}

func TestPareto(t *testing.T) {
	at := func(x, y float64) spot { return spot{x: plot.At(x), y: plot.At(y)} }
	best := pareto([]spot{at(1, 90), at(2, 80), at(1.5, 80), at(0.5, 90), at(3, 40), at(2, 10), at(1, 90)})
	var got []float64
	for _, p := range best {
		got = append(got, p.X.Value, p.Y.Value)
	}
	if want := []float64{3, 40, 2, 80, 1, 90}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// TestBriefly: a label says in what a decoder differs from the usual of its family, and tells it from all others.
func TestBriefly(t *testing.T) {
	all := []string{"ar", "diffusion/block=16/threshold=0.9", "diffusion/block=16/threshold=0.5", "diffusion/block=4/threshold=0.9", "diffusion/quota=low-confidence/steps=4", "ar/prompt=chat"}
	var s Summary
	for _, name := range all {
		s.Decoders = append(s.Decoders, Decoder{Name: name})
	}
	e := exhibit{Summary: s, names: shorten(all)}
	var got []string
	for _, name := range all {
		got = append(got, briefly(name, e))
	}
	want := []string{"ar", "diffusion block=16 threshold=0.9", "threshold=0.5", "block=4", "quota=low-confidence steps=4", "ar prompt=chat"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestGallery: several runs stand in one chart, told apart by what differs; of a run's folder that holds a summary alone what a summary
// knows is drawn.
func TestGallery(t *testing.T) {
	batch := func(n int) func(*record.Header, []record.Record) {
		return func(h *record.Header, _ []record.Record) { h.Plan.Batch = n }
	}
	one, eight := folder(t, "one", batch(1), ar, diffusion(16, 0.9)), folder(t, "eight", batch(8), ar, diffusion(16, 0.9))
	all := lines(t, drawnOf(t, "batch", eight, one)[0])
	var got []string
	for _, line := range all[1:] {
		if line[1] == "dots" {
			got = append(got, line[3]+" "+line[6])
		}
	}
	if want := []string{"ar 1", "ar 8", "diffusion/block=16/threshold=0.9 1", "diffusion/block=16/threshold=0.9 8"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	runs := map[string]int{}
	for _, l := range drawnOf(t, "frontier", one, eight)[0].Panels[0].Layers {
		if l.Mark == plot.Dots {
			runs[l.Of] += 1 + 10*l.Run
		}
	}
	if runs["batch 1"] != 2 || runs["batch 8"] != 22 || len(runs) != 2 {
		t.Errorf("runs %v", runs)
	}
	same := filepath.Join(filepath.Dir(one), "same")
	if err := os.Rename(folder(t, "x", batch(1), ar, diffusion(16, 0.9)), same); err != nil {
		t.Fatal(err)
	}
	if of := drawnOf(t, "latency", one, same)[0].Panels[0].Layers[0].Of; of != "one" {
		t.Errorf("runs that do not differ are called %q", of)
	}
	if _, err := Write(one); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(one, "scored.jsonl")); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{one, filepath.Join(one, "summary.json")} {
		if n := len(drawnOf(t, "frontier", path)); n != 1 {
			t.Errorf("%s: %d frontiers", path, n)
		}
		if n := len(drawnOf(t, "latency", path)); n != 0 {
			t.Errorf("%s: latencies of a summary", path)
		}
	}
	if _, err := ChartKinds()[0].Draw([]string{t.TempDir()}); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("an empty folder: %v", err)
	}
}
