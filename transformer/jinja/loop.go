package jinja

// A loop is what a body knows of the loop that it stands in.
type loop struct {
	items []any
	at    int
	last  any // what changed was asked of before
	asked bool
}

func (p *parser) loop() statement {
	names := p.targets()
	p.expectName("in")
	over := p.tupleOf((*parser).or)
	var test expression
	if p.skipName("if") {
		test = p.expression()
	}
	if p.skipName("recursive") {
		fail("recursive loops are not supported")
	}
	p.end()
	p.loops++
	body, end := p.body("else", "endfor")
	p.loops--
	var otherwise []statement
	if end == "else" {
		p.end()
		otherwise, _ = p.body("endfor")
	}
	p.end()
	return func(f *frame) signal { return f.loop(names, over(f), test, body, otherwise) }
}

// loop runs a body for each item that passes the test, each time in a scope of its own.
func (f *frame) loop(names []string, over any, test expression, body, otherwise []statement) signal {
	l := &loop{}
	for _, item := range iterate(over) {
		scope := f.inner(f.out)
		scope.set(names, item)
		if test == nil || truth(test(scope)) {
			l.items = append(l.items, item)
		}
	}
	if len(l.items) == 0 {
		return f.inner(f.out).execute(otherwise)
	}
	for i, item := range l.items {
		l.at = i
		scope := f.inner(f.out)
		scope.names["loop"] = l
		scope.set(names, item)
		if scope.execute(body) == breaks {
			break
		}
	}
	return onward
}

// attribute is loop.name.
func (l *loop) attribute(name string) any {
	n := len(l.items)
	switch name {
	case "index":
		return int64(l.at + 1)
	case "index0":
		return int64(l.at)
	case "revindex":
		return int64(n - l.at)
	case "revindex0":
		return int64(n - l.at - 1)
	case "first":
		return l.at == 0
	case "last":
		return l.at == n-1
	case "length":
		return int64(n)
	case "depth": // of recursion alone
		return int64(1)
	case "depth0":
		return int64(0)
	case "previtem":
		if l.at > 0 {
			return l.items[l.at-1]
		}
	case "nextitem":
		if l.at < n-1 {
			return l.items[l.at+1]
		}
	case "cycle":
		return function(func(a arguments) any {
			if len(a.values) == 0 {
				fail("loop.cycle needs a value")
			}
			return a.values[l.at%len(a.values)]
		})
	case "changed":
		return function(func(a arguments) any {
			now := tuple(a.values)
			same := l.asked && equal(l.last, now)
			l.last, l.asked = now, true
			return !same
		})
	}
	return undefined{"loop." + name}
}
