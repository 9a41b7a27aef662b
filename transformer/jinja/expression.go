package jinja

import (
	"slices"
	"strconv"
)

// An expression gives its value in a frame.
type expression func(f *frame) any

// The tokens of a tag, one after another.

func (p *parser) at(text string) bool {
	return len(p.tokens) > 0 && p.tokens[0].kind != 's' && p.tokens[0].text == text
}

func (p *parser) skip(operator string) bool {
	if p.at(operator) && p.tokens[0].kind == 'o' {
		p.tokens = p.tokens[1:]
		return true
	}
	return false
}

func (p *parser) skipName(name string) bool {
	if p.at(name) && p.tokens[0].kind == 'n' {
		p.tokens = p.tokens[1:]
		return true
	}
	return false
}

// next says what stands next, for an error.
func (p *parser) next() string {
	if len(p.tokens) == 0 {
		return "the end of the tag"
	}
	return strconv.Quote(p.tokens[0].text)
}

func (p *parser) expect(operator string) {
	if !p.skip(operator) {
		fail("%q was expected, not %s", operator, p.next())
	}
}

func (p *parser) expectName(name string) {
	if !p.skipName(name) {
		fail("%q was expected, not %s", name, p.next())
	}
}

// name takes a name; what says what it is of.
func (p *parser) name(what string) string {
	if len(p.tokens) == 0 || p.tokens[0].kind != 'n' {
		fail("%s was expected, not %s", what, p.next())
	}
	name := p.tokens[0].text
	p.tokens = p.tokens[1:]
	return name
}

// end checks that the tag has no more tokens.
func (p *parser) end() {
	if len(p.tokens) > 0 {
		fail("the end of the tag was expected, not %s", p.next())
	}
}

// tuple is an expression, or several with commas between them.
func (p *parser) tuple() expression { return p.tupleOf((*parser).expression) }

func (p *parser) tupleOf(one func(*parser) expression) expression {
	first := one(p)
	if !p.at(",") {
		return first
	}
	all := []expression{first}
	for p.skip(",") {
		if len(p.tokens) == 0 || p.at(")") || p.at("=") || p.at("]") {
			break
		}
		all = append(all, one(p))
	}
	return func(f *frame) any { return tuple(f.all(all)) }
}

func (f *frame) all(expressions []expression) []any {
	values := make([]any, len(expressions))
	for i, e := range expressions {
		values[i] = e(f)
	}
	return values
}

// expression is a condition, the widest one: a if b else c.
func (p *parser) expression() expression {
	if p.nested++; p.nested > maxNested {
		fail("more than %d expressions stand within each other", maxNested)
	}
	defer func() { p.nested-- }()
	e := p.or()
	for p.skipName("if") {
		yes, test := e, p.or()
		no := func(*frame) any { return undefined{"the value of a condition without else"} }
		if p.skipName("else") {
			no = p.expression()
		}
		e = func(f *frame) any {
			if truth(test(f)) {
				return yes(f)
			}
			return no(f)
		}
	}
	return e
}

func (p *parser) or() expression {
	left := p.and()
	for p.skipName("or") {
		a, b := left, p.and()
		left = func(f *frame) any {
			if v := a(f); truth(v) {
				return v
			}
			return b(f)
		}
	}
	return left
}

func (p *parser) and() expression {
	left := p.not()
	for p.skipName("and") {
		a, b := left, p.not()
		left = func(f *frame) any {
			if v := a(f); !truth(v) {
				return v
			}
			return b(f)
		}
	}
	return left
}

func (p *parser) not() expression {
	negations := 0
	for p.skipName("not") {
		negations++
	}
	e := p.comparison()
	if negations == 0 {
		return e
	}
	return func(f *frame) any { return truth(e(f)) == (negations%2 == 0) }
}

// comparison is a chain such as a < b <= c, of which each pair must hold.
func (p *parser) comparison() expression {
	first := p.binary(0)
	var operators []string
	var others []expression
	for {
		operator := ""
		switch {
		case len(p.tokens) > 0 && p.tokens[0].kind == 'o' && slices.Contains([]string{"==", "!=", "<", "<=", ">", ">="}, p.tokens[0].text):
			operator = p.tokens[0].text
			p.tokens = p.tokens[1:]
		case p.skipName("in"):
			operator = "in"
		case p.at("not") && len(p.tokens) > 1 && p.tokens[1] == token{'n', "in"}:
			operator = "not in"
			p.tokens = p.tokens[2:]
		}
		if operator == "" {
			break
		}
		operators, others = append(operators, operator), append(others, p.binary(0))
	}
	if len(operators) == 0 {
		return first
	}
	return func(f *frame) any {
		left := first(f)
		for i, operator := range operators {
			right := others[i](f)
			if !compare(operator, left, right) {
				return false
			}
			left = right
		}
		return true
	}
}

