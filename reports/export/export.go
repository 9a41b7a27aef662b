// Package export writes a run in the forms that other tools read: benchstat, spreadsheets, CI systems, and those that read what
// llama-bench and vLLM's benchmark write. A form is an entry of formats.
package export

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"slices"
	"strings"

	"tandem/bench/metric"
	"tandem/record"
)

// A format writes a run.
type format struct {
	name  string
	write func(w io.Writer, r run) error
}

var formats = []format{
	{"benchfmt", benchfmt},
	{"csv", asCSV},
	{"junit", junit},
	{"gha", githubBenchmark},
	{"llama-bench", llamaBench},
	{"vllm", vllm},
}

// Names are those of the formats.
func Names() (names []string) {
	for _, f := range formats {
		names = append(names, f.name)
	}
	return names
}

// A run is a scored run: folded, and its records once more.
type run struct {
	metric.Run
	records iter.Seq2[record.Record, error]
}

// Write writes the run of a folder of results in the format of a name, which is one of Names.
func Write(w io.Writer, dir, name string) error {
	_, records, err := record.Read(filepath.Join(dir, record.ScoredFile))
	if err != nil {
		return err
	}
	folded, err := metric.ReadRun(filepath.Join(dir, record.ScoredFile))
	if err != nil {
		return err
	}
	i := slices.IndexFunc(formats, func(f format) bool { return f.name == name })
	return formats[i].write(w, run{folded, records})
}

// counted says that a record's time counts: it has one, and nothing disturbed it.
func counted(r record.Record) bool { return r.Err == "" && !r.Disturbed() && r.Seconds > 0 }

