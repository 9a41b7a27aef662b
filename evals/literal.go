package evals

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Values of the calls: nil, bool, string, *big.Int, float64, []any, tuple, map[string]any.
type tuple []any

// A call is one function call with its named arguments.
type call struct {
	name      string
	arguments map[string]any
}

// maxDepth bounds how deep values nest.
const maxDepth = 64

// parseCalls reads Python's [f(a=1), g.h(b=[2, "x"])] or one call alone. The text is parsed and never run.
func parseCalls(text string) ([]call, error) {
	p := &parser{rest: text}
	list := p.take("[")
	var calls []call
	for !p.take("]") {
		if len(calls) > 0 && (!list || !p.take(",")) {
			return nil, p.unexpected()
		}
		if list && p.take("]") {
			break
		}
		c, err := p.call()
		if err != nil {
			return nil, err
		}
		calls = append(calls, c)
		if p.skip(); !list && p.rest == "" {
			return calls, nil
		}
	}
	if p.skip(); p.rest != "" {
		return nil, p.unexpected()
	}
	return calls, nil
}

// A parser reads a text from its beginning.
type parser struct {
	rest  string
	depth int
}

func (p *parser) skip() {
	for {
		p.rest = strings.TrimLeft(p.rest, " \t\r\n")
		if !strings.HasPrefix(p.rest, "#") {
			return
		}
		_, p.rest, _ = strings.Cut(p.rest, "\n")
	}
}

// take consumes the mark if it comes next.
func (p *parser) take(mark string) bool {
	p.skip()
	rest, ok := strings.CutPrefix(p.rest, mark)
	if ok {
		p.rest = rest
	}
	return ok
}

func (p *parser) unexpected() error {
	if p.skip(); p.rest == "" {
		return errors.New("it ends within a call")
	}
	return fmt.Errorf("unexpected %.20q", p.rest)
}

