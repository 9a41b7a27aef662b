package jinja

// A parameter of a macro; fallback is nil where it has none.
type parameter struct {
	name     string
	fallback expression
}

func (p *parser) macro() statement {
	name := p.name("a macro's name")
	p.expect("(")
	var parameters []parameter
	for !p.skip(")") {
		if len(parameters) > 0 {
			p.expect(",")
		}
		one := parameter{name: p.name("a parameter")}
		if p.skip("=") {
			one.fallback = p.expression()
		}
		parameters = append(parameters, one)
	}
	outer, loops := p.names, p.loops
	p.names, p.loops = map[string]bool{}, 0
	body := p.block("endmacro")
	used := p.names
	p.names, p.loops = outer, loops
	if used["caller"] {
		fail("caller, and call blocks, are not supported")
	}
	return func(f *frame) signal {
		f.names[name] = function(func(a arguments) any { return f.call(name, parameters, body, used, a) })
		return onward
	}
}

// call runs a macro and returns what it writes. Arguments beyond its parameters are allowed where it uses varargs or kwargs.
func (f *frame) call(name string, parameters []parameter, body []statement, used map[string]bool, a arguments) any {
	if f.run.calls++; f.run.calls > maxNested {
		fail("macro %s calls itself without end", name)
	}
	defer func() { f.run.calls-- }()
	inner := f.inner(&output{run: f.run})
	for i, one := range parameters {
		v, named := a.named.take(one.name)
		switch {
		case i < len(a.values) && named:
			fail("macro %s gets %s twice", name, one.name)
		case i < len(a.values):
			v = a.values[i]
		case !named && one.fallback != nil:
			v = one.fallback(inner)
		case !named:
			v = undefined{one.name}
		}
		inner.names[one.name] = v
	}
	if more := a.values[min(len(parameters), len(a.values)):]; used["varargs"] {
		inner.names["varargs"] = tuple(more)
	} else if len(more) > 0 {
		fail("macro %s takes %d arguments, not %d", name, len(parameters), len(a.values))
	}
	if used["kwargs"] {
		inner.names["kwargs"] = a.named
	} else if len(a.named.keys) > 0 {
		fail("macro %s takes no argument %s", name, str(a.named.keys[0]))
	}
	line := f.run.line
	inner.execute(body)
	f.run.line = line
	return inner.out.String()
}
