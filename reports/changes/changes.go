// Package changes writes what a comparison of runs found in the forms that people and CI systems read. A form is an entry of
// formats.
package changes

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tandem/bench/compare"
	"tandem/reports/table"
)

// A Format writes a comparison. Width is that of the terminal in columns, 0 for any; only the table asks for it.
type Format struct {
	Name  string
	file  string // that WriteAll writes
	Write func(r compare.Result, width int) ([]byte, error)
}

// formats are the forms, by name.
var formats = []Format{
	{"table", "changes.txt", text},
	{"md", "changes.md", markdown},
	{"json", "changes.json", asJSON},
	{"csv", "changes.csv", asCSV},
	{"junit", "junit.xml", junit},
	{"benchfmt", "bench.txt", benchfmt},
	{"gha", "benchmark.json", githubBenchmark},
	{"annotations", "annotations.txt", annotations},
}

// WriteAll writes a file of each format into a folder, for CI systems that want several.
func WriteAll(dir string, r compare.Result) error {
	for _, f := range formats {
		text, err := f.Write(r, 0)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, f.file), text, 0o644)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Names are those of all formats.
func Names() (names []string) {
	for _, f := range formats {
		names = append(names, f.Name)
	}
	return names
}

// Find is the format of a name.
func Find(name string) Format {
	return formats[slices.IndexFunc(formats, func(f Format) bool { return f.Name == name })]
}

func asJSON(r compare.Result, _ int) ([]byte, error) {
	data, err := json.MarshalIndent(r, "", "  ")
	return append(data, '\n'), err
}

// mostOutputs is how many differing outputs a page shows.
const mostOutputs = 10

// text lays the comparison out for a terminal: warnings, a table for each decoder, outputs that differ, gates.
func text(r compare.Result, width int) ([]byte, error) {
	var b bytes.Buffer
	more := ""
	for i, head := range r.Heads {
		fmt.Fprintf(&b, "%s\n", table.Wrap(fmt.Sprintf("%s against %s", named(head), named(r.Base)), width, "  "))
		for _, w := range warnings(r, i) {
			fmt.Fprintln(&b, table.Wrap(strings.ToUpper(w.Severity)+": "+w.Text, width, "  "))
		}
		for _, d := range decoders(r, i) {
			rows := of(r, i, d)
			fmt.Fprintf(&b, "\n%s\n%s", d, rows.Fit(width).Text())
			more = cmp.Or(more, rows.More(width))
		}
		for _, line := range outputs(r, i) {
			fmt.Fprintln(&b, table.Wrap(line, width, "  "))
		}
	}
	if len(r.Gates) > 0 {
		fmt.Fprintf(&b, "\n%s", gates(r).Fit(width).Text())
		fmt.Fprintf(&b, "%s\n", verdict(r))
		more = cmp.Or(more, gates(r).More(width))
	}
	if more != "" {
		fmt.Fprintf(&b, "%s\n", table.Wrap(more, width, "  "))
	}
	return b.Bytes(), nil
}

func markdown(r compare.Result, _ int) ([]byte, error) {
	var b bytes.Buffer
	if len(r.Gates) > 0 {
		fmt.Fprintf(&b, "## %s\n\n%s\n", verdict(r), gates(r).Markdown())
	}
	for i, head := range r.Heads {
		fmt.Fprintf(&b, "### %s against %s\n\n", table.Escape(named(head)), table.Escape(named(r.Base)))
		for _, w := range warnings(r, i) {
			fmt.Fprintf(&b, "> %s: %s\n\n", strings.ToUpper(w.Severity), table.Escape(w.Text))
		}
		for _, d := range decoders(r, i) {
			fmt.Fprintf(&b, "#### `%s`\n\n%s\n", d, of(r, i, d).Fit(0).Markdown())
		}
		for _, line := range outputs(r, i) {
			fmt.Fprintf(&b, "- %s\n", table.Escape(line))
		}
	}
	return b.Bytes(), nil
}

