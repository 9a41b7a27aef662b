package reports

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"tandem/reports/table"
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
	{"pass@k %", "pass@k: at least one of k samples passes", func(_ Summary, d Decoder, _ bool) string { return passAtKs(d.PassK) }},
	{"tok/s", "tok/s: useful tokens, pooled", func(_ Summary, d Decoder, i bool) string { return spread(d.TokensPerSecond, i) }},
	{"speed-up", "speed-up: the baseline's seconds over the decoder's, summed over the tasks", func(s Summary, d Decoder, i bool) string { return span(s.speedup(d), 1, 2, i) }},
	{"TPF", "TPF: useful tokens per forward", func(_ Summary, d Decoder, i bool) string { return span(d.TokensPerForward, 1, 2, i) }},
	{"ms/task", "", func(_ Summary, d Decoder, i bool) string { return span(d.SecondsPerTask, 1e3, 2, i) }},
	{"first ms", "first: first readable token", func(_ Summary, d Decoder, i bool) string { return span(d.SecondsToFirst, 1e3, 2, i) }},
	{"offered/s", "offered/s: requests that were due", func(_ Summary, d Decoder, _ bool) string { return number(d.load().Offered, 1, 2) }},
	{"answers/s", "answers/s: requests that were answered", func(_ Summary, d Decoder, _ bool) string { return number(d.load().Achieved, 1, 2) }},
	{"good/s", "good/s: answers within the objectives", func(_ Summary, d Decoder, _ bool) string { return number(d.load().Goodput, 1, 2) }},
	{"first p50/90/99", "p50/90/99: quantiles in ms from when a request was due, the last from 100 answers on", func(_ Summary, d Decoder, _ bool) string { return quantiles(d.load().First) }},
	{"whole p50/90/99", "", func(_ Summary, d Decoder, _ bool) string { return quantiles(d.load().Whole) }},
	{"NFE", "NFE: forwards per task", func(_ Summary, d Decoder, _ bool) string { return known(d.Forwards, d.Decodings) }},
	{"fwd/s", "fwd/s: forwards per second", func(_ Summary, d Decoder, _ bool) string { return number(d.ForwardsPerSecond, 1, 0) }},
	{"rows", "rows: positions computed per task", func(_ Summary, d Decoder, _ bool) string { return known(d.Positions, d.Decodings) }},
	{"ceil %", "ceil: share of the speed at this machine's measured limits", func(_ Summary, d Decoder, _ bool) string { return number(d.CeilingShare, 100, 1) }},
	{"MiB", "", func(_ Summary, d Decoder, _ bool) string { return mebibytes(d.PeakMemory) }},
	{"J/tok", "", func(_ Summary, d Decoder, _ bool) string { return number(d.JoulesPerToken, 1, 3) }},
	{"$/Mtok", "$/Mtok: dollars for a million useful tokens", func(_ Summary, d Decoder, _ bool) string { return dollars(d.DollarsPerMillion, 1) }},
	{"$/1k solved", "$/1k solved: dollars for a thousand solved tasks", func(_ Summary, d Decoder, _ bool) string { return dollars(d.DollarsPerSolved, 1000) }},
	{"J/solved", "", func(_ Summary, d Decoder, _ bool) string { return number(d.JoulesPerSolved, 1, 1) }},
	{"disturbed", "disturbed: decodings that other work disturbed; their times do not count", func(_ Summary, d Decoder, _ bool) string { return count(d.Disturbed) }},
	{"empty", "", func(_ Summary, d Decoder, _ bool) string { return count(d.Empty) }},
	{"errors", "", func(_ Summary, d Decoder, _ bool) string { return count(d.Errors) }},
	{"not judged", "", func(_ Summary, d Decoder, _ bool) string { return count(d.Sandbox) }},
}

