package metric

import (
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"

	"tandem/record"
)

// An output is a failed text as the rules of contradictions.go look at it: its tokens with their forwards, and the words of what was
// judged as a program.
type output struct {
	failed, base record.Record
	at           []int  // of each useful token, the forward that committed it; -1 for none
	words        []word // of the program; none where the text holds none
}

// A word is a name, a number, a string, an operator, a bracket or the end of a line.
type word struct {
	text        string
	first, last int // tokens that its characters stand in
	line        int // of the program that was judged, from 1
}

// wordPattern reads Python's words; strings first, then names and numbers, then operators, the longest first.
var wordPattern = regexp.MustCompile(`(?s)(?:[rRbBfFuU]{1,2})?(?:"""(?:.*?""")?|'''(?:.*?''')?|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|#[^\n]*|` +
	`[\pL_][\pL\pN_]*|\d[\pL\pN_.]*|\n|\*\*=?|//=?|<<=?|>>=?|:=|->|\.\.\.|[-+*/%@&|^<>=!]=?|[^\s]`)

func newOutput(failed, base record.Record) *output {
	o := &output{failed: failed, base: base, at: make([]int, failed.Tokens)}
	all := committedAt(failed.Trace)
	for pos := range o.at {
		o.at[pos] = -1
		if pos < len(all) {
			o.at[pos] = all[pos]
		}
	}
	o.read()
	return o
}

// read cuts the program into words. It is the part of the text that the judge ran: all of it where it goes on with the prompt,
// the code block of a chat answer.
func (o *output) read() {
	var ends []int // of each token in the text
	var b strings.Builder
	for _, piece := range o.failed.Pieces[:o.failed.Tokens] {
		b.WriteString(piece)
		ends = append(ends, b.Len())
	}
	text, program := b.String(), o.failed.Answer
	from, to, lines := 0, len(text), 1
	if whole := strings.TrimRight(text, " \n"); whole != "" && strings.Contains(program, whole) {
		lines += strings.Count(program[:strings.Index(program, whole)], "\n")
	} else if inner := strings.TrimSpace(program); inner != "" && strings.Contains(text, inner) {
		from = strings.Index(text, inner)
		to = from + len(inner)
	} else {
		return
	}
	for _, span := range wordPattern.FindAllStringIndex(text[from:to], -1) {
		token := func(at int) int { return sort.SearchInts(ends, from+at+1) }
		w := word{text: text[from:to][span[0]:span[1]], first: token(span[0]), last: token(span[1] - 1), line: lines}
		lines += strings.Count(w.text, "\n")
		if !strings.HasPrefix(w.text, "#") {
			o.words = append(o.words, w)
		}
	}
}

// parallel are two tokens, one of each word, that one forward committed.
func (o *output) parallel(a, b word) (pair [2]int, ok bool) {
	for i := a.first; i <= a.last; i++ {
		for j := b.first; j <= b.last; j++ {
			if i != j && o.at[i] == o.at[j] && o.at[i] >= 0 {
				return [2]int{i, j}, true
			}
		}
	}
	return pair, false
}

// isResult says whether the judge found this.
func (o *output) isResult(r record.Result) bool {
	return o.failed.Verdict != nil && o.failed.Verdict.Result == r
}

// missing names the name of a NameError, or of an UnboundLocalError.
var missing = regexp.MustCompile(`(?:NameError: name|UnboundLocalError: cannot access local variable|local variable) '([^']+)'`)

// unbound finds a use of the name that Python does not know beside a binding that the same forward wrote: of a name that nothing
// uses first, else the nearest; or two tokens that make up the name.
func (o *output) unbound() (pair [2]int, ok bool) {
	if !o.isResult(record.RuntimeError) {
		return pair, false
	}
	name := missing.FindStringSubmatch(o.failed.Verdict.Detail)
	if name == nil {
		return pair, false
	}
	used := map[string]int{}
	for i, w := range o.words {
		if !o.binds(i) {
			used[w.text]++
		}
	}
	best := -1 << 30
	for i, use := range o.words {
		if use.text != name[1] || o.binds(i) || i > 0 && o.words[i-1].text == "." {
			continue
		}
		if one, glued := o.glued(use); glued {
			return one, true
		}
		for k, bound := range o.words {
			if !o.binds(k) {
				continue
			}
			rank := -abs(i - k)
			if used[bound.text] == 0 {
				rank += 1 << 20
			}
			if one, together := o.parallel(use, bound); together && rank > best {
				best, pair, ok = rank, one, true
			}
		}
	}
	return pair, ok
}

