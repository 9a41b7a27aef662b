// Package ledger is what `tandem claims` shows: the list of claims, one claim with its arithmetic, what measurements say of each, and a
// chart of claimed and measured speed-ups.
package ledger

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"tandem/claims"
	"tandem/reports/table"
)

// An Entry is a claim with what it implies: what `tandem claims list` prints as JSON.
type Entry struct {
	claims.Claim
	PerForward *float64        `json:"implied_tokens_per_forward,omitempty"`
	Implied    *claims.Implied `json:"implied,omitempty"`
	Why        string          `json:"implied_not,omitempty"` // why nothing is implied
}

// Entries are claims with what they imply on the cards that they name.
func Entries(l claims.Ledger, list []claims.Claim) (out []Entry) {
	for _, c := range list {
		e := Entry{Claim: c}
		if e.Undisclosed == nil {
			e.Undisclosed = []string{}
		}
		if e.Implied, e.Why = l.Imply(c, nil); e.Implied != nil {
			e.PerForward = e.Implied.PerForward
		}
		out = append(out, e)
	}
	return out
}

// List is the table of claims for a terminal of so many columns, 0 for any.
func List(entries []Entry, width int) string {
	t := table.Table{{Name: "claim", Left: true}, {Name: "faster"}, {Name: "tok/s"}, {Name: "TPF"}, {Name: "on", Left: true, Rank: 1},
		{Name: "batch", Rank: 3}, {Name: "against", Left: true, Rank: 2}, {Name: "read", Left: true, Rank: 4}, {Name: "who", Left: true, Rank: 5}}
	for _, e := range entries {
		faster, _ := e.Faster()
		for i, cell := range []string{e.ID, text(faster), text(e.Figures.TokensPerSecond), number("%.2f", e.PerForward), e.Where(),
			count(e.Conditions.Batch), e.Conditions.Baseline.Name, string(e.Mark), e.Who} {
			t[i].Cells = append(t[i].Cells, cell)
		}
	}
	key := "faster: than what stands under against, as claimed; TPF: tokens per forward that the claim implies at least, at the roofline of its " +
		"card or of what is assumed in its place; tandem claims show CLAIM has the words, the conditions and the arithmetic"
	return t.Fit(width).Text() + table.Wrap(key, width, "") + "\n"
}

func text(a *claims.Amount) string {
	if a == nil {
		return ""
	}
	return a.Text
}

func number(format string, v *float64) string {
	if v == nil {
		return ""
	}
	return fmt.Sprintf(format, *v)
}

func count(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

// Show is a claim with all that is known of it, for a terminal of so many columns: its conditions, and the arithmetic at the roofline of its
// card and of the machines of the evidence.
func Show(l claims.Ledger, c claims.Claim, e claims.Evidence, width int) string {
	var b strings.Builder
	b.WriteString(table.Pairs(pairs(c), width))
	implied, why := l.Imply(c, nil)
	if implied == nil {
		fmt.Fprintf(&b, "\n%s\n", table.Wrap("no arithmetic: "+why, width, "  "))
		return b.String()
	}
	writeImplied(&b, implied, width)
	for _, machine := range e.Machines() {
		if here, _ := l.Imply(c, &machine); here != nil {
			writeImplied(&b, here, width)
		}
	}
	if implied.PerForward != nil {
		for _, up := range e.CatchUps(implied.Block, *implied.PerForward) {
			b.WriteString(table.Wrap(up.Text, width, "  ") + "\n")
		}
	}
	return b.String()
}

// writeImplied writes the arithmetic on one card.
func writeImplied(b *strings.Builder, i *claims.Implied, width int) {
	head := fmt.Sprintf("at the roofline of %s, shape %s, bf16, batch %d, %d positions before:", i.Card, i.Geometry, i.Batch, i.Context)
	if len(i.Assumed) > 0 {
		head = strings.TrimSuffix(head, ":") + "; assumed: " + strings.Join(i.Assumed, ", ") + ":"
	}
	fmt.Fprintf(b, "\n%s\n", table.Wrap(head, width, "  "))
	writeLines(b, width, i.Lines)
}

// pairs are the claim's facts.
func pairs(c claims.Claim) (out [][2]string) {
	add := func(name, text string) {
		if text != "" {
			out = append(out, [2]string{name, text})
		}
	}
	o, f := c.Conditions, c.Figures
	add("claim", c.Claim)
	add("id", c.ID)
	add("who", c.Who)
	add("source", fmt.Sprintf("%s (%s, read %s)", c.Source, c.Mark, c.Read))
	add("faster", fasterWords(c))
	add("tokens per second", versus(f.TokensPerSecond, f.BaselineTokens))
	add("seconds per task", versus(f.Seconds, f.BaselineSeconds))
	add("seconds to first", versus(f.First, f.BaselineFirst))
	add("tokens per forward", text(f.PerForward))
	add("speed-up by task", text(f.SpeedupByTask))
	add("dollars a Mtok", text(f.Dollars))
	add("dollars a solved task", text(f.DollarsSolved))
	add("scores, %", scores(f.Scores))
	add("baseline's scores, %", scores(f.BaselineScores))
	for i, s := range c.Series {
		name := ""
		if i == 0 {
			name = "dated"
		}
		out = append(out, [2]string{name, fmt.Sprintf("%s: %s tok/s (%s)", s.Date, s.TokensPerSecond.Text, s.By)})
	}
	add("model", o.Model)
	add("in the catalogue", strings.Join(o.Models, ", "))
	add("on", c.Where())
	add("engine", o.Engine)
	add("precision", o.Precision)
	add("batch", count(o.Batch))
	add("block", count(o.Block))
	add("suite", o.Suite)
	add("tasks", o.Tasks)
	add("prompt tokens", count(o.Prompt))
	add("generated tokens", count(o.Generated))
	add("decoder here", o.Decoder)
	add("baseline", baseline(o.Baseline))
	add("undisclosed", strings.Join(c.Undisclosed, ", "))
	add("note", c.Note)
	return out
}

func fasterWords(c claims.Claim) string {
	ratio, answers := c.Faster()
	switch {
	case ratio == nil:
		return ""
	case answers:
		return ratio.Text + " times, by the time for an answer"
	}
	return ratio.Text + " times, by tokens per second"
}

func versus(a, b *claims.Amount) string {
	if a != nil && b != nil {
		return a.Text + " against " + b.Text
	}
	return text(a)
}

func scores(by map[string]float64) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(by)) {
		parts = append(parts, fmt.Sprintf("%s %.4g", name, by[name]))
	}
	return strings.Join(parts, ", ")
}