// warnings are those of a comparison, before its first table.
func warnings(r compare.Result, head int) []compare.Warning {
	if head > 0 {
		return nil
	}
	return r.Warnings
}

// named is a side in a few words.
func named(a compare.About) string {
	text := a.Name
	if a.Commit != "" {
		text += " (" + a.Commit
		if a.Runs > 1 {
			text += fmt.Sprintf(", %d runs", a.Runs)
		}
		text += ")"
	}
	return text
}

// decoders are those of a head, in their order.
func decoders(r compare.Result, head int) (names []string) {
	for _, row := range r.Rows {
		if row.Head == head && !slices.Contains(names, row.Decoder) {
			names = append(names, row.Decoder)
		}
	}
	return names
}

// of is the table of one decoder.
func of(r compare.Result, head int, decoder string) table.Table {
	columns := []table.Column{{Name: "metric", Left: true}, {Name: "base", Rank: 1}, {Name: "head", Rank: 1}, {Name: "change", LongRank: 2},
		{Name: "p", Rank: 3}, {Name: "verdict", Left: true}, {Name: "runs needed", Rank: 4}}
	needed := false
	for _, row := range r.Rows {
		if row.Head != head || row.Decoder != decoder {
			continue
		}
		full := row.Amount()
		short, _, _ := strings.Cut(full, " [")
		for i, cell := range []string{row.Metric, value(row, row.Base), value(row, row.HeadValue), short, pValue(row), string(row.Verdict), times(row.Needed)} {
			columns[i].Cells = append(columns[i].Cells, cell)
		}
		columns[3].Long = append(columns[3].Long, full)
		needed = needed || row.Needed > 0
	}
	if !needed {
		columns = columns[:6]
	}
	return columns
}