// glued finds two tokens of one forward that make up a name, one of which is the whole name of something that is bound.
func (o *output) glued(name word) (pair [2]int, ok bool) {
	for k, w := range o.words {
		for i := name.first; i <= name.last && o.binds(k); i++ {
			if strings.TrimSpace(o.failed.Pieces[i]) == w.text {
				if pair, ok = o.parallel(name, name); ok {
					return pair, true
				}
			}
		}
	}
	return pair, false
}

func abs(n int) int { return max(n, -n) }

// binds says whether a word is a name that is bound there: name =, name +=, for name in, for name, name in.
func (o *output) binds(i int) bool {
	if !isName(o.words[i].text) {
		return false
	}
	next := o.word(i + 1)
	if next == "=" || next == ":=" || strings.HasSuffix(next, "=") && len(next) > 1 && strings.ContainsAny(next[:1], "+-*/%&|^@") {
		return true
	}
	for k := i - 1; k >= 0; k-- {
		switch text := o.words[k].text; {
		case text == "for":
			return true
		case text != "," && text != "(" && !isName(text):
			return false
		}
	}
	return false
}

// word is the text of a word, empty where there is none.
func (o *output) word(i int) string {
	if i < 0 || i >= len(o.words) {
		return ""
	}
	return o.words[i].text
}

// hasLetter finds tokens that no language writes twice in a row.
var hasLetter = regexp.MustCompile(`\pL`)

// longestRun is how many tokens a run may have to be looked for a second time right behind itself.
const longestRun = 8

// repeated finds tokens that stand twice in a row although the baseline never writes them so: a run and the same run behind it,
// with a token and its double from one forward. Only runs with a letter count, but in a syntax error any that is no empty line.
func (o *output) repeated() (pair [2]int, ok bool) {
	pieces := o.failed.Pieces[:len(o.at)]
	for n := 1; n <= longestRun; n++ {
		for i := n; i+n <= len(pieces); i++ {
			run := pieces[i-n : i]
			text := strings.Join(run, "")
			empty := strings.TrimSpace(text) == "" && strings.Contains(text, "\n")
			if !slices.Equal(run, pieces[i:i+n]) || empty || !o.isResult(record.SyntaxError) && !hasLetter.MatchString(text) ||
				hasDouble(o.base.Pieces[:o.base.Tokens], run) {
				continue
			}
			for k := i - n; k < i; k++ {
				if o.at[k] == o.at[k+n] && o.at[k] >= 0 {
					return [2]int{k, k + n}, true
				}
			}
		}
	}
	return pair, false
}

// hasDouble says whether a run stands twice in a row.
func hasDouble(pieces, run []string) bool {
	n := len(run)
	for i := n; i+n <= len(pieces); i++ {
		if slices.Equal(pieces[i-n:i], run) && slices.Equal(pieces[i:i+n], run) {
			return true
		}
	}
	return false
}

// seam finds two neighbours of one forward where the text leaves the baseline's, if it goes on as the baseline does but for one
// token: that is missing between the two, or one of the two is too many. Two more tokens, or the end, say that it goes on so.
func (o *output) seam() (pair [2]int, ok bool) {
	own, base := o.failed.Pieces[:len(o.at)], o.base.Pieces[:o.base.Tokens]
	d := o.departure()
	if d == nil || d.Pos == 0 || d.Pos >= len(own) {
		return pair, false
	}
	goesOn := func(own, base []string) bool {
		return len(own) > 0 && len(base) > 0 && slices.Equal(own[:min(2, len(own))], base[:min(2, len(base))])
	}
	missing := d.Pos < len(base) && goesOn(own[d.Pos:], base[d.Pos+1:])
	extra := goesOn(own[d.Pos+1:], base[min(d.Pos, len(base)):])
	for _, i := range []int{d.Pos, d.Pos + 1} {
		if (missing && i == d.Pos || extra) && i < len(own) && o.at[i-1] == o.at[i] && o.at[i] >= 0 {
			return [2]int{i - 1, i}, true
		}
	}
	return pair, false
}

// lineNumber is where Python's parser gave up.
var lineNumber = regexp.MustCompile(`\(line (\d+)\)`)

// badLine is the forward that committed most tokens of the line at which the parser gave up, at least two.
func (o *output) badLine() (forward int, ok bool) {
	if !o.isResult(record.SyntaxError) {
		return 0, false
	}
	found := lineNumber.FindStringSubmatch(o.failed.Verdict.Detail)
	if found == nil {
		return 0, false
	}
	number, _ := strconv.Atoi(found[1])
	first, last := len(o.at), -1
	for _, w := range o.words {
		if w.line == number {
			first, last = min(first, w.first), max(last, w.last)
		}
	}
	counts, most := map[int]int{}, 1
	for i := first; i <= last; i++ {
		if at := o.at[i]; at >= 0 {
			if counts[at]++; counts[at] > most {
				forward, most = at, counts[at]
			}
		}
	}
	return forward, most > 1
}