// kinds are what baselines are, in words.
var kinds = map[claims.Kind]string{claims.AR: "autoregressive, of the same shape", claims.Uncached: "the same without a cache",
	claims.Other: "an autoregressive model of another shape", claims.Another: "another diffusion model", claims.Hosted: "a service"}

func baseline(b claims.Baseline) string {
	if b.Kind == "" {
		return ""
	}
	text := fmt.Sprintf("%s: %s", kinds[b.Kind], b.Name)
	if b.Engine != "" {
		text += " on " + b.Engine
	}
	return text
}

// Findings are verdicts for a terminal of so many columns: first a count, then what was decided, then the rest with the reasons, those
// with the same nearest measurement together.
func Findings(findings []claims.Finding, width int) string {
	var b strings.Builder
	number := map[claims.Verdict]int{}
	for _, f := range findings {
		number[f.Verdict]++
	}
	fmt.Fprintf(&b, "%d reproduced, %d contradicted, %d not comparable\n",
		number[claims.Reproduced], number[claims.Contradicted], number[claims.NotComparable])
	var nearest []string
	groups := map[string][]claims.Finding{}
	for _, f := range findings {
		if f.Verdict != claims.NotComparable {
			fmt.Fprintf(&b, "\n%s: %s\n", strings.ToUpper(string(f.Verdict)), f.ID)
			writeLines(&b, width, append([]string{f.Claim.Claim, f.Reason, "measured: " + measured(f.Measured)}, catchUps(f)...))
			continue
		}
		at := measured(f.Measured)
		if groups[at] == nil {
			nearest = append(nearest, at)
		}
		groups[at] = append(groups[at], f)
	}
	for _, at := range nearest {
		fmt.Fprintf(&b, "\n%s\n", table.Wrap("not comparable; nearest measurement: "+at, width, "  "))
		for _, f := range groups[at] {
			writeLines(&b, width, append([]string{f.ID + ": " + f.Reason}, catchUps(f)...))
		}
	}
	return b.String()
}

// writeLines writes lines with a margin.
func writeLines(b *strings.Builder, width int, lines []string) {
	for _, line := range lines {
		fmt.Fprintf(b, "  %s\n", table.Wrap(line, width-2, "    "))
	}
}

func catchUps(f claims.Finding) (lines []string) {
	for _, up := range f.CatchUps {
		lines = append(lines, up.Text)
	}
	return lines
}

// measured is what was measured under the nearest conditions, in a line.
func measured(m *claims.Measurement) string {
	if m == nil {
		return "none"
	}
	text := fmt.Sprintf("%s, %s", m.Decoder, m.Model)
	if m.Suite != "" {
		text += " on " + m.Suite
	}
	text += fmt.Sprintf(", %s, %s, batch %d", m.Hardware, m.Precision, m.Batch)
	if m.Speedup != nil {
		text += fmt.Sprintf(": %.3gx [%.3g, %.3g] as fast as %s", m.Speedup.Value, m.Speedup.Low, m.Speedup.High, m.Baseline)
	}
	if m.TokensPerSecond != nil {
		text += fmt.Sprintf(", %.4g tok/s", m.TokensPerSecond.Value)
	}
	if m.TokensPerForward != nil {
		text += fmt.Sprintf(", %.3g tokens per forward", m.TokensPerForward.Value)
	}
	if m.Dollars != nil {
		text += fmt.Sprintf(", $%.3g a million tokens", *m.Dollars)
	}
	if m.DollarsSolved != nil {
		text += fmt.Sprintf(", $%.3g a thousand solved tasks", 1000**m.DollarsSolved)
	}
	return text + " (" + m.Path + ")"
}
