package reports

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem/bench/metric"
	"tandem/record"
)

// rec is a hand-made record: forwards of one commit each.
func rec(task, decoder string, tokens, forwards int, seconds float64, result record.Result) record.Record {
	r := record.Record{Task: task, Decoder: decoder, Tokens: tokens, Seconds: seconds, Verdict: &record.Verdict{Result: result}}
	for i := range forwards {
		r.Trace = append(r.Trace, record.Step{At: time.Duration(float64(i+1) / float64(forwards) * seconds * 1e9),
			Rows: 4, Commits: []record.Commit{{Pos: int32(i)}}})
	}
	return r
}

// fold is a run of records, as if they were read from its file.
func fold(header record.Header, records []record.Record) run {
	r, err := metric.FoldRun(header, func(yield func(record.Record, error) bool) {
		for _, one := range records {
			if !yield(one, nil) {
				return
			}
		}
	})
	if err != nil {
		panic(err)
	}
	return run{r}
}

// summarize is the summary of records.
func summarize(header record.Header, records []record.Record) Summary {
	return fold(header, records).summarize()
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-9*max(1, math.Abs(want)) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

func TestSummarize(t *testing.T) {
	records := []record.Record{
		rec("a", "ar", 10, 10, 1, record.Pass), rec("a", "diffusion", 10, 5, 0.5, record.Pass),
		rec("b", "ar", 30, 30, 3, record.Fail), rec("b", "diffusion", 20, 5, 1.5, record.Pass),
		rec("c", "ar", 0, 1, 0.1, record.SandboxError), rec("c", "diffusion", 10, 1, 0.05, record.Fail),
	}
	failed := record.Record{Task: "d", Decoder: "ar", Err: "out of memory"}
	s := summarize(record.Header{}, append(records, failed))
	a, d := s.Decoders[0], s.Decoders[1]
	near(t, "pooled tok/s", a.TokensPerSecond.Value, 40/4.1)
	near(t, "seconds per task", a.SecondsPerTask.Value, 4.1/3)
	near(t, "tokens per forward", d.TokensPerForward.Value, 40.0/11)
	near(t, "forwards/s", *a.ForwardsPerSecond, 41/4.1)
	near(t, "first readable", a.SecondsToFirst.Value, 0.1)
	if a.Tasks != 4 || a.Judged != 2 || *a.Passed != 1 || a.Sandbox != 1 || a.Errors != 1 || a.Empty != 1 || a.Positions != 164 {
		t.Errorf("counts are %+v", a)
	}
	c := s.Comparisons[0]
	near(t, "speed-up", c.Speedup.Value, 2)
	near(t, "pass difference", c.PassDifference.Value, 0.5)
	near(t, "McNemar p", *c.McNemarP, 1)
	near(t, "break-even", *c.BreakEven, 40.0/11/2)
	near(t, "ratio of tokens/s", c.TokensPerSecondRatio.Value, 2)
	if !strings.Contains(s.Verdict, "tokens per forward to win here; it commits 3.64") {
		t.Errorf("verdict is %q", s.Verdict)
	}
}

// TestBaseline: ar on a checkpoint that was trained for whole sequences is named as what it is.
func TestBaseline(t *testing.T) {
	ar, diffusion := rec("a", "ar", 10, 10, 1, record.Pass), rec("a", "diffusion", 10, 5, 0.5, record.Pass)
	for _, c := range []struct {
		attention string
		records   []record.Record
		want      bool
	}{
		{record.WholeSequence, []record.Record{ar, diffusion}, true}, {record.WholeSequence, []record.Record{diffusion}, false},
		{"block-causal", []record.Record{ar, diffusion}, false}, {"", []record.Record{ar, diffusion}, false},
	} {
		s := summarize(record.Header{Model: record.ModelInfo{Attention: c.attention}}, c.records)
		warned := slices.ContainsFunc(s.Warnings, func(w Warning) bool {
			return w.Code == "ar_on_diffusion" && strings.HasPrefix(w.Text, "ar on a checkpoint trained for whole-sequence attention is no fair baseline: ")
		})
		if warned != c.want {
			t.Errorf("%q with %d decoders: warned %v, want %v", c.attention, len(c.records), warned, c.want)
		}
	}
}

func TestSummaryLeavesOut(t *testing.T) {
	r := rec("a", "ar", 0, 1, 0, record.Pass)
	r.Verdict = nil
	text, err := json.Marshal(summarize(record.Header{}, []record.Record{r}))
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"pass_at_1", "ceiling_share", "tokens_per_second", "peak_memory_bytes", "verdict", "joules", "pass_at_k", "passed", "judged"} {
		if strings.Contains(string(text), `"`+key) {
			t.Errorf("%s stands in %s", key, text)
		}
	}
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	header, records := synthetic(6, 1, ar, diffusion(16, 0.9))
	writeRun(t, dir, header, records)
	s, err := Write(dir)
	if err != nil {
		t.Fatal(err)
	}
	var back Summary
	text, err := os.ReadFile(filepath.Join(dir, "summary.json"))
	if err != nil || json.Unmarshal(text, &back) != nil || back.Verdict != s.Verdict || s.Verdict == "" {
		t.Errorf("summary.json does not give the summary back: %v\n%s", err, text)
	}
}

