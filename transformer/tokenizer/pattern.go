package tokenizer

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A node is a part of a regular expression.
type node struct {
	op       op
	set      set    // of one
	parts    []node // of sequence and choice; of the others, whose part is one node
	min, max int    // of repeat; max -1 is any number
	lazy     bool   // of repeat: as few as possible
	negative bool   // of ahead
}

type op int

const (
	one        op = iota // a character of set
	sequence             // parts, one after another
	choice               // the first of parts with which the rest of the pattern matches
	repeat               // parts[0], min to max times
	possessive           // parts[0], which gives nothing back
	ahead                // parts[0] follows, or does not, and is not taken
	lineEnd
	lineStart
)

// parsePattern reads a regular expression in the syntax of Oniguruma (Ruby), which Hugging Face's tokenizers use: characters,
// classes, groups, quantifiers of all three kinds, lookahead, (?i:). What else there is, an error names.
func parsePattern(pattern string) (node, error) {
	p := parser{rest: pattern}
	n := p.choice()
	if p.err == nil && p.rest != "" {
		p.fail("a ) too many")
	}
	if p.err != nil {
		return node{}, fmt.Errorf("pattern %q, %d bytes from its end: %w", pattern, len(p.rest), p.err)
	}
	return n, nil
}

// A parser reads a pattern from left to right. After the first error it takes in nothing more.
type parser struct {
	rest     string
	anyCase  bool // within (?i:)
	previous rune // within (?i:) the letter just read, else 0
	depth    int  // of groups
	err      error
}

func (p *parser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf(format+" is not supported", args...)
	}
}

// accept takes s if it comes next.
func (p *parser) accept(s string) bool {
	if p.err != nil || !strings.HasPrefix(p.rest, s) {
		return false
	}
	p.rest = p.rest[len(s):]
	return true
}

// more says whether a part follows that is none of stops.
func (p *parser) more(stops string) bool {
	return p.err == nil && p.rest != "" && !strings.ContainsRune(stops, rune(p.rest[0]))
}

// next takes a character.
func (p *parser) next() rune {
	r, width := utf8.DecodeRuneInString(p.rest)
	if width == 0 {
		p.fail("an end here")
	}
	p.rest = p.rest[width:]
	return r
}

func (p *parser) choice() node {
	n := node{op: choice, parts: []node{p.sequence()}}
	for p.accept("|") {
		n.parts = append(n.parts, p.sequence())
	}
	if len(n.parts) == 1 {
		return n.parts[0]
	}
	return n
}

func (p *parser) sequence() node {
	n := node{op: sequence}
	for p.previous = 0; p.more("|)"); {
		n.parts = append(n.parts, p.quantified(p.atom()))
	}
	p.previous = 0
	return n
}

// quantified takes the quantifiers behind a part.
func (p *parser) quantified(of node) node {
	n := node{op: repeat, parts: []node{of}, max: -1}
	switch {
	case p.accept("?"):
		n.max = 1
	case p.accept("*"):
	case p.accept("+"):
		n.min = 1
	case p.accept("{"):
		n.min, n.max = p.bounds()
		n.lazy = n.min != n.max && p.accept("?")
		if p.more("") && strings.ContainsRune("?*+{", rune(p.rest[0])) {
			p.fail("%q behind {}", p.rest[:1])
		}
		p.previous = 0
		return n
	default:
		return of
	}
	p.previous = 0
	if n.lazy = p.accept("?"); !n.lazy && p.accept("+") {
		n = node{op: possessive, parts: []node{n}}
	}
	if p.more("") && strings.ContainsRune("?*+{", rune(p.rest[0])) {
		p.fail("a quantifier behind another")
	}
	return n
}

// bounds takes what follows {: n}, n,}, n,m} or ,m}.
func (p *parser) bounds() (low, high int) {
	text, rest, closed := strings.Cut(p.rest, "}")
	first, second, two := strings.Cut(text, ",")
	if two && first == "" && second != "" {
		first = "0"
	}
	low, err := strconv.Atoi(first)
	if high = low; two {
		if high = -1; second != "" {
			var err2 error
			high, err2 = strconv.Atoi(second)
			err = errors.Join(err, err2)
		}
	}
	const most = 1000
	if !closed || err != nil || low < 0 || low > most || high > most || high >= 0 && high < low {
		p.fail("the quantifier {%s}", text)
		return 0, 0
	}
	p.rest = rest
	return low, high
}

// groups are the openings of groups and what they make of their inside.
var groups = []struct {
	opening string
	node    node
}{
	{"(?:", node{op: sequence}},
	{"(?>", node{op: possessive}},
	{"(?=", node{op: ahead}},
	{"(?!", node{op: ahead, negative: true}},
	{"(?i:", node{op: sequence}},
}

func (p *parser) atom() node {
	for _, g := range groups {
		if p.accept(g.opening) {
			return p.group(g.node, p.anyCase || g.opening == "(?i:")
		}
	}
	switch {
	case strings.HasPrefix(p.rest, "(?"):
		p.fail("the group %q", p.rest[:min(len(p.rest), 4)])
	case p.accept("("):
		return p.group(node{op: sequence}, p.anyCase)
	case p.accept("["):
		return node{op: one, set: p.class()}
	case p.accept("."):
		return node{op: one, set: set{not: true, ranges: [][2]rune{{'\n', '\n'}}}.done()}
	case p.accept("$"):
		return node{op: lineEnd}
	case p.accept("^"):
		return node{op: lineStart}
	case p.accept(`\`):
		return node{op: one, set: p.escape().done()}
	case strings.ContainsRune("?*+{", rune(p.rest[0])):
		p.fail("a quantifier behind nothing")
	}
	return node{op: one, set: p.literal(p.next()).done()}
}

// mostDepth is how deep groups may lie within groups.
const mostDepth = 5

// group takes the inside of a group and its end.
func (p *parser) group(n node, anyCase bool) node {
	if p.depth++; p.depth > mostDepth {
		p.fail("such a deep group")
	}
	before := p.anyCase
	p.anyCase = anyCase
	n.parts = []node{p.choice()}
	p.anyCase = before
	p.depth--
	if !p.accept(")") {
		p.fail("a ( without its )")
	}
	return n
}
