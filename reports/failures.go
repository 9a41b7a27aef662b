package reports

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tandem/bench/metric"
	"tandem/reports/table"
)

// How many lost tasks a terminal and a page list one by one; summary.json has them all.
const (
	mostLines = 5
	mostRows  = 200
)

// kinds say what is known of a failure, in a few words, and of two tokens what they do.
var kinds = map[metric.Kind]struct{ label, pair string }{
	metric.Unbound:    {"unbound name", "a name that nothing binds, and what stands in its place"},
	metric.Repeated:   {"repetition", "the same twice in a row"},
	metric.Neighbours: {"impossible neighbours", "they cannot stand side by side"},
	metric.Brackets:   {"brackets", "brackets that do not belong together"},
	metric.Seam:       {"seam", "a token is missing between them, or one of them is too many"},
	metric.Line:       {"a line at once", ""},
	metric.Parallel:   {"tokens at once", ""},
	metric.Single:     {"a token alone", ""},
}

// wrong says in a sentence what went wrong.
func wrong(f metric.Failure) string {
	where := fmt.Sprintf("forward %d of %d", f.Forward+1, f.Forwards)
	text := ""
	switch d := f.Departs; {
	case f.Kind.Contradicts():
		a, b := f.AtOdds[0], f.AtOdds[1]
		text = fmt.Sprintf("%s and %s, tokens %d and %d, came from %s: %s", quoted(a.Text), quoted(b.Text), a.Pos, b.Pos, where, kinds[f.Kind].pair)
	case f.Kind == metric.Line:
		text = fmt.Sprintf("several tokens of the line at which the parser gave up came from %s; no two are named", where)
	case d == nil:
		text = fmt.Sprintf("the text is that of %s", f.Base)
	case f.Kind == metric.Parallel:
		text = fmt.Sprintf("leaves %s at token %d, %s in place of %s, which %s committed with %d others; no two are named",
			f.Base, d.Pos, quoted(d.Text), quoted(d.Base), where, len(f.Together)-1)
	default:
		text = fmt.Sprintf("leaves %s at token %d, %s in place of %s, which %s committed alone", f.Base, d.Pos, quoted(d.Text), quoted(d.Base), where)
	}
	if f.OneByOne != nil {
		text += map[bool]string{true: "; passes one token at a time", false: "; fails one token at a time, too"}[*f.OneByOne]
	}
	return text
}

// quoted is a token as a reader can see it, its blanks as dots; the end of a text has none.
func quoted(token string) string {
	if token == "" {
		return "its end"
	}
	return strings.ReplaceAll(strconv.Quote(token), " ", "·")
}

// losses are the failures of one decoder.
type losses struct {
	decoder string
	all     []metric.Failure
}

// lost groups the failures by decoder, in the order of the decoders.
func (s Summary) lost() (out []losses) {
	for _, d := range s.Decoders {
		one := losses{decoder: d.Name}
		for _, f := range s.Failures {
			if f.Decoder == d.Name {
				one.all = append(one.all, f)
			}
		}
		if len(one.all) > 0 {
			out = append(out, one)
		}
	}
	return out
}

// totals say for each decoder how many tasks it lost, in how many two tokens contradict each other, and what one token at a time
// does to them.
func (s Summary) totals() (lines []string) {
	names := shorten(s.names())
	for _, l := range s.lost() {
		named, tried, saved := 0, 0, 0
		for _, f := range l.all {
			if f.Kind.Contradicts() {
				named++
			}
			if f.OneByOne != nil {
				tried++
				if *f.OneByOne {
					saved++
				}
			}
		}
		text := fmt.Sprintf("%s fails %s that %s passes; in %d of them two tokens of one forward contradict each other",
			names[l.decoder], plural(len(l.all), "task"), names[l.all[0].Base], named)
		if tried > 0 {
			text += fmt.Sprintf("; %d of %d pass when their tokens are committed one at a time", saved, tried)
		}
		lines = append(lines, text)
	}
	return lines
}

// worst are the failures to show, those with contradictions first: of the verdict's decoder where it lost any, else of the first
// that did.
func (s Summary) worst() []metric.Failure {
	all := s.lost()
	if len(all) == 0 {
		return nil
	}
	chosen := all[0].all
	for _, l := range all {
		if c := s.comparison(); c != nil && c.Head == l.decoder {
			chosen = l.all
		}
	}
	return surest(chosen)
}

// surest sorts failures, those in which two tokens contradict each other first.
func surest(failures []metric.Failure) []metric.Failure {
	rank := func(f metric.Failure) int {
		if f.Kind.Contradicts() {
			return 0
		}
		return 1
	}
	return slices.SortedStableFunc(slices.Values(failures), func(a, b metric.Failure) int { return rank(a) - rank(b) })
}

// failureLines are the section of a terminal: the totals, and the first few failures.
func failureLines(s Summary, width int) string {
	if len(s.Failures) == 0 {
		return ""
	}
	var b strings.Builder
	for _, line := range s.totals() {
		b.WriteString(table.Wrap(line, width, "  ") + "\n")
	}
	all := s.worst()
	for _, f := range all[:min(mostLines, len(all))] {
		b.WriteString("  " + table.Wrap(f.Task+": "+wrong(f), width-4, "    ") + "\n")
	}
	if more := len(s.Failures) - mostLines; more > 0 {
		fmt.Fprintf(&b, "  … and %d more in report.html\n", more)
	}
	return b.String()
}

// failureMarkdown is the section of a page in Markdown.
func failureMarkdown(s Summary) string {
	var b strings.Builder
	for _, line := range s.totals() {
		fmt.Fprintf(&b, "- %s\n", table.Escape(line))
	}
	all, more := failureTable(s)
	fmt.Fprintf(&b, "\n%s", all.Markdown())
	if more != "" {
		fmt.Fprintf(&b, "\n%s\n", more)
	}
	return b.String()
}

// failureTable is the table of a page, with a line that says how many it leaves out.
func failureTable(s Summary) (out table.Table, more string) {
	names := shorten(s.names())
	out = table.Table{{Name: "task", Left: true}, {Name: "decoder", Left: true}, {Name: "kind", Left: true}, {Name: "what went wrong", Left: true},
		{Name: "the judge said", Left: true}}
	shown := surest(s.Failures)
	for _, f := range shown[:min(mostRows, len(shown))] {
		for i, cell := range []string{f.Task, names[f.Decoder], kinds[f.Kind].label, wrong(f), string(f.Result) + detailed(f.Detail)} {
			out[i].Cells = append(out[i].Cells, cell)
		}
	}
	if n := len(shown) - mostRows; n > 0 {
		more = fmt.Sprintf("… and %d more in summary.json", n)
	}
	return out, more
}

func detailed(detail string) string {
	if detail == "" {
		return ""
	}
	return ": " + detail
}
