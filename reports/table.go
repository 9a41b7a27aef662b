package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
)

// A column of the table is a measure: its name with the unit, what it means, and the text of a decoder's cell, short or with its
// interval.
type column struct {
	name string
	key  string // explains the name; empty where it explains itself
	cell func(s Summary, d Decoder, interval bool) string
}

// columns are the measures; the decoders are the lines, since a sweep has more of them than fit side by side.
var columns = []column{
	{"pass@1 %", "", func(_ Summary, d Decoder, i bool) string { return span(d.Pass1, 100, 1, i) }},
	{"tok/s", "tok/s: useful tokens, pooled", func(_ Summary, d Decoder, i bool) string { return spread(d.TokensPerSecond, i) }},
	{"speed-up", "speed-up: the baseline's seconds over the decoder's, summed over the tasks", func(s Summary, d Decoder, i bool) string { return span(s.speedup(d), 1, 2, i) }},
	{"TPF", "TPF: useful tokens per forward", func(_ Summary, d Decoder, i bool) string { return span(d.TokensPerForward, 1, 2, i) }},
	{"ms/task", "", func(_ Summary, d Decoder, i bool) string { return span(d.SecondsPerTask, 1e3, 2, i) }},
	{"first ms", "first: first readable token", func(_ Summary, d Decoder, i bool) string { return span(d.SecondsToFirst, 1e3, 2, i) }},
	{"NFE", "NFE: forwards per task", func(_ Summary, d Decoder, _ bool) string { return mean(d.Forwards, d.Records-d.Errors) }},
	{"fwd/s", "fwd/s: forwards per second", func(_ Summary, d Decoder, _ bool) string { return number(d.ForwardsPerSecond, 1, 0) }},
	{"rows", "rows: positions computed per task", func(_ Summary, d Decoder, _ bool) string { return mean(d.Positions, d.Records-d.Errors) }},
	{"ceil %", "ceil: share of the speed at this machine's measured limits", func(_ Summary, d Decoder, _ bool) string { return number(d.CeilingShare, 100, 1) }},
	{"MiB", "", func(_ Summary, d Decoder, _ bool) string { return mebibytes(d.PeakMemory) }},
	{"J/tok", "", func(_ Summary, d Decoder, _ bool) string { return number(d.JoulesPerToken, 1, 3) }},
	{"J/solved", "", func(_ Summary, d Decoder, _ bool) string { return number(d.JoulesPerSolved, 1, 1) }},
	{"disturbed", "disturbed: decodings that other work disturbed; their times do not count", func(_ Summary, d Decoder, _ bool) string { return count(d.Disturbed) }},
	{"empty", "", func(_ Summary, d Decoder, _ bool) string { return count(d.Empty) }},
	{"errors", "", func(_ Summary, d Decoder, _ bool) string { return count(d.Errors) }},
	{"not judged", "", func(_ Summary, d Decoder, _ bool) string { return count(d.Sandbox) }},
}

// essential are the columns that every table has; the others are added, in this order, while they fit: first what casts doubt on
// a run, then the rest, then the intervals of the main figures.
var (
	essential = []string{"pass@1 %", "tok/s", "speed-up", "TPF"}
	figures   = []string{"tok/s", "speed-up", "pass@1 %"}
	optional  = []string{"errors", "not judged", "empty", "disturbed", "ceil %", "NFE", "ms/task", "first ms", "fwd/s", "rows", "MiB", "J/tok", "J/solved"}
)

// speedup is a decoder's speed-up over the base; nil for the base itself.
func (s Summary) speedup(d Decoder) *Interval {
	for _, c := range s.Comparisons {
		if c.Head == d.Name {
			return c.Speedup
		}
	}
	return nil
}

// A layout is which columns a table has, and which of them show their interval.
type layout map[string]bool

// all is the layout with every column that applies to at least one decoder, and the main figures' intervals.
func all(s Summary) layout {
	l := layout{}
	for _, c := range columns {
		if s.applies(c) {
			l[c.name] = slices.Contains(figures, c.name)
		}
	}
	return l
}