func times(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

func pValue(r compare.Row) string {
	switch {
	case r.Exact:
		return "exact"
	case r.Adjusted == nil:
		return ""
	}
	if *r.Adjusted < 0.001 {
		return "<0.001"
	}
	return fmt.Sprintf("%.3f", *r.Adjusted)
}

// value is a number in the row's unit, but bytes in MiB and shares in percent.
func value(r compare.Row, v float64) string {
	switch {
	case r.Unit == "B":
		return fmt.Sprintf("%.1f MiB", v/(1<<20))
	case r.Points:
		return fmt.Sprintf("%.1f%%", 100*v)
	case math.Abs(v) >= 1000:
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.4g", v)
}

// outputs are lines on the tasks whose greedy outputs differ.
func outputs(r compare.Result, head int) (lines []string) {
	n := 0
	for _, d := range r.Outputs {
		if d.Head != head {
			continue
		}
		if n++; n <= mostOutputs {
			lines = append(lines, fmt.Sprintf("%s, %s: output differs from token %d on: %q became %q (%d and %d tokens)", d.Decoder, d.Task, d.Token,
				d.Base, d.HeadPiece, d.BaseLen, d.HeadLen))
		}
	}
	if n > mostOutputs {
		lines = append(lines, fmt.Sprintf("and %d further outputs that differ", n-mostOutputs))
	}
	return lines
}

// gates is the table of the gates.
func gates(r compare.Result) table.Table {
	columns := []table.Column{{Name: "gate", Left: true}, {Name: "decoder", Left: true}, {Name: "passed", Left: true}, {Name: "verdict", Left: true}, {Name: "why", Left: true, Rank: 1}}
	for _, g := range r.Gates {
		for i, cell := range []string{g.Gate, g.Decoder, map[bool]string{true: "yes", false: "NO"}[g.Passed], string(g.Verdict), g.Reason} {
			columns[i].Cells = append(columns[i].Cells, cell)
		}
	}
	return columns
}

// verdict says in a sentence whether the gates passed.
func verdict(r compare.Result) string {
	failed := 0
	for _, g := range r.Gates {
		if !g.Passed {
			failed++
		}
	}
	switch passed, undecided := r.Passed(); {
	case passed:
		return fmt.Sprintf("all %d gates passed", len(r.Gates))
	case undecided:
		return fmt.Sprintf("%d of %d gates are undecided: more runs would tell", failed, len(r.Gates))
	}
	return fmt.Sprintf("%d of %d gates failed", failed, len(r.Gates))
}

func asCSV(r compare.Result, _ int) ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	err := w.Write([]string{"run", "decoder", "metric", "unit", "base", "head", "change", "low", "high", "p", "p_holm", "verdict", "needed_repeats"})
	for _, row := range r.Rows {
		err = w.Write([]string{r.Heads[row.Head].Name, row.Decoder, row.Metric, row.Unit, number(&row.Base), number(&row.HeadValue), number(&row.Change),
			number(row.Low), number(row.High), number(row.P), number(row.Adjusted), string(row.Verdict), times(row.Needed)})
	}
	w.Flush()
	return b.Bytes(), err
}

// number is a value, or nothing where it does not apply.
func number(v *float64) string {
	if v == nil {
		return ""
	}
	return fmt.Sprintf("%.6g", *v)
}

// junit is JUnit XML: a test case for each gate and row that it looks at. A gate that is undecided, and may be, is skipped.
func junit(r compare.Result, _ int) ([]byte, error) {
	type message struct {
		Message string `xml:"message,attr"`
	}
	type testCase struct {
		Class   string   `xml:"classname,attr"`
		Name    string   `xml:"name,attr"`
		Failure *message `xml:"failure,omitempty"`
		Skipped *message `xml:"skipped,omitempty"`
	}
	type suite struct {
		XMLName  xml.Name   `xml:"testsuite"`
		Name     string     `xml:"name,attr"`
		Tests    int        `xml:"tests,attr"`
		Failures int        `xml:"failures,attr"`
		Skipped  int        `xml:"skipped,attr"`
		Cases    []testCase `xml:"testcase"`
	}
	s := suite{Name: "tandem " + r.Base.Suite, Tests: len(r.Gates)}
	for _, g := range r.Gates {
		c := testCase{Class: g.Decoder, Name: g.Gate + " (" + r.Heads[g.Head].Name + ")"}
		switch {
		case !g.Passed:
			s.Failures++
			c.Failure = &message{fmt.Sprintf("%s is %s: %s", g.Metric, g.Verdict, g.Reason)}
		case g.Verdict == compare.Undecided:
			s.Skipped++
			c.Skipped = &message{"undecided: " + g.Reason}
		}
		s.Cases = append(s.Cases, c)
	}
	data, err := xml.MarshalIndent(s, "", "  ")
	return append([]byte(xml.Header), append(data, '\n')...), err
}

// githubBenchmark is the JSON of github-action-benchmark's custom tools: the head's values with their unit.
func githubBenchmark(r compare.Result, _ int) ([]byte, error) {
	type entry struct {
		Name  string  `json:"name"`
		Unit  string  `json:"unit"`
		Value float64 `json:"value"`
		Extra string  `json:"extra"`
	}
	entries := []entry{}
	for _, row := range r.Rows {
		entries = append(entries, entry{row.Decoder + " " + row.Metric, row.Unit, row.HeadValue, fmt.Sprintf("%s: %s against %s", row.Verdict, row.Amount(), r.Base.Name)})
	}
	data, err := json.MarshalIndent(entries, "", "  ")
	return append(data, '\n'), err
}

// annotations are workflow commands of GitHub Actions: an error for each gate that failed, a warning for each other that is undecided.
func annotations(r compare.Result, _ int) ([]byte, error) {
	escape := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace
	property := strings.NewReplacer(",", "%2C", ":", "%3A")
	var b bytes.Buffer
	for _, g := range r.Gates {
		kind := ""
		switch {
		case !g.Passed:
			kind = "error"
		case g.Verdict == compare.Undecided:
			kind = "warning"
		}
		if kind != "" {
			fmt.Fprintf(&b, "::%s title=tandem %s::%s\n", kind, property.Replace(escape(g.Gate)), escape(fmt.Sprintf("%s %s: %s", g.Decoder, g.Metric, g.Reason)))
		}
	}
	return b.Bytes(), nil
}