// levels of the binary operators, the weakest first.
var levels = [][]string{{"+", "-"}, {"~"}, {"*", "/", "//", "%"}, {"**"}}

func (p *parser) binary(level int) expression {
	if level == len(levels) {
		return p.unary(true)
	}
	left := p.binary(level + 1)
	for len(p.tokens) > 0 && p.tokens[0].kind == 'o' && slices.Contains(levels[level], p.tokens[0].text) {
		operator := p.tokens[0].text
		p.tokens = p.tokens[1:]
		a, b := left, p.binary(level+1)
		left = func(f *frame) any {
			x := a(f)
			return operate(operator, x, b(f))
		}
	}
	return left
}

// unary is an operand with its sign, attributes and calls, and with its filters and tests, which a sign binds more strongly than.
func (p *parser) unary(filters bool) expression {
	var e expression
	switch {
	case p.skip("-"):
		of := p.unary(false)
		e = func(f *frame) any { return signed(of(f), -1) }
	case p.skip("+"):
		of := p.unary(false)
		e = func(f *frame) any { return signed(of(f), 1) }
	default:
		e = p.primary()
	}
	e = p.postfix(e)
	if filters {
		e = p.filters(e)
	}
	return e
}

var constants = map[string]any{"true": true, "True": true, "false": false, "False": false, "none": nil, "None": nil}

// primary is a literal, a name, or an expression in brackets.
func (p *parser) primary() expression {
	if len(p.tokens) == 0 {
		fail("a value was expected, not %s", p.next())
	}
	t := p.tokens[0]
	p.tokens = p.tokens[1:]
	switch {
	case t.kind == 'n':
		if v, ok := constants[t.text]; ok {
			return constant(v)
		}
		if p.names != nil {
			p.names[t.text] = true
		}
		if t.text == "self" {
			fail("self, the template's blocks, is not supported")
		}
		return func(f *frame) any { return f.get(t.text) }
	case t.kind == 's':
		for len(p.tokens) > 0 && p.tokens[0].kind == 's' {
			t.text += p.tokens[0].text
			p.tokens = p.tokens[1:]
		}
		return constant(t.text)
	case t.kind == 'i' || t.kind == 'f':
		return number(t)
	case t.text == "(":
		return p.parenthesis()
	case t.text == "[":
		items := p.items("]", (*parser).expression)
		return func(f *frame) any { return f.all(items) }
	case t.text == "{":
		return p.pairs()
	}
	fail("a value was expected, not %q", t.text)
	return nil
}

func constant(v any) expression { return func(*frame) any { return v } }

func number(t token) expression {
	if t.kind == 'i' {
		n, err := strconv.ParseInt(t.text, 10, 64)
		if err != nil || len(t.text) > 1 && t.text[0] == '0' {
			fail("bad number %s", t.text)
		}
		return constant(n)
	}
	v, err := strconv.ParseFloat(t.text, 64)
	if err != nil {
		fail("bad number %s", t.text)
	}
	return constant(v)
}

func (p *parser) parenthesis() expression {
	if p.skip(")") {
		return func(*frame) any { return tuple{} }
	}
	e := p.tuple()
	p.expect(")")
	return e
}

// items are expressions with commas between them, up to a bracket.
func (p *parser) items(end string, one func(*parser) expression) (all []expression) {
	for !p.skip(end) {
		if len(all) > 0 {
			if p.expect(","); p.skip(end) {
				break
			}
		}
		all = append(all, one(p))
	}
	return all
}

func (p *parser) pairs() expression {
	var keys []expression
	values := p.items("}", func(p *parser) expression {
		keys = append(keys, p.expression())
		p.expect(":")
		return p.expression()
	})
	return func(f *frame) any {
		d := &dict{}
		for i := range keys {
			key := keys[i](f)
			d.set(key, values[i](f))
		}
		return d
	}
}
