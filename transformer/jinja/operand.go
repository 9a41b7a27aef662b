package jinja

// postfix reads the attributes, items and calls behind an operand.
func (p *parser) postfix(e expression) expression {
	for {
		of := e
		switch {
		case p.skip("."):
			if len(p.tokens) > 0 && p.tokens[0].kind == 'i' {
				index := number(p.tokens[0])
				p.tokens = p.tokens[1:]
				e = func(f *frame) any { return item(of(f), index(f)) }
				continue
			}
			name := p.name("an attribute")
			e = func(f *frame) any { return attribute(of(f), name) }
		case p.skip("["):
			e = p.subscript(of)
		case p.skip("("):
			call := p.arguments()
			e = func(f *frame) any {
				callee, ok := of(f).(function)
				if !ok {
					fail("%s cannot be called", describe(of(f)))
				}
				return callee(call(f))
			}
		default:
			return e
		}
	}
}

// subscript is an index or a slice, whose opening bracket was taken.
func (p *parser) subscript(of expression) expression {
	var parts [3]expression
	n := 0
	for ; n < 3; n++ {
		if !p.at(":") && !p.at("]") {
			parts[n] = p.expression()
		}
		if !p.skip(":") {
			break
		}
	}
	p.expect("]")
	if n == 0 {
		if parts[0] == nil {
			fail("an index was expected")
		}
		return func(f *frame) any {
			v := of(f)
			return item(v, parts[0](f))
		}
	}
	return func(f *frame) any {
		v, bounds := of(f), [3]any{}
		for i, part := range parts {
			if part != nil {
				bounds[i] = part(f)
			}
		}
		return slice(v, bounds[0], bounds[1], bounds[2])
	}
}

// arguments of a call.
type arguments struct {
	values []any
	named  *dict
}

// arguments reads those of a call, whose parenthesis was taken.
func (p *parser) arguments() func(f *frame) arguments {
	var names []string
	all := p.items(")", func(p *parser) expression {
		name := ""
		if len(p.tokens) > 1 && p.tokens[0].kind == 'n' && p.tokens[1] == (token{'o', "="}) {
			name = p.tokens[0].text
			p.tokens = p.tokens[2:]
		} else if len(names) > 0 && names[len(names)-1] != "" {
			fail("an argument without a name stands behind one with a name")
		}
		names = append(names, name)
		return p.expression()
	})
	return func(f *frame) arguments {
		a := arguments{named: &dict{}}
		for i, e := range all {
			if v := e(f); names[i] != "" {
				a.named.set(names[i], v)
			} else {
				a.values = append(a.values, v)
			}
		}
		return a
	}
}

// filters reads the filters, tests and calls behind an operand.
func (p *parser) filters(e expression) expression {
	for {
		switch of := e; {
		case p.skip("|"):
			name := p.name("a filter")
			filter := named(filterTable, "filter", name)
			call := func(*frame) arguments { return arguments{named: &dict{}} }
			if p.skip("(") {
				call = p.arguments()
			}
			e = func(f *frame) any {
				v := of(f)
				return called("filter "+name, filter, v, call(f))
			}
		case p.skipName("is"):
			e = p.test(of)
		case p.at("(") || p.at("[") || p.at("."):
			e = p.postfix(e)
		default:
			return e
		}
	}
}

// test is what follows "is".
func (p *parser) test(of expression) expression {
	negated := p.skipName("not")
	name := p.name("a test")
	test := named(testTable, "test", name)
	call := func(*frame) arguments { return arguments{named: &dict{}} }
	if p.skip("(") {
		call = p.arguments()
	} else if len(p.tokens) > 0 && (p.tokens[0].kind != 'o' || p.at("[") || p.at("{")) &&
		!p.at("else") && !p.at("or") && !p.at("and") && !p.at("if") && !p.at("is") && !p.at("in") && !p.at("not") {
		one := p.postfix(p.primary())
		call = func(f *frame) arguments { return arguments{values: []any{one(f)}, named: &dict{}} }
	}
	return func(f *frame) any {
		v := of(f)
		return truth(called("test "+name, test, v, call(f))) != negated
	}
}

// named is a filter or test of a table. One that is not there is an error where it is reached, as in Jinja.
func named(table map[string]func(any, *call) any, what, name string) func(any, *call) any {
	if f := table[name]; f != nil {
		return f
	}
	return func(any, *call) any { fail("%s %q is not supported", what, name); return nil }
}