// benchfmt is Go's benchmark format: a line for each decoding, the decoder's settings and the task as keys, so that
// `benchstat -col /decoder` compares decoders and `benchstat a b` runs.
func benchfmt(w io.Writer, r run) error {
	h := r.Header
	for _, line := range [][2]string{{"goos", strings.Split(h.Environment.OS, "/")[0]}, {"cpu", h.Environment.CPU}, {"gpu", h.Environment.GPU},
		{"device", h.Environment.Device}, {"commit", h.Environment.Commit}, {"suite", h.Suite.Name}, {"model", h.Model.Name}, {"dtype", h.Model.Dtype},
		{"threads", fmt.Sprint(h.Environment.Threads)}} {
		if line[1] != "" && line[1] != "0" { // not known, or of no machine here
			if _, err := fmt.Fprintf(w, "%s: %s\n", line[0], line[1]); err != nil {
				return err
			}
		}
	}
	if _, err := io.WriteString(w, "Unit tok/s better=higher\nUnit nfe/op better=lower\nUnit pass@1 better=higher\n"); err != nil {
		return err
	}
	name := strings.NewReplacer("/", "_", " ", "_").Replace
	for one, err := range r.records {
		if err != nil {
			return err
		}
		if !counted(one) {
			continue
		}
		line := fmt.Sprintf("BenchmarkDecode/decoder=%s/task=%s 1 %.6g sec/op %.6g tok/s", one.Decoder, name(one.Task), one.Cost(),
			float64(one.Tokens)/one.Cost())
		if n := one.Trace.Forwards(); n > 0 {
			line += fmt.Sprintf(" %d nfe/op", n)
		}
		if one.Verdict != nil && one.Verdict.Result != record.SandboxError {
			line += fmt.Sprintf(" %d pass@1", map[bool]int{true: 1}[one.Verdict.Result == record.Pass])
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}

// A figure is one number of a decoder, by the name of its metric.Measure.
type figure struct {
	name string
	of   func(r run, g metric.Group, times []metric.TaskTime) (float64, bool)
}

func overTimes(of func([]metric.TaskTime) (float64, bool)) func(run, metric.Group, []metric.TaskTime) (float64, bool) {
	return func(_ run, _ metric.Group, times []metric.TaskTime) (float64, bool) { return of(times) }
}

// figures are those of a decoder, as summary.json names them.
var figures = []figure{
	{"pass_at_1", func(_ run, g metric.Group, _ []metric.TaskTime) (float64, bool) {
		passed, tasks := metric.PassAt1(g.Fold)
		return passed / max(1, float64(tasks)), tasks > 0
	}},
	{"tokens_per_second", overTimes(metric.TokensPerSecond.Of)},
	{"seconds_per_task", overTimes(metric.SecondsPerTask.Of)},
	{"tokens_per_forward", overTimes(metric.TokensPerForward.Of)},
	{"forwards_per_second", overTimes(metric.ForwardsPerSecond)},
	{"ceiling_share", overTimes(metric.CeilingShare)},
	{"forwards", func(_ run, g metric.Group, _ []metric.TaskTime) (float64, bool) {
		n := g.Counts().Forwards
		return float64(n), n > 0
	}},
	{"positions", func(_ run, g metric.Group, _ []metric.TaskTime) (float64, bool) {
		n := g.Counts().Positions
		return float64(n), n > 0
	}},
	{"tokens", func(_ run, g metric.Group, _ []metric.TaskTime) (float64, bool) {
		return float64(g.Counts().Tokens), true
	}},
	{"peak_memory_bytes", func(_ run, g metric.Group, _ []metric.TaskTime) (float64, bool) {
		n := g.Counts().PeakMemory
		return float64(n), n > 0
	}},
}

// asCSV has a line for each decoder; what does not apply is empty.
func asCSV(w io.Writer, r run) error {
	header := []string{"suite", "model", "dtype", "device", "cpu", "commit", "started", "decoder", "tasks"}
	for _, f := range figures {
		header = append(header, f.name)
	}
	out := csv.NewWriter(w)
	if err := out.Write(header); err != nil {
		return err
	}
	h := r.Header
	for _, g := range r.Groups {
		line := []string{h.Suite.Name, h.Model.Name, h.Model.Dtype, h.Environment.Device, h.Environment.CPU, h.Environment.Commit,
			h.Environment.Started.UTC().Format("2006-01-02T15:04:05Z"), g.Name, fmt.Sprint(len(g.Tasks()))}
		times := g.TimesOn(r.Timed)
		for _, f := range figures {
			cell := ""
			if v, ok := f.of(r, g, times); ok {
				cell = fmt.Sprintf("%.6g", v)
			}
			line = append(line, cell)
		}
		if err := out.Write(line); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// githubBenchmark is the JSON of github-action-benchmark's custom tools.
func githubBenchmark(w io.Writer, r run) error {
	type entry struct {
		Name  string  `json:"name"`
		Unit  string  `json:"unit"`
		Value float64 `json:"value"`
	}
	entries := []entry{}
	for _, g := range r.Groups {
		times := g.TimesOn(r.Timed)
		for _, f := range figures {
			if v, ok := f.of(r, g, times); ok {
				entries = append(entries, entry{g.Name + " " + f.name, metric.Named(f.name).Unit, v})
			}
		}
	}
	return indented(w, entries)
}

func indented(w io.Writer, v any) error {
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	return out.Encode(v)
}

// A testCase is one decoding of JUnit XML.
type testCase struct {
	Class   string   `xml:"classname,attr"`
	Name    string   `xml:"name,attr"`
	Time    string   `xml:"time,attr"`
	Failure *message `xml:"failure,omitempty"`
	Error   *message `xml:"error,omitempty"`
	Skipped *message `xml:"skipped,omitempty"`
}

type message struct {
	Message string `xml:"message,attr"`
}

// junit is JUnit XML: a test case for each task and sample of each decoder, its first repeat.
func junit(w io.Writer, r run) error {
	suite := struct {
		XMLName  xml.Name   `xml:"testsuite"`
		Name     string     `xml:"name,attr"`
		Tests    int        `xml:"tests,attr"`
		Failures int        `xml:"failures,attr"`
		Errors   int        `xml:"errors,attr"`
		Skipped  int        `xml:"skipped,attr"`
		Cases    []testCase `xml:"testcase"`
	}{Name: "tandem " + r.Header.Suite.Name}
	for one, err := range r.records {
		if err != nil {
			return err
		}
		if one.Repeat != 0 || one.Attempt != 0 {
			continue
		}
		c := testCase{Class: one.Decoder, Name: fmt.Sprintf("%s sample %d", one.Task, one.Sample), Time: fmt.Sprintf("%.6f", one.Seconds)}
		switch {
		case one.Err != "":
			c.Error = &message{one.Err}
			suite.Errors++
		case one.Verdict == nil:
			c.Skipped = &message{"not judged"}
			suite.Skipped++
		case one.Verdict.Result == record.SandboxError:
			c.Error = &message{one.Verdict.Detail}
			suite.Errors++
		case one.Verdict.Result != record.Pass:
			c.Failure = &message{strings.TrimSuffix(string(one.Verdict.Result)+": "+one.Verdict.Detail, ": ")}
			suite.Failures++
		}
		suite.Cases = append(suite.Cases, c)
	}
	suite.Tests = len(suite.Cases)
	slices.SortStableFunc(suite.Cases, func(a, b testCase) int { return cmp.Or(cmp.Compare(a.Class, b.Class), cmp.Compare(a.Name, b.Name)) })
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	out := xml.NewEncoder(w)
	out.Indent("", "  ")
	if err := out.Encode(suite); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}
