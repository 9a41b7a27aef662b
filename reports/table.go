package reports

import (
	"fmt"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
)

// A row is one line of the table: a name with its unit, and the text of each decoder's cell.
type row struct {
	name string
	cell func(Decoder) string
}

// rows are the table's lines. Decoders are the columns, since there are more measures than decoders.
var rows = []row{
	{"pass@1 %", func(d Decoder) string { return span(d.Pass1, 100, 1) }},
	{"passed / judged tasks", func(d Decoder) string { return count(d.Judged > 0, fmt.Sprintf("%d / %d", d.Passed, d.Judged)) }},
	{"useful tok/s", func(d Decoder) string { return span(d.TokensPerSecond, 1, 1) }},
	{"wall-clock per task, ms", func(d Decoder) string { return span(d.SecondsPerTask, 1e3, 1) }},
	{"first readable token, ms", func(d Decoder) string { return span(d.SecondsToFirst, 1e3, 1) }},
	{"tokens per forward (TPF)", func(d Decoder) string { return span(d.TokensPerForward, 1, 2) }},
	{"forwards per task (NFE)", func(d Decoder) string { return mean(d.Forwards, d.Records-d.Errors) }},
	{"forwards/s", func(d Decoder) string { return number(d.ForwardsPerSecond, 1) }},
	{"positions per task", func(d Decoder) string { return mean(d.Positions, d.Records-d.Errors) }},
	{"share of the ceiling %", func(d Decoder) string { return number(100*d.CeilingShare, 1) }},
	{"peak memory, MiB", func(d Decoder) string { return number(float64(d.PeakMemory)/(1<<20), 1) }},
	{"empty outputs", func(d Decoder) string { return count(d.Empty > 0, d.Empty) }},
	{"decoding errors", func(d Decoder) string { return count(d.Errors > 0, d.Errors) }},
	{"not judged (sandbox errors)", func(d Decoder) string { return count(d.Sandbox > 0, d.Sandbox) }},
}

// Table lays the summary out for a terminal: the measures as lines, the decoders as columns, the comparisons
// and the verdict below.
func Table(s Summary) string {
	return render(s, renderer.NewBlueprint(tw.Rendition{Symbols: tw.NewSymbols(tw.StyleRounded)}), plain) +
		notes(s, "", plain)
}

// Markdown lays the summary out as a Markdown page, the verdict first.
func Markdown(s Summary) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s: %s\n\n", escape(s.Suite.Name), escape(s.Model.Name))
	if s.Verdict != "" {
		fmt.Fprintf(&b, "**%s**\n\n", escape(s.Verdict))
	}
	b.WriteString(render(s, renderer.NewMarkdown(), escape))
	b.WriteString(notes(s, "- ", escape))
	fmt.Fprintf(&b, "\n%s\n", escape(strings.Join(circumstances(s), "; ")))
	return b.String()
}

func plain(s string) string { return s }

// escape keeps text from being read as Markdown, and cells from being split.
func escape(s string) string {
	return strings.NewReplacer("|", `\|`, "*", `\*`, "<", "&lt;", "_", `\_`).Replace(s)
}

// render fills a tablewriter with the lines that apply to at least one decoder.
func render(s Summary, to tw.Renderer, text func(string) string) string {
	var b strings.Builder
	table := tablewriter.NewTable(&b, tablewriter.WithRenderer(to), tablewriter.WithHeaderAutoFormat(tw.Off),
		tablewriter.WithHeaderAutoWrap(tw.WrapNone), tablewriter.WithRowAutoWrap(tw.WrapNone),
		tablewriter.WithAlignment(alignments(len(s.Decoders))))
	header := []string{""}
	for _, d := range s.Decoders {
		header = append(header, text(d.Name))
	}
	table.Header(header)
	for _, line := range cells(s) {
		for i := range line {
			line[i] = text(line[i])
		}
		table.Append(line)
	}
	table.Render()
	return b.String()
}

// cells are the table's lines, a measure's name and then each decoder's text; a measure that applies to no
// decoder has no line.
func cells(s Summary) (lines [][]string) {
	for _, r := range rows {
		line, applies := []string{r.name}, false
		for _, d := range s.Decoders {
			cell := r.cell(d)
			applies = applies || cell != ""
			line = append(line, cell)
		}
		if applies {
			lines = append(lines, line)
		}
	}
	return lines
}

func alignments(decoders int) tw.Alignment {
	out := tw.Alignment{tw.AlignLeft}
	for range decoders {
		out = append(out, tw.AlignRight)
	}
	return out
}

// notes are the comparisons, a line each, and on a terminal the verdict.
func notes(s Summary, bullet string, text func(string) string) string {
	var b strings.Builder
	b.WriteString("\n")
	for _, line := range comparisonLines(s) {
		fmt.Fprintf(&b, "%s%s\n", bullet, text(line))
	}
	if s.Verdict != "" && bullet == "" {
		fmt.Fprintf(&b, "\n%s\n", text(s.Verdict))
	}
	return b.String()
}

// comparisonLines says each comparison's speed-up, difference in pass rate and p.
func comparisonLines(s Summary) (lines []string) {
	for _, c := range s.Comparisons {
		var parts []string
		if c.Speedup != nil {
			parts = append(parts, fmt.Sprintf("speed-up %s", times(*c.Speedup)))
		}
		if c.PassDifference != nil {
			parts = append(parts, "pass@1 "+points(*c.PassDifference))
		}
		if c.McNemarP != nil {
			parts = append(parts, fmt.Sprintf("McNemar p = %.3g", *c.McNemarP))
		}
		if len(parts) > 0 {
			lines = append(lines, c.Head+" against "+c.Base+": "+strings.Join(parts, ", "))
		}
	}
	return lines
}

func times(i Interval) string { return fmt.Sprintf("%.2fx [%.2f, %.2f]", i.Value, i.Low, i.High) }

func points(i Interval) string {
	return fmt.Sprintf("%+.1f points [%+.1f, %+.1f]", 100*i.Value, 100*i.Low, 100*i.High)
}

// span is "value [low, high]", scaled; empty where the measure does not apply.
func span(i *Interval, scale float64, digits int) string {
	if i == nil {
		return ""
	}
	return fmt.Sprintf("%.*f [%.*f, %.*f]", digits, scale*i.Value, digits, scale*i.Low, digits, scale*i.High)
}

func number(v float64, digits int) string {
	if v == 0 {
		return ""
	}
	return fmt.Sprintf("%.*f", digits, v)
}

func mean(total, n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f", float64(total)/float64(n))
}

func count(applies bool, v any) string {
	if !applies {
		return ""
	}
	return fmt.Sprint(v)
}

// circumstances is what a reader must know of a run to believe it, a phrase each.
func circumstances(s Summary) []string {
	e := s.Environment
	out := []string{fmt.Sprintf("%s, %d of %d cores", e.CPU, e.Threads, e.Cores)}
	add := func(format, value string) {
		if value != "" {
			out = append(out, fmt.Sprintf(format, value))
		}
	}
	add("%s", e.GPU)
	add("device %s", e.Device)
	add("%s", s.Model.Dtype)
	if s.Plan.Repeats > 0 {
		out = append(out, fmt.Sprintf("%d repeats, interleaved", s.Plan.Repeats))
	}
	add("%s length", s.Plan.Length)
	add("judged under %s", e.SandboxTier)
	add("commit %s", e.Commit)
	return append(out, "intervals are 95%")
}