// applies says that a column has something to show.
func (s Summary) applies(c column) bool {
	for _, d := range s.Decoders {
		if c.cell(s, d, false) != "" {
			return true
		}
	}
	return false
}

// fitting is the fullest layout that a terminal of so many columns holds; of 0, all.
func fitting(s Summary, width int) layout {
	full := all(s)
	if width <= 0 {
		return full
	}
	l := layout{}
	for _, name := range essential {
		if _, applies := full[name]; applies {
			l[name] = false
		}
	}
	try := func(name string, interval bool) {
		before, had := l[name]
		l[name] = interval
		if tableWidth(cells(s, l, false)) <= width {
			return
		}
		if had {
			l[name] = before
		} else {
			delete(l, name)
		}
	}
	for _, name := range optional {
		if _, applies := full[name]; applies {
			try(name, false)
		}
	}
	for _, name := range figures {
		if full[name] {
			try(name, true)
		}
	}
	return l
}

// tableWidth is the width of a table on a terminal, in characters.
func tableWidth(header []string, lines [][]string) int {
	total := 0
	for i := range header {
		widest := utf8.RuneCountInString(header[i])
		for _, line := range lines {
			widest = max(widest, utf8.RuneCountInString(line[i]))
		}
		total += 1 + widest + 1 // a blank on either side
	}
	return total
}

// Table lays the summary out for a terminal of so many columns, 0 for one of any width: the warnings, a line per decoder, the
// comparisons and the verdict.
func Table(s Summary, width int) string {
	var b strings.Builder
	for _, line := range s.shown() {
		b.WriteString(wrap(line, width, "  ") + "\n")
	}
	if b.Len() > 0 {
		b.WriteString("\n")
	}
	l := fitting(s, width)
	light := tw.Rendition{
		Symbols: tw.NewSymbols(tw.StyleLight), Borders: tw.BorderNone,
		Settings: tw.Settings{Separators: tw.Separators{BetweenColumns: tw.Off}, Lines: tw.Lines{ShowHeaderLine: tw.On}},
	}
	b.WriteString(render(s, l, renderer.NewBlueprint(light), plain, false))
	b.WriteString(wrap(key(l), cmp.Or(width, 140), "") + "\n\n")
	for _, line := range comparisonLines(s) {
		b.WriteString(wrap(line, width, "  ") + "\n")
	}
	fmt.Fprintf(&b, "\n%s\n", wrap(strings.Join(circumstances(s), "; "), width, ""))
	if s.Verdict != "" {
		fmt.Fprintf(&b, "\n%s\n", wrap(s.Verdict, width, ""))
	}
	return b.String()
}

// markdown lays the summary out as a Markdown page, the verdict first.
func markdown(s Summary) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s: %s\n\n", escape(s.Suite.Name), escape(s.Model.Name))
	if s.Verdict != "" {
		fmt.Fprintf(&b, "**%s**\n\n", escape(s.Verdict))
	}
	for _, line := range s.shown() {
		fmt.Fprintf(&b, "> %s\n\n", escape(line))
	}
	b.WriteString(render(s, all(s), renderer.NewMarkdown(), escape, true))
	fmt.Fprintf(&b, "\n%s\n\n", escape(key(all(s)))) // apart, or Markdown would take the key for a line of the table
	for _, line := range comparisonLines(s) {
		fmt.Fprintf(&b, "- %s\n", escape(line))
	}
	fmt.Fprintf(&b, "\n%s\n", escape(strings.Join(circumstances(s), "; ")))
	return b.String()
}

// key explains the columns of a layout.
func key(l layout) string {
	var parts []string
	for _, c := range columns {
		if _, shown := l[c.name]; shown && c.key != "" {
			parts = append(parts, c.key)
		}
	}
	return strings.Join(parts, "; ")
}

func plain(s string) string { return s }

// escape keeps text from being read as Markdown, and cells from being split.
func escape(s string) string {
	return strings.NewReplacer("|", `\|`, "*", `\*`, "<", "&lt;", "_", `\_`).Replace(s)
}

