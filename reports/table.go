package reports

import (
	"fmt"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
)

// A column of the table is a measure: its name with the unit, and the text of a decoder's cell, short for a terminal,
// and with its interval.
type column struct {
	name string
	cell func(d Decoder, interval bool) string
}

// columns are the measures; the decoders are the lines, since a sweep has more of them than fit side by side.
var columns = []column{
	{"pass@1 %", func(d Decoder, _ bool) string { return span(d.Pass1, 100, 1, true) }},
	{"tok/s", func(d Decoder, _ bool) string { return span(d.TokensPerSecond, 1, 0, true) }},
	{"ms/task", func(d Decoder, i bool) string { return span(d.SecondsPerTask, 1e3, 2, i) }},
	{"first ms", func(d Decoder, i bool) string { return span(d.SecondsToFirst, 1e3, 2, i) }},
	{"TPF", func(d Decoder, i bool) string { return span(d.TokensPerForward, 1, 2, i) }},
	{"NFE", func(d Decoder, _ bool) string { return mean(d.Forwards, d.Records-d.Errors) }},
	{"fwd/s", func(d Decoder, _ bool) string { return number(d.ForwardsPerSecond, 1, 0) }},
	{"rows", func(d Decoder, _ bool) string { return mean(d.Positions, d.Records-d.Errors) }},
	{"ceil %", func(d Decoder, _ bool) string { return number(d.CeilingShare, 100, 1) }},
	{"MiB", func(d Decoder, _ bool) string { return mebibytes(d.PeakMemory) }},
	{"J/tok", func(d Decoder, _ bool) string { return number(d.JoulesPerToken, 1, 3) }},
	{"J/solved", func(d Decoder, _ bool) string { return number(d.JoulesPerSolved, 1, 1) }},
	{"empty", func(d Decoder, _ bool) string { return count(d.Empty) }},
	{"errors", func(d Decoder, _ bool) string { return count(d.Errors) }},
	{"not judged", func(d Decoder, _ bool) string { return count(d.Sandbox) }},
}

// key explains the columns in a line.
const key = "tok/s: useful tokens, pooled; first: first readable token; TPF: useful tokens a forward; NFE: forwards a task;\n" +
	"rows: positions computed a task; ceil: share of the speed at this machine's measured limits;\n" +
	"speed-up: geometric mean of the tasks' own time ratios, in which a long task counts no more than a short one"

// Table lays the summary out for a terminal: a line a decoder, the comparisons and the verdict below.
func Table(s Summary) string {
	return render(s, renderer.NewBlueprint(tw.Rendition{Symbols: tw.NewSymbols(tw.StyleRounded)}), plain, false) +
		notes(s, "", plain)
}

// Markdown lays the summary out as a Markdown page, the verdict first.
func Markdown(s Summary) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s: %s\n\n", escape(s.Suite.Name), escape(s.Model.Name))
	if s.Verdict != "" {
		fmt.Fprintf(&b, "**%s**\n\n", escape(s.Verdict))
	}
	b.WriteString(render(s, renderer.NewMarkdown(), escape, true))
	b.WriteString(notes(s, "- ", escape))
	fmt.Fprintf(&b, "\n%s\n", escape(strings.Join(circumstances(s), "; ")))
	return b.String()
}

func plain(s string) string { return s }

// escape keeps text from being read as Markdown, and cells from being split.
func escape(s string) string {
	return strings.NewReplacer("|", `\|`, "*", `\*`, "<", "&lt;", "_", `\_`).Replace(s)
}

// render fills a tablewriter with the columns that apply to at least one decoder.
func render(s Summary, to tw.Renderer, text func(string) string, intervals bool) string {
	var b strings.Builder
	header, lines := cells(s, intervals)
	table := tablewriter.NewTable(&b, tablewriter.WithRenderer(to), tablewriter.WithHeaderAutoFormat(tw.Off),
		tablewriter.WithHeaderAutoWrap(tw.WrapNone), tablewriter.WithRowAutoWrap(tw.WrapNone),
		tablewriter.WithAlignment(alignments(len(header)-1)))
	for i := range header {
		header[i] = text(header[i])
	}
	table.Header(header)
	for _, line := range lines {
		for i := range line {
			line[i] = text(line[i])
		}
		table.Append(line)
	}
	table.Render()
	return b.String()
}

