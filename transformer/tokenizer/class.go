package tokenizer

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// folds are the pairs of letters that are one character in another case, such as ß, so that (?i:) would match those, too.
const folds = "ss st ff fi fl"

// literal is the set of one character, and of its other cases within (?i:).
func (p *parser) literal(r rune) set {
	c := set{ranges: [][2]rune{{r, r}}}
	if !p.anyCase {
		return c
	}
	if r >= utf8.RuneSelf {
		p.fail("%q without regard to case", r)
	}
	lower := unicode.ToLower(r)
	if p.previous != 0 && strings.Contains(folds, string([]rune{p.previous, lower})) {
		p.fail("%q without regard to case", []rune{p.previous, lower})
	}
	p.previous = lower
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		c.ranges = append(c.ranges, [2]rune{other, other})
	}
	return c
}

// class takes what follows [, to its ].
func (p *parser) class() set {
	var c set
	not := p.accept("^")
	if p.accept("]") {
		p.fail("an empty class")
	}
	for p.more("]") {
		if p.rest[0] == '[' || strings.HasPrefix(p.rest, "&&") {
			p.fail("%q within a class", p.rest[:min(len(p.rest), 2)])
			break
		}
		item := p.item()
		if !p.accept("-") {
			c.add(item)
			continue
		}
		if !p.more("]") { // it stands for itself
			c.add(item)
			c.add(set{ranges: [][2]rune{{'-', '-'}}})
			continue
		}
		c.add(p.between(item, p.item()))
	}
	if !p.accept("]") {
		p.fail("a [ without its ]")
	}
	c.not = not
	return c.done()
}

// item takes a character or an escape of a class.
func (p *parser) item() set {
	p.previous = 0 // characters of a class do not follow one another
	if p.accept(`\`) {
		return p.escape()
	}
	return p.literal(p.next())
}

// between is the range from one character to another.
func (p *parser) between(first, last set) set {
	single := func(c set) bool { return c.cats == 0 && len(c.ranges) == 1 && c.ranges[0][0] == c.ranges[0][1] }
	if !single(first) || !single(last) || first.ranges[0][0] > last.ranges[0][0] {
		p.fail("such a range of a class")
		return set{}
	}
	return set{ranges: [][2]rune{{first.ranges[0][0], last.ranges[0][0]}}}
}

// classes are the escapes that stand for a set.
var classes = map[rune]set{'s': space, 'S': nonSpace, 'd': digit, 'D': nonDigit, 'w': word}

// escapes are the characters that have a letter for them.
var escapes = map[rune]rune{'t': '\t', 'n': '\n', 'r': '\r', 'f': '\f', 'v': '\v', 'a': '\a', 'e': 0x1b}

// escape takes what follows \.
func (p *parser) escape() set {
	switch r := p.next(); {
	case classes[r].cats != 0:
		return classes[r]
	case r == 'p' || r == 'P':
		return p.property(r == 'P')
	case r == 'x' || r == 'u':
		return p.literal(p.hex(r))
	case escapes[r] != 0:
		return p.literal(escapes[r])
	case r < utf8.RuneSelf && !unicode.IsLetter(r) && !unicode.IsDigit(r):
		return p.literal(r)
	default:
		p.fail(`the escape \%c`, r)
		return set{}
	}
}

// property takes {L} and the like.
func (p *parser) property(not bool) set {
	name, rest, closed := strings.Cut(strings.TrimPrefix(p.rest, "{"), "}")
	negated := strings.HasPrefix(name, "^")
	name = strings.TrimPrefix(name, "^")
	cats := categoriesOf(name)
	if !strings.HasPrefix(p.rest, "{") || !closed || name == "" || cats == 0 || p.anyCase {
		p.fail("the property %q", name)
		return set{}
	}
	p.rest = rest
	if not != negated {
		cats = ^cats
	}
	return set{cats: cats}
}

// hex takes the code point of \xHH, \x{H...} or \uHHHH.
func (p *parser) hex(kind rune) rune {
	digits, rest := "", ""
	switch {
	case strings.HasPrefix(p.rest, "{"):
		digits, rest, _ = strings.Cut(p.rest[1:], "}")
	case kind == 'x' && len(p.rest) >= 2:
		digits, rest = p.rest[:2], p.rest[2:]
	case kind == 'u' && len(p.rest) >= 4:
		digits, rest = p.rest[:4], p.rest[4:]
	}
	r, err := strconv.ParseUint(digits, 16, 21)
	// Of two digits above 7f Oniguruma makes a byte and no character.
	if err != nil || !utf8.ValidRune(rune(r)) || len(digits) == 2 && kind == 'x' && r >= utf8.RuneSelf {
		p.fail(`\%c%s`, kind, digits)
		return 0
	}
	p.rest = rest
	return rune(r)
}