// TestReadSummary: what Write wrote is read again, an earlier version's file gets a warning, another schema is refused.
func TestReadSummary(t *testing.T) {
	dir := t.TempDir()
	header, records := synthetic(12, 5, ar, diffusion(16, 0.9))
	writeRun(t, dir, header, records)
	s, err := Write(dir)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "summary.json")
	back, err := ReadSummary(path)
	if err != nil || Table(back, 100) != Table(s, 100) || back.best != s.best {
		t.Errorf("%v: read again\n%s\nwritten\n%s", err, Table(back, 100), Table(s, 100))
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ from, to, want string }{
		{`"timed_tasks": 12`, `"later": 12`, "geometric means"},
		{`"schema": 1`, `"schema": 9`, "has schema 9"},
		{`{`, `[`, "summary.json: "},
	} {
		if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(text), c.from, c.to)), 0o644); err != nil {
			t.Fatal(err)
		}
		back, err := ReadSummary(path)
		if got := fmt.Sprint(back.Warnings, err); !strings.Contains(got, c.want) {
			t.Errorf("%s in place of %s: %s, want %s", c.to, c.from, got, c.want)
		}
	}
	if _, err := ReadSummary(filepath.Join(dir, "none.json")); err == nil {
		t.Error("no file is read")
	}
}

// TestWriteLarge draws a run of the usual size; with TANDEM_REPORT=DIR it is kept there, to be looked at.
func TestWriteLarge(t *testing.T) {
	dir := os.Getenv("TANDEM_REPORT")
	if dir == "" {
		dir = t.TempDir()
	}
	header, records := synthetic(164, 2, ar, diffusion(16, 0.5), diffusion(16, 0.7), diffusion(16, 0.9), diffusion(16, 0.95),
		diffusion(4, 0.9), diffusion(8, 0.9), diffusion(32, 0.9))
	writeRun(t, dir, header, records)
	if _, err := Write(dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"frontier", "ratio", "latency", "tokens-per-forward", "order", "ceiling", "blocks"} {
		for _, ending := range []string{".png", ".svg"} {
			if info, err := os.Stat(filepath.Join(dir, "charts", name+ending)); err != nil || info.Size() < 1000 {
				t.Errorf("chart %s%s: %v", name, ending, err)
			}
		}
	}
}

// TestChartsDoNotGrow: a chart's SVG is as large for ten times the records, be it more repeats or more tasks.
func TestChartsDoNotGrow(t *testing.T) {
	sizes := func(tasks, repeats int) map[string]int {
		r := fold(synthetic(tasks, repeats, ar, diffusion(16, 0.9), diffusion(4, 0.9)))
		out := map[string]int{}
		for _, c := range r.charts(r.summarize()) {
			svg, err := c.SVG()
			if err != nil {
				t.Fatal(err)
			}
			out[c.Name] = len(svg)
		}
		return out
	}
	for _, c := range []struct{ before, after map[string]int }{{sizes(100, 3), sizes(100, 30)}, {sizes(1000, 1), sizes(10000, 1)}} {
		if len(c.before) != 11 || len(c.after) != 11 {
			t.Errorf("charts %v and %v, want 11", c.before, c.after)
		}
		for name, size := range c.before {
			if float64(c.after[name]) > 1.25*float64(size) {
				t.Errorf("%s.svg grew from %d to %d bytes", name, size, c.after[name])
			}
		}
	}
}

func TestWriteBadInput(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"missing":      {"", "does not exist"},
		"other schema": {`{"schema":9}`, "schema 9"},
		"no records":   {`{"schema":1}`, "no records"},
		"cut off":      {`{"schema":1}` + "\n" + `{"task":"a"`, "no records"},
	} {
		dir := t.TempDir()
		if c.text != "" {
			if err := os.WriteFile(filepath.Join(dir, "scored.jsonl"), []byte(c.text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		_, err := Write(dir)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error is %v, want one line with %q", name, err, c.want)
		}
	}
}

// TestPrompts: a decoder is compared with the baseline that is asked alike; between prompts there is no ratio of speeds.
func TestPrompts(t *testing.T) {
	var records []record.Record
	for _, task := range []string{"a", "b", "c"} {
		for decoder, seconds := range map[string]float64{"ar": 1, "ar/prompt=chat": 4, "diffusion/prompt=chat": 2} {
			records = append(records, rec(task, decoder, 10, 10, seconds, record.Pass))
		}
	}
	header := record.Header{Decoders: []record.DecoderInfo{{Name: "ar"}, {Name: "ar/prompt=chat"}, {Name: "diffusion/prompt=chat"}}}
	s := fold(header, records).summarize()
	if len(s.Comparisons) != 2 {
		t.Fatalf("%d comparisons", len(s.Comparisons))
	}
	if c := s.Comparisons[0]; c.Base != "ar" || c.Head != "ar/prompt=chat" || c.Speedup != nil || c.PassDifference == nil || c.Verdict != "" {
		t.Errorf("other prompt: %+v", c)
	}
	if c := s.Comparisons[1]; c.Base != "ar/prompt=chat" || c.Speedup == nil || c.Speedup.Value != 2 {
		t.Errorf("the same prompt: %+v", c)
	}
}