// name reads a dotted name; empty: there is none.
func (p *parser) name() string {
	p.skip()
	end := strings.IndexFunc(p.rest, func(r rune) bool { return r != '_' && r != '.' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if end < 0 {
		end = len(p.rest)
	}
	if end == 0 || isDigit(p.rest[0]) || p.rest[0] == '.' {
		return ""
	}
	name := p.rest[:end]
	p.rest = p.rest[end:]
	return name
}

func (p *parser) call() (call, error) {
	c := call{name: p.name(), arguments: map[string]any{}}
	if c.name == "" || !p.take("(") {
		return c, p.unexpected()
	}
	for n := 0; !p.take(")"); n++ {
		if n > 0 && !p.take(",") {
			return c, p.unexpected()
		}
		if n > 0 && p.take(")") {
			break
		}
		before := p.rest
		key := p.name()
		if key == "" || !p.take("=") {
			return c, fmt.Errorf("%s is called with an argument that is not named: %.20q", c.name, before)
		}
		if _, twice := c.arguments[key]; twice {
			return c, fmt.Errorf("%s is given %s twice", c.name, key)
		}
		value, err := p.value()
		if err != nil {
			return c, err
		}
		c.arguments[key] = value
	}
	return c, nil
}

// value reads a literal; a bare name stands for a variable and is read as its text, as BFCL does.
func (p *parser) value() (any, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, fmt.Errorf("more than %d values within each other", maxDepth)
	}
	defer func() { p.depth-- }()
	if p.skip(); p.rest == "" {
		return nil, p.unexpected()
	}
	switch c := p.rest[0]; {
	case c == '[':
		items, err := p.items("[", "]")
		return items, err
	case c == '(':
		return p.parenthesis()
	case c == '{':
		return p.dict()
	case c == '"' || c == '\'':
		return p.text()
	case isDigit(c) || c == '-' || c == '+' || c == '.':
		return p.number()
	}
	switch name := p.name(); name {
	case "":
		return nil, p.unexpected()
	case "True", "true":
		return true, nil
	case "False", "false":
		return false, nil
	case "None", "null":
		return nil, nil
	case "r", "b", "u", "f", "rb":
		if p.rest != "" && strings.ContainsRune(`"'`, rune(p.rest[0])) {
			return nil, fmt.Errorf("a string with the prefix %s is no plain text", name)
		}
		return name, nil
	default:
		return name, nil
	}
}

// items reads values with commas between them up to the closing mark.
func (p *parser) items(open, end string) ([]any, error) {
	items := []any{}
	p.take(open)
	for !p.take(end) {
		if len(items) > 0 && !p.take(",") {
			return nil, p.unexpected()
		}
		if len(items) > 0 && p.take(end) {
			break
		}
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		items = append(items, v)
	}
	return items, nil
}

// parenthesis reads a tuple, or the one value that stands in parentheses without a comma.
func (p *parser) parenthesis() (any, error) {
	before := p.rest
	items, err := p.items("(", ")")
	if err != nil {
		return nil, err
	}
	inside := before[:len(before)-len(p.rest)-1]
	if len(items) == 1 && !strings.HasSuffix(strings.TrimSpace(inside), ",") {
		return items[0], nil
	}
	return tuple(items), nil
}

func (p *parser) dict() (any, error) {
	dict := map[string]any{}
	p.take("{")
	for n := 0; !p.take("}"); n++ {
		if n > 0 && !p.take(",") {
			return nil, p.unexpected()
		}
		if n > 0 && p.take("}") {
			break
		}
		key, err := p.value()
		if err != nil {
			return nil, err
		}
		if !p.take(":") {
			return nil, p.unexpected()
		}
		value, err := p.value()
		if err != nil {
			return nil, err
		}
		dict[fmt.Sprint(key)] = value
	}
	return dict, nil
}

// number reads an integer or a float, with its sign.
func (p *parser) number() (any, error) {
	end := 1
	for end < len(p.rest) && (isDigit(p.rest[end]) || strings.ContainsRune("._eE", rune(p.rest[end])) ||
		strings.ContainsRune("+-", rune(p.rest[end])) && strings.ContainsRune("eE", rune(p.rest[end-1]))) {
		end++
	}
	text := strings.ReplaceAll(p.rest[:end], "_", "")
	if len(text) > maxDigits {
		return nil, fmt.Errorf("a number of more than %d digits", maxDigits)
	}
	var value any
	if whole, ok := new(big.Int).SetString(text, 10); ok {
		value = whole
	} else if f, err := strconv.ParseFloat(text, 64); err == nil {
		value = f
	} else {
		return nil, p.unexpected()
	}
	p.rest = p.rest[end:]
	return value, nil
}

// escapes of one character.
var escapes = map[byte]string{'n': "\n", 't': "\t", 'r': "\r", '\\': "\\", '\'': "'", '"': "\"", '0': "\x00", 'a': "\a", 'b': "\b", 'f': "\f", 'v': "\v", '\n': ""}

// text reads a string literal in any of Python's quotes; strings in a row are one.
func (p *parser) text() (any, error) {
	var b strings.Builder
	for p.skip(); p.rest != "" && (p.rest[0] == '"' || p.rest[0] == '\''); p.skip() {
		quote := p.rest[:1]
		if strings.HasPrefix(p.rest, strings.Repeat(quote, 3)) {
			quote = p.rest[:3]
		}
		p.rest = p.rest[len(quote):]
		for !strings.HasPrefix(p.rest, quote) {
			if p.rest == "" || len(quote) == 1 && p.rest[0] == '\n' {
				return nil, errors.New("a string has no end")
			}
			if p.rest[0] == '\\' && len(p.rest) > 1 {
				p.escape(&b)
				continue
			}
			_, n := utf8.DecodeRuneInString(p.rest)
			b.WriteString(p.rest[:n])
			p.rest = p.rest[n:]
		}
		p.rest = p.rest[len(quote):]
	}
	return b.String(), nil
}

// escape reads a backslash and what belongs to it; an unknown escape stays as it is, as in Python.
func (p *parser) escape(b *strings.Builder) {
	c := p.rest[1]
	if digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[c]; digits > 0 && len(p.rest) >= 2+digits {
		if code, err := strconv.ParseUint(p.rest[2:2+digits], 16, 32); err == nil {
			b.WriteRune(rune(code))
			p.rest = p.rest[2+digits:]
			return
		}
	}
	if plain, ok := escapes[c]; ok {
		b.WriteString(plain)
	} else {
		b.WriteString(p.rest[:2])
	}
	p.rest = p.rest[2:]
}
