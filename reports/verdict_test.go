package reports

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"tandem/record"
)

// disturb marks a share of a decoder's decodings, evenly spread, as disturbed by other work, which slowed them fourfold.
func disturb(records []record.Record, decoder string, share float64) []record.Record {
	var out []record.Record
	sum := 0.0
	for _, r := range records {
		waited := 0.01
		if r.Decoder == decoder {
			if sum += share; sum > 1-1e-9 {
				waited, sum = 0.4, sum-1
				r.Seconds *= 4
			}
		}
		r.Waited = &waited
		out = append(out, r)
	}
	return out
}

// TestNotMeasured: where other work disturbed too much, no figure of speed stands anywhere; quality and counts do.
func TestNotMeasured(t *testing.T) {
	header, records := synthetic(40, 5, ar, diffusion(16, 0.9))
	dir := t.TempDir()
	writeRun(t, dir, header, disturb(records, "ar", 0.7))
	s, err := Write(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(s.Verdict, "not measured: other work on the machine disturbed 70% of the decodings of ar") {
		t.Errorf("verdict is %q", s.Verdict)
	}
	a, c := s.Decoders[0], s.Comparisons[0]
	if a.TokensPerSecond != nil || a.SecondsPerTask != nil || a.ForwardsPerSecond != nil || a.CeilingShare != nil ||
		c.Speedup != nil || c.BreakEven != nil || c.TokensPerSecondRatio != nil || c.Repeats != nil || c.ForwardCost != nil {
		t.Errorf("a speed stands in %+v or %+v", a, c)
	}
	if a.TokensPerForward == nil || a.Pass1 == nil || c.PassDifference == nil || a.Disturbed != 140 {
		t.Errorf("what does not depend on the machine is missing from %+v or %+v", a, c)
	}
	if s.Decoders[1].TokensPerSecond == nil {
		t.Error("the decoder that was not disturbed has no speed")
	}
	if w := s.Warnings[0]; w.Code != "disturbed" || w.Severity != Error {
		t.Errorf("the first warning is %+v", w)
	}
	for name, text := range map[string]string{"table": Table(s, 80), "summary.md": read(t, dir, "summary.md"), "report.html": read(t, dir, "report.html")} {
		if !strings.Contains(strings.Join(strings.Fields(text), " "), "not measured: other work on the machine disturbed 70%") {
			t.Errorf("%s does not say that nothing was measured", name)
		}
		for _, word := range []string{" wins", " loses", "as fast as", "speed-up 1", "speed-up 0"} {
			if strings.Contains(text, word) {
				t.Errorf("%s says %q", name, word)
			}
		}
	}
	if table := Table(s, 0); strings.Index(table, "NOT MEASURED") != 0 {
		t.Errorf("the warning does not stand before the table:\n%s", table)
	}
	if _, err := os.Stat(filepath.Join(dir, "charts", "ratio.png")); err == nil {
		t.Error("a chart shows a ratio")
	}
	var back struct{ Verdict, Schema any }
	if err := json.Unmarshal([]byte(read(t, dir, "summary.json")), &back); err != nil || !strings.HasPrefix(back.Verdict.(string), "not measured") {
		t.Errorf("summary.json: %v, verdict %v", err, back.Verdict)
	}
}

func read(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestDisturbedDoNotCount: a figure does not move with decodings that were disturbed, as long as enough others remain.
func TestDisturbedDoNotCount(t *testing.T) {
	header, records := synthetic(40, 5, ar, diffusion(16, 0.9))
	quiet := summarize(header, records).Comparisons[0].Speedup.Value
	s := summarize(header, disturb(records, "ar", 0.4))
	if got := s.Comparisons[0].Speedup; got == nil || got.Value < 0.97*quiet || got.Value > 1.03*quiet {
		t.Errorf("the speed-up is %+v beside other work and %v without", got, quiet)
	}
	if !strings.Contains(Table(s, 0), "80 decodings disturbed by other work") {
		t.Errorf("the table does not count the disturbed decodings:\n%s", Table(s, 0))
	}
	// A decoding that was decoded again counts, and so does the one before.
	again := records[0]
	again.Attempt = 1
	first := disturb(records[:1], "ar", 1)
	if d := summarize(header, append(append(first, again), records[1:]...)).Decoders[0]; d.Extra != 1 || d.Disturbed != 1 || d.Records != 201 {
		t.Errorf("%+v", d)
	}
}

// TestArithmetic: the figures of the table agree with each other, whatever the tasks and the lengths.
func TestArithmetic(t *testing.T) {
	s := summarize(synthetic(60, 3, ar, diffusion(16, 0.5), diffusion(4, 0.9)))
	base := s.Decoders[0]
	for i, c := range s.Comparisons {
		d := s.Decoders[i+1]
		near(t, "TPF / break-even", d.TokensPerForward.Value / *c.BreakEven, c.Speedup.Value)
		near(t, "tok/s", d.TokensPerSecond.Value, d.TokensPerForward.Value**d.ForwardsPerSecond)
		near(t, "ratio of tok/s", c.TokensPerSecondRatio.Value, d.TokensPerSecond.Value/base.TokensPerSecond.Value)
		near(t, "speed-up x ratio of tokens", c.TokensPerSecondRatio.Value, c.Speedup.Value**c.TokenRatio)
		near(t, "seconds per task", c.Speedup.Value, base.SecondsPerTask.Value/d.SecondsPerTask.Value)
		near(t, "forward cost", *c.ForwardCost, *base.ForwardsPerSecond / *d.ForwardsPerSecond)
	}
}

// longer makes a decoder write more useful tokens for the same tasks in the same time.
func longer(records []record.Record, decoder string) []record.Record {
	var out []record.Record
	for _, r := range records {
		if r.Decoder == decoder {
			r.Tokens *= 2
		}
		out = append(out, r)
	}
	return out
}

// TestSentences: what the verdict says of a run, and what it must not say.
func TestSentences(t *testing.T) {
	sure := func(name string, block int) rider { return rider{name: name, block: block, threshold: 0.9, pass: 2} }
	always := sure("ar", 0)
	strong := func(records []record.Record) []record.Record { // every decoder at 80% of the ceiling
		for i := range records {
			records[i].Ideal = 0.8 * records[i].Seconds
		}
		return records
	}
	for _, c := range []struct {
		name    string
		tasks   int
		riders  []rider
		change  func(*record.Header, []record.Record) []record.Record
		want    []string
		without []string
	}{
		{name: "equal, but too few tasks", tasks: 20, riders: []rider{always, sure("diffusion/block=16", 16)},
			want:    []string{"but 20 tasks cannot show the same quality within 5 points; 72 can (no difference in pass@1)"},
			without: []string{"None"}},
		{name: "a sweep, too few tasks", tasks: 20, riders: []rider{always, sure("diffusion/block=16", 16), sure("diffusion/block=4", 4)},
			want:    []string{"Of the 2 settings tried, 20 tasks cannot show of any that it keeps the quality; 72 can of diffusion/block=16."},
			without: []string{"None"}},
		{name: "equal, and enough tasks", tasks: 80, riders: []rider{always, sure("diffusion/block=16", 16)},
			want: []string{"at the same quality within 5 points (no difference in pass@1)"}},
		{name: "a weak baseline", tasks: 80, riders: []rider{always, sure("diffusion/block=16", 16)},
			change: func(_ *record.Header, records []record.Record) []record.Record {
				for i := range strong(records) {
					if records[i].Decoder == "ar" {
						records[i].Seconds *= 4
					}
				}
				return records
			},
			want: []string{"as fast as ar, against a baseline that reaches 20% of this machine, at the same quality"}},
		{name: "a baseline that lags behind", tasks: 80, riders: []rider{always, sure("diffusion/block=16", 16)},
			change: func(_ *record.Header, records []record.Record) []record.Record {
				for i := range strong(records) {
					if records[i].Decoder == "ar" {
						records[i].Ideal = 0.6 * records[i].Seconds
					}
				}
				return records
			},
			want: []string{"against a baseline that reaches 60% of this machine"}},
		{name: "a strong baseline", tasks: 80, riders: []rider{always, sure("diffusion/block=16", 16)},
			change:  func(_ *record.Header, records []record.Record) []record.Record { return strong(records) },
			want:    []string{"as fast as ar (at 80% of this machine's ceiling)"},
			without: []string{"against a baseline"}},
		{name: "kernels without C", tasks: 80, riders: []rider{always, sure("diffusion/block=16", 16)},
			change: func(h *record.Header, records []record.Record) []record.Record {
				h.Environment.Portable = true
				return records
			},
			want: []string{"The kernels are plain Go, without C: this is no fair speed of the machine."}},
		{name: "forced length", tasks: 80, riders: []rider{always, sure("diffusion/block=16", 16)},
			change: func(h *record.Header, records []record.Record) []record.Record {
				h.Plan.Length = "forced"
				return records
			},
			want: []string{"at forced length nothing is said of quality"}, without: []string{"same quality", "pass@1 +", "McNemar"}},
		{name: "not judged", tasks: 80, riders: []rider{always, sure("diffusion/block=16", 16)},
			change: func(_ *record.Header, records []record.Record) []record.Record {
				for i := range records {
					records[i].Verdict = nil
				}
				return records
			},
			want: []string{"quality was not measured", "WARNING: no program was judged"}, without: []string{"pass@1"}},
		{name: "the uncached control", tasks: 80, riders: []rider{always, sure("ar/uncached", 0)},
			want: []string{"ar/uncached needs > 0.9", "too close to call", "as fast as ar"}},
		{name: "more tokens for the same tasks", tasks: 80, riders: []rider{always, sure("diffusion/block=16", 16)},
			change: func(_ *record.Header, records []record.Record) []record.Record {
				return longer(records, "diffusion/block=16")
			},
			want: []string{"since it writes 2.00 times the tokens for the same tasks"}},
		{name: "an unfinished run", tasks: 80, riders: []rider{always, sure("diffusion/block=16", 16)},
			change: func(_ *record.Header, records []record.Record) []record.Record { return records[:700] },
			want:   []string{"WARNING: the run is not finished: 700 of 800 decodings"}},
	} {
		header, records := synthetic(c.tasks, 5, c.riders...)
		if c.change != nil {
			records = c.change(&header, records)
		}
		table := Table(summarize(header, records), 0)
		for _, want := range c.want {
			if !strings.Contains(table, want) {
				t.Errorf("%s: no %q in\n%s", c.name, want, table)
			}
		}
		for _, bad := range c.without {
			if strings.Contains(table, bad) {
				t.Errorf("%s: %q stands in\n%s", c.name, bad, table)
			}
		}
	}
}

// TestForcedHasNoFrontier: a pass rate of outputs that may not end is no quality.
func TestForcedHasNoFrontier(t *testing.T) {
	header, records := synthetic(20, 1, ar, diffusion(16, 0.9))
	header.Plan.Length = "forced"
	r := fold(header, records)
	for _, c := range r.charts(r.summarize()) {
		if c.Name == "frontier" {
			t.Error("a frontier is drawn")
		}
	}
}

// TestTableFits: no line of the table is wider than the terminal, and a wider terminal shows more.
func TestTableFits(t *testing.T) {
	s := summarize(synthetic(164, 5, ar, diffusion(16, 0.9), diffusion(32, 0.95), diffusion(8, 0.7)))
	columns := 0
	for _, width := range []int{80, 100, 120, 160} {
		table := Table(s, width)
		for line := range strings.Lines(table) {
			if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > width {
				t.Errorf("a line has %d characters on a terminal of %d: %s", n, width, line)
			}
		}
		shown := len(s.table(false).Fit(width))
		if shown < columns {
			t.Errorf("%d columns fit %d characters, %d a narrower terminal", shown, width, columns)
		}
		columns = shown
	}
	for _, want := range []string{"decoder", "pass@1 %", "tok/s", "speed-up", "TPF", "±"} {
		if !strings.Contains(Table(s, 80), want) {
			t.Errorf("no %q in\n%s", want, Table(s, 80))
		}
	}
}

// TestSameBytes: a report made twice from the same data is the same, byte for byte.
func TestSameBytes(t *testing.T) {
	header, records := synthetic(12, 2, ar, diffusion(16, 0.9), diffusion(4, 0.9))
	var first map[string][]byte
	for range 2 {
		dir := t.TempDir()
		writeRun(t, dir, header, records)
		if _, err := Write(dir); err != nil {
			t.Fatal(err)
		}
		files := map[string][]byte{}
		for _, pattern := range []string{"*", "charts/*"} {
			names, err := filepath.Glob(filepath.Join(dir, pattern))
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range names {
				if data, err := os.ReadFile(name); err == nil {
					relative, _ := filepath.Rel(dir, name)
					files[relative] = data
				}
			}
		}
		if first == nil {
			first = files
		}
		for name, data := range files {
			if !bytes.Equal(data, first[name]) {
				t.Errorf("%s differs", name)
			}
		}
	}
}

// TestShared: where the decoders share too few tasks there is no figure, and a batch has no break-even.
func TestShared(t *testing.T) {
	header, records := synthetic(40, 1, ar, diffusion(16, 0.9))
	var few []record.Record
	for _, r := range records {
		if r.Decoder == "ar" || r.Task < "basics/2" { // 11 of 40 tasks
			few = append(few, r)
		}
	}
	if s := summarize(header, few); !strings.HasPrefix(s.Verdict, "not measured: every decoder has an undisturbed decoding of only 12 of the 40 tasks of ar") {
		t.Errorf("verdict is %q", s.Verdict)
	}
	header.Plan.Batch = 4
	for i := range records {
		records[i].BatchSeconds, records[i].Ideal = records[i].Seconds/2, 0
	}
	if s := summarize(header, records); strings.Contains(s.Verdict, "needs") || s.Comparisons[0].BreakEven != nil || s.Comparisons[0].Speedup == nil {
		t.Errorf("a batch's verdict is %q", s.Verdict)
	}
}

// TestNoFigureBehind: a verdict that is not measured names no other setting's speed.
func TestNoFigureBehind(t *testing.T) {
	header, records := synthetic(80, 5, ar, diffusion(16, 0.9), diffusion(4, 0.9), diffusion(8, 0.9))
	s := summarize(header, disturb(records, "diffusion/block=16/threshold=0.9", 0.8))
	if !strings.HasPrefix(s.Verdict, "not measured") || strings.Contains(s.Verdict, "fastest") {
		t.Errorf("verdict is %q", s.Verdict)
	}
}

// TestPassAtK: with samples the table shows pass@k, for each k that they allow and for all of them.
func TestPassAtK(t *testing.T) {
	header, records := synthetic(20, 1, ar)
	header.Plan.Samples = 12
	var all []record.Record
	for sample := range 12 {
		for i, r := range records {
			r.Sample = sample
			r.Verdict = &record.Verdict{Result: record.Fail}
			if (sample+i)%4 == 0 { // 3 of 12
				r.Verdict.Result = record.Pass
			}
			all = append(all, r)
		}
	}
	s := summarize(header, all)
	near(t, "pass@10", s.Decoders[0].PassK["10"], 1) // 9 fail
	if table := Table(s, 80); !strings.Contains(table, "@10 100.0 @12 100.0") {
		t.Errorf("no pass@k in\n%s", table)
	}
	near(t, "pass@1", s.Decoders[0].Pass1.Value, 0.25)
}

// TestTooManyThreads: threads that wait for each other measure nothing.
func TestTooManyThreads(t *testing.T) {
	header, records := synthetic(20, 5, ar, diffusion(16, 0.9))
	header.Environment.Threads = 64
	if s := summarize(header, records); !strings.HasPrefix(s.Verdict, "not measured: 64 threads on 2 processors wait for each other") || s.Comparisons[0].Speedup != nil || s.Decoders[0].TokensPerSecond != nil {
		t.Errorf("verdict is %q", s.Verdict)
	}
}
