package jinja

import (
	"slices"
	"strings"
	"time"
)

// A run is one rendering.
type run struct {
	now    time.Time
	strict bool
	line   int
	steps  int
	calls  int // macros within each other
	size   int // bytes written
}

// output is where a frame writes.
type output struct {
	strings.Builder
	run *run
}

func (o *output) write(text string) {
	if o.run.size += len(text); o.run.size > maxOutput {
		fail("the text has more than %d bytes", maxOutput)
	}
	o.WriteString(text)
}

// A frame holds the names of a scope: the template's, a loop's body's, a macro's. Conditions have none of their own.
type frame struct {
	run   *run
	outer *frame
	names map[string]any
	out   *output
}

func (f *frame) inner(out *output) *frame {
	return &frame{run: f.run, outer: f, names: map[string]any{}, out: out}
}

// get is the value of a name, an undefined where there is none.
func (f *frame) get(name string) any {
	for ; f != nil; f = f.outer {
		if v, ok := f.names[name]; ok {
			return v
		}
	}
	return undefined{name}
}

// A signal says how a statement ended.
type signal int

const (
	onward signal = iota
	breaks
	continues
)

// A statement is a parsed one.
type statement func(f *frame) signal

// execute runs statements until one of them leaves a loop.
func (f *frame) execute(body []statement) signal {
	for _, s := range body {
		if f.run.steps++; f.run.steps > maxSteps {
			fail("it takes more than %d steps", maxSteps)
		}
		if end := s(f); end != onward {
			return end
		}
	}
	return onward
}

// captured is what statements write, in a scope of their own.
func (f *frame) captured(body []statement) string {
	inner := f.inner(&output{run: f.run})
	inner.execute(body)
	return inner.out.String()
}

// parser goes through the pieces, and the tokens of one of them.
type parser struct {
	pieces []piece
	tokens []token
	line   int
	nested int
	loops  int             // for-loops that are open
	names  map[string]bool // used in the macro that is open
}

// statements is the table of them. Each reads the rest of its tag, and its body.
var statements map[string]func(p *parser) statement

func init() { // they parse bodies, which look statements up
	statements = map[string]func(p *parser) statement{"if": (*parser).condition, "for": (*parser).loop, "set": (*parser).assignment,
		"macro": (*parser).macro, "filter": (*parser).filterBlock, "generation": (*parser).generation,
		"break": leave(breaks), "continue": leave(continues)}
}

// body reads up to the first tag of these names, whose name it takes, or to the end of the template where none is given.
func (p *parser) body(ends ...string) (body []statement, end string) {
	for len(p.pieces) > 0 {
		one := p.pieces[0]
		p.pieces, p.tokens, p.line = p.pieces[1:], one.tokens, one.line
		switch one.kind {
		case 't':
			body = append(body, func(f *frame) signal { f.out.write(one.text); return onward })
		case '{':
			e := p.tuple()
			p.end()
			body = append(body, func(f *frame) signal {
				f.run.line = one.line
				v := e(f)
				if u, ok := v.(undefined); ok && f.run.strict {
					fail("%s is undefined", u.name)
				}
				f.out.write(str(v))
				return onward
			})
		default:
			name := p.name("a statement")
			if slices.Contains(ends, name) {
				return body, name
			}
			parse := statements[name]
			if parse == nil {
				fail("statement %q is not supported here", name)
			}
			s := parse(p)
			body = append(body, func(f *frame) signal { f.run.line = one.line; return s(f) })
		}
	}
	if len(ends) > 0 {
		fail("%s is missing", strings.Join(ends, " or "))
	}
	return body, ""
}

// block is a body with one end, which has nothing else in its tag.
func (p *parser) block(end string) []statement {
	p.end()
	body, _ := p.body(end)
	p.end()
	return body
}

func (p *parser) condition() statement {
	type branch struct {
		test expression
		body []statement
	}
	var branches []branch
	for end := "if"; end != "endif"; {
		b := branch{test: func(*frame) any { return true }}
		if end != "else" {
			b.test = p.tupleOf((*parser).or)
		}
		p.end()
		if end == "else" {
			b.body, end = p.body("endif")
		} else {
			b.body, end = p.body("elif", "else", "endif")
		}
		branches = append(branches, b)
	}
	p.end()
	return func(f *frame) signal {
		for _, b := range branches {
			if truth(b.test(f)) {
				return f.execute(b.body)
			}
		}
		return onward
	}
}

func leave(s signal) func(p *parser) statement {
	return func(p *parser) statement {
		if p.end(); p.loops == 0 {
			fail("break and continue stand outside of a loop")
		}
		return func(*frame) signal { return s }
	}
}

// targets are the names that a loop or an assignment sets.
func (p *parser) targets() (names []string) {
	for {
		names = append(names, p.name("a name to set"))
		if !p.skip(",") {
			return names
		}
	}
}

// set gives names their values: the elements of the value where there are several names.
func (f *frame) set(names []string, v any) {
	values := []any{v}
	if len(names) > 1 {
		if values = iterate(v); len(values) != len(names) {
			fail("%d values cannot be given to %d names", len(values), len(names))
		}
	}
	for i, name := range names {
		f.names[name] = values[i]
	}
}

func (p *parser) assignment() statement {
	names, attribute := p.targets(), ""
	if len(names) == 1 && p.skip(".") {
		attribute = p.name("an attribute")
	}
	set := func(f *frame, v any) {
		if attribute == "" {
			f.set(names, v)
			return
		}
		space, ok := f.get(names[0]).(*namespace)
		if !ok {
			fail("%s is no namespace, and only one's attributes can be set", names[0])
		}
		space.set(attribute, v)
	}
	if p.skip("=") {
		value := p.tuple()
		p.end()
		return func(f *frame) signal { set(f, value(f)); return onward }
	}
	filter := p.filters(func(f *frame) any { return f.get(filtered) })
	body := p.block("endset")
	return func(f *frame) signal { set(f, filterText(f, filter, body)); return onward }
}

// filtered is the name under which a block's text reaches its filters; no template can write it.
const filtered = "the text of a block"

func filterText(f *frame, filter expression, body []statement) any {
	inner := f.inner(nil)
	inner.names[filtered] = f.captured(body)
	return filter(inner)
}

func (p *parser) filterBlock() statement {
	p.tokens = append([]token{{'o', "|"}}, p.tokens...)
	filter := p.filters(func(f *frame) any { return f.get(filtered) })
	body := p.block("endfilter")
	return func(f *frame) signal { f.out.write(str(filterText(f, filter, body))); return onward }
}

// generation marks what the model has written; it changes nothing of the text.
func (p *parser) generation() statement {
	loops := p.loops
	p.loops = 0
	body := p.block("endgeneration")
	p.loops = loops
	return func(f *frame) signal { f.out.write(f.captured(body)); return onward }
}