// wrap breaks text at blanks into lines of at most width characters, those after the first indented; width 0 breaks nothing.
func wrap(text string, width int, indent string) string {
	if width <= 0 {
		return text
	}
	var b strings.Builder
	used := 0
	for i, word := range strings.Fields(text) {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case used+1+n > width:
			b.WriteString("\n" + indent)
			used = len(indent)
		default:
			b.WriteString(" ")
			used++
		}
		b.WriteString(word)
		used += n
	}
	return b.String()
}

// render fills a tablewriter with a layout's columns; intervals says that those of the layout are shown for every column.
func render(s Summary, l layout, to tw.Renderer, text func(string) string, intervals bool) string {
	var b strings.Builder
	header, lines := cells(s, l, intervals)
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

// cells are the table: the columns' names, and a line per decoder.
func cells(s Summary, l layout, intervals bool) (header []string, lines [][]string) {
	names := shorten(s.names())
	header = []string{"decoder"}
	for _, d := range s.Decoders {
		lines = append(lines, []string{names[d.Name]})
	}
	for _, c := range columns {
		interval, shown := l[c.name]
		if !shown {
			continue
		}
		header = append(header, c.name)
		for i, d := range s.Decoders {
			lines[i] = append(lines[i], c.cell(s, d, interval || intervals))
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

// comparisonLines says each comparison's speed-up, difference in pass rate and p.
func comparisonLines(s Summary) (lines []string) {
	names := shorten(s.names())
	for _, c := range s.Comparisons {
		parts := speedParts(c)
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

// speedParts are the speed-up, its spread between repeats, and the ratio of tokens/s, with the reason where the two differ.
func speedParts(c Comparison) (parts []string) {
	if c.NotMeasured != "" {
		return []string{notMeasured + " (" + c.NotMeasured + ")"}
	}
	if c.Speedup == nil {
		return nil
	}
	parts = append(parts, "speed-up "+times(*c.Speedup))
	if c.Repeats != nil {
		parts = append(parts, fmt.Sprintf("repeat by repeat %.2fx to %.2fx", c.Repeats.Low, c.Repeats.High))
	}
	if r := c.TokensPerSecondRatio; r != nil {
		text := "tok/s " + times(*r)
		if c.TokenRatio != nil && (r.Low > c.Speedup.High || r.High < c.Speedup.Low) {
			text += fmt.Sprintf(" since it writes %.2f times the tokens for the same tasks", *c.TokenRatio)
		}
		parts = append(parts, text)
	}
	return parts
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

// spread is a speed with its interval, or with the greater half of it in percent, as benchstat shows it.
func spread(i *Interval, interval bool) string {
	if i == nil || interval || i.Value <= 0 {
		return span(i, 1, 0, interval)
	}
	return fmt.Sprintf("%.0f ±%.0f%%", i.Value, 100*max(i.High-i.Value, i.Value-i.Low)/i.Value)
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
	add("kernels %s", e.Features)
	add("%s", s.Model.Dtype)
	if s.Plan.Repeats > 0 {
		out = append(out, plural(s.Plan.Repeats, "repeat")+", interleaved")
	}
	if disturbed, extra := s.disturbances(); disturbed > 0 {
		out = append(out, fmt.Sprintf("%d decodings disturbed by other work, %d decoded again", disturbed, extra))
	}
	add("%s length", s.Plan.Length)
	if s.Plan.Batch > 1 {
		out = append(out, fmt.Sprintf("batch %d: tok/s and speed-ups are of all together, ms are each one's own", s.Plan.Batch))
	}
	add("judged under %s", e.SandboxTier)
	add("commit %s", e.Commit)
	return append(out, "intervals are 95% over tasks: they speak of other tasks, not of another day")
}

// plural is a number of things.
func plural(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}

// disturbances are the disturbed decodings of all decoders, and the further ones that they led to.
func (s Summary) disturbances() (disturbed, extra int) {
	for _, d := range s.Decoders {
		disturbed, extra = disturbed+d.Disturbed, extra+d.Extra
	}
	return disturbed, extra
}