// cells are the table: the columns' names, and a line a decoder. A measure that applies to none has no column.
func cells(s Summary, intervals bool) (header []string, lines [][]string) {
	names := shorten(s.names())
	header = []string{"decoder"}
	for _, d := range s.Decoders {
		lines = append(lines, []string{names[d.Name]})
	}
	for _, c := range columns {
		texts, applies := make([]string, len(s.Decoders)), false
		for i, d := range s.Decoders {
			texts[i] = c.cell(d, intervals)
			applies = applies || texts[i] != ""
		}
		if !applies {
			continue
		}
		header = append(header, c.name)
		for i := range lines {
			lines[i] = append(lines[i], texts[i])
		}
	}
	return header, lines
}

func alignments(decoders int) tw.Alignment {
	out := tw.Alignment{tw.AlignLeft}
	for range decoders {
		out = append(out, tw.AlignRight)
	}
	return out
}

// notes are the key, the comparisons, a line each, and on a terminal the circumstances and the verdict.
func notes(s Summary, bullet string, text func(string) string) string {
	var b strings.Builder
	if bullet != "" {
		b.WriteString("\n") // or Markdown would take the key for a line of the table
	}
	fmt.Fprintf(&b, "%s\n\n", text(key))
	for _, line := range comparisonLines(s) {
		fmt.Fprintf(&b, "%s%s\n", bullet, text(line))
	}
	if bullet == "" {
		fmt.Fprintf(&b, "\n%s\n", text(strings.Join(circumstances(s), "; ")))
		if s.Verdict != "" {
			fmt.Fprintf(&b, "\n%s\n", text(s.Verdict))
		}
	}
	return b.String()
}

// comparisonLines says each comparison's speed-up, difference in pass rate and p.
func comparisonLines(s Summary) (lines []string) {
	names := shorten(s.names())
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
			lines = append(lines, names[c.Head]+" against "+names[c.Base]+": "+strings.Join(parts, ", "))
		}
	}
	return lines
}

func times(i Interval) string { return fmt.Sprintf("%.2fx [%.2f, %.2f]", i.Value, i.Low, i.High) }

func points(i Interval) string {
	return fmt.Sprintf("%+.1f points [%+.1f, %+.1f]", 100*i.Value, 100*i.Low, 100*i.High)
}

// span is "value [low, high]" or the value alone, scaled; empty where the measure does not apply.
func span(i *Interval, scale float64, digits int, interval bool) string {
	switch {
	case i == nil:
		return ""
	case !interval:
		return fmt.Sprintf("%.*f", digits, scale*i.Value)
	}
	return fmt.Sprintf("%.*f [%.*f, %.*f]", digits, scale*i.Value, digits, scale*i.Low, digits, scale*i.High)
}

func number(v *float64, scale float64, digits int) string {
	if v == nil {
		return ""
	}
	return fmt.Sprintf("%.*f", digits, scale**v)
}

func mebibytes(n *int64) string {
	if n == nil {
		return ""
	}
	return fmt.Sprintf("%.0f", float64(*n)/(1<<20))
}

func mean(total, n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f", float64(total)/float64(n))
}

// count is empty for none: such a column is shown where there is something to see.
func count(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

// idle is the least share of its threads' time that a run on an idle machine has.
const idle = 0.8

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
	if s.Plan.Batch > 1 {
		out = append(out, fmt.Sprintf("batch %d: tok/s and speed-ups are of all together, ms are each one's own", s.Plan.Batch))
	}
	add("judged under %s", e.SandboxTier)
	add("commit %s", e.Commit)
	out = append(out, "intervals are 95%")
	for _, w := range warnings(s) {
		out = append(out, "WARNING: "+w)
	}
	return out
}

// warnings say what makes a run less to be trusted, and what to do.
func warnings(s Summary) (out []string) {
	if s.Busy != nil && *s.Busy < idle {
		out = append(out, fmt.Sprintf("other work took %.0f%% of this run's processor time: repeat it on an idle machine", 100*(1-*s.Busy)))
	}
	if len(s.held) > 0 {
		out = append(out, "the GPU's clocks were held down: "+strings.Join(s.held, ", "))
	}
	if s.Plan.Repeats > 0 && s.Plan.Repeats < 5 {
		out = append(out, "fewer than 5 repeats")
	}
	for _, d := range s.Decoders {
		if d.CeilingShare != nil && *d.CeilingShare > 1 {
			out = append(out, "a share of the ceiling is above 100%: the ceilings were measured while the machine was disturbed")
			break
		}
	}
	return out
}