// optional are the columns that not every table has; they are added in this order, while they fit: first what casts doubt on a run,
// then the rest, then the intervals of the main figures.
var (
	figures  = []string{"tok/s", "speed-up", "pass@1 %"}
	optional = []string{"$/Mtok", "$/1k solved", "pass@k %", "errors", "not judged", "empty", "disturbed", "ceil %", "NFE", "ms/task", "first ms", "good/s", "answers/s", "offered/s", "whole p50/90/99", "first p50/90/99", "fwd/s", "rows", "MiB", "J/tok", "J/solved"}
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

// table is the table of the columns that apply to at least one decoder. intervals says that every cell has its interval; else only
// the main figures have theirs, where there is room.
func (s Summary) table(intervals bool) table.Table {
	short := shorten(s.names())
	decoders := table.Column{Name: "decoder", Left: true}
	for _, d := range s.Decoders {
		decoders.Cells = append(decoders.Cells, short[d.Name])
	}
	out := table.Table{decoders}
	for _, c := range columns {
		cells := func(interval bool) (cells []string) {
			for _, d := range s.Decoders {
				cells = append(cells, c.cell(s, d, interval))
			}
			return cells
		}
		column := table.Column{Name: c.name, Cells: cells(intervals), Rank: 1 + slices.Index(optional, c.name)}
		if !slices.ContainsFunc(column.Cells, func(cell string) bool { return cell != "" }) {
			continue
		}
		if i := slices.Index(figures, c.name); i >= 0 {
			column.Long, column.LongRank = cells(true), 1+len(optional)+i
		}
		out = append(out, column)
	}
	return out
}

// Table lays the summary out for a terminal of so many columns, 0 for one of any width: the warnings, a line per decoder, the
// comparisons and the verdict.
func Table(s Summary, width int) string {
	var b strings.Builder
	for _, line := range s.shown() {
		b.WriteString(table.Wrap(line, width, "  ") + "\n")
	}
	if b.Len() > 0 {
		b.WriteString("\n")
	}
	shown := s.table(false).Fit(width)
	b.WriteString(shown.Text())
	b.WriteString(table.Wrap(key(shown), cmp.Or(width, 140), "") + "\n\n")
	for _, line := range append(comparisonLines(s), s.loadLines()...) {
		b.WriteString(table.Wrap(line, width, "  ") + "\n")
	}
	if levels := s.levels(false); levels != nil {
		fmt.Fprintf(&b, "\n%s\n%s", levelTitle, levels.Fit(width).Text())
	}
	if lines := failureLines(s, width); lines != "" {
		b.WriteString("\n" + lines)
	}
	fmt.Fprintf(&b, "\n%s\n", table.Wrap(strings.Join(circumstances(s), "; "), width, ""))
	if s.Verdict != "" {
		fmt.Fprintf(&b, "\n%s\n", table.Wrap(s.Verdict, width, ""))
	}
	return b.String()
}

// Rest says what a terminal of so many columns leaves out of Table, and how to see it; empty where it leaves out nothing.
func Rest(s Summary, width int) string {
	left, all := s.table(false).Rest(width)
	if len(left) == 0 {
		return ""
	}
	return table.Wrap(fmt.Sprintf("%s more: %s (COLUMNS=%d shows all)", plural(len(left), "column"), strings.Join(left, ", "), all), width, "  ")
}

// markdown lays the summary out as a Markdown page, the verdict first.
func markdown(s Summary) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s: %s\n\n", table.Escape(s.Suite.Name), table.Escape(s.Model.Name))
	if s.Verdict != "" {
		fmt.Fprintf(&b, "**%s**\n\n", table.Escape(s.Verdict))
	}
	for _, line := range s.shown() {
		fmt.Fprintf(&b, "> %s\n\n", table.Escape(line))
	}
	full := s.table(true)
	b.WriteString(full.Markdown())
	fmt.Fprintf(&b, "\n%s\n\n", table.Escape(key(full))) // apart, or Markdown would take the key for a line of the table
	for _, line := range append(comparisonLines(s), s.loadLines()...) {
		fmt.Fprintf(&b, "- %s\n", table.Escape(line))
	}
	if levels := s.levels(true); levels != nil {
		fmt.Fprintf(&b, "\n%s\n\n%s", levelTitle, levels.Markdown())
	}
	if len(s.Failures) > 0 {
		fmt.Fprintf(&b, "\n%s", failureMarkdown(s))
	}
	fmt.Fprintf(&b, "\n%s\n", table.Escape(strings.Join(circumstances(s), "; ")))
	return b.String()
}

// key explains the columns of a table.
func key(t table.Table) string {
	var parts []string
	for _, c := range columns {
		if c.key != "" && slices.ContainsFunc(t, func(shown table.Column) bool { return shown.Name == c.name }) {
			parts = append(parts, c.key)
		}
	}
	return strings.Join(parts, "; ")
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

// passAtKs are the shares of pass@k, by k: "@5 81.2 @10 90.0".
func passAtKs(shares map[string]float64) string {
	var parts []string
	for _, k := range slices.SortedFunc(maps.Keys(shares), func(a, b string) int { return cmp.Or(len(a)-len(b), cmp.Compare(a, b)) }) {
		parts = append(parts, fmt.Sprintf("@%s %.1f", k, 100*shares[k]))
	}
	return strings.Join(parts, " ")
}

func number(v *float64, scale float64, digits int) string {
	if v == nil {
		return ""
	}
	return fmt.Sprintf("%.*f", digits, scale**v)
}

// dollars has three digits that count: prices of machines and of tokens differ by powers of ten.
func dollars(v *float64, scale float64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(scale**v, 'g', 3, 64)
}

func mebibytes(n *int64) string {
	if n == nil {
		return ""
	}
	return fmt.Sprintf("%.0f", float64(*n)/(1<<20))
}

// known is the mean of a total, empty where that is not known.
func known(total, n int) string {
	if total == 0 {
		return ""
	}
	return mean(total, n)
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
	out := []string{processor(e, "%s, %d of %d cores")}
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
	out = append(out, s.endpoints()...)
	if s.Price > 0 {
		out = append(out, fmt.Sprintf("the machine at $%g an hour", s.Price))
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
