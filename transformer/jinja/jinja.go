// Package jinja renders the templates that turn messages and tasks into prompts: the part of Jinja 3.1 that chat templates use, in the
// environment that Hugging Face's transformers gives them (trim_blocks, lstrip_blocks, loop controls, its own tojson; values that a
// template cannot change).
//
//  1. Parse splits the source into text and tags (scan.go, token.go) and turns statements and expressions into functions
//     (statement.go, expression.go).
//  2. Render calls them over the variables. Values are those of Python: None, undefined, integers beside floats, characters and not
//     bytes (value.go, operate.go), with its methods, filters and tests (methods.go, filters.go, tests.go).
//
// A prompt must be right to the byte or not be at all. So whatever is not implemented is an error that names it, and what Python
// would refuse, such as a text plus None, is refused here.
//
// Note: libraries were compared with Jinja on 75 published templates and nine conversations before this was written.
// nikolalohinski/gonja 2.9.1 cannot parse a condition in parentheses (20 templates), finds no [-1] in a list of one, and takes `a in b | f`
// for `(a in b) | f`; ardanlabs/jinja 1.8.0 takes errors for empty texts. Both write another prompt in silence.
package jinja

import (
	"fmt"
	"time"
)

// The limits of a rendering, so that a template from elsewhere ends. They bound each value and not all of them together.
const (
	maxSource = 1 << 20    // bytes of a template
	maxOutput = 64 << 20   // bytes of what is written, and of a text
	maxItems  = 1 << 20    // items of a list that is made of two
	maxSteps  = 10_000_000 // statements
	maxNested = 200        // expressions within each other, and calls of macros
	maxDepth  = 1000       // lists and dicts within each other that are written or compared, as in Python
	maxRange  = 100_000    // as Jinja's sandbox has it
)

// A Template is parsed and may be rendered by many goroutines.
type Template struct {
	Strict bool // to write an undefined value is an error, as is what Jinja makes nothing of: a name that was mistyped
	body   []statement
}

// Parse reads a template. The error is one line and names the line of the source.
func Parse(source string) (t *Template, err error) {
	if len(source) > maxSource {
		return nil, fmt.Errorf("template of %d bytes: no published one has more than %d", len(source), maxSource)
	}
	p := &parser{line: 1}
	defer rescue(&err, &p.line)
	p.pieces = scan(source, &p.line)
	body, _ := p.body()
	return &Template{body: body}, nil
}

// Render returns the template's text for variables: nil (None), bool, int, float64, string, or what FromJSON and Object return. now
// is what strftime_now tells.
func (t *Template) Render(variables map[string]any, now time.Time) (text string, err error) {
	r := &run{now: now, strict: t.Strict}
	defer rescue(&err, &r.line)
	globals := &frame{run: r, names: map[string]any{}}
	for name, f := range functions {
		globals.names[name] = function(func(a arguments) any { return f(r, a) })
	}
	for name, v := range variables {
		globals.names[name] = plain(v)
	}
	f := globals.inner(&output{run: r})
	f.execute(t.body)
	return f.out.String(), nil
}

// plain is a variable as the templates' values have it.
func plain(v any) any {
	if n, ok := v.(int); ok {
		return int64(n)
	}
	return v
}

// A failure ends a parsing or a rendering; rescue makes an error of it. As in text/template, functions that may fail need no second
// result so.
type failure struct{ text string }

// fail ends the parsing or rendering.
func fail(format string, args ...any) { panic(failure{fmt.Sprintf(format, args...)}) }

// rescue is deferred: it turns a failure into an error that names the line.
func rescue(err *error, line *int) {
	switch f := recover().(type) {
	case nil:
	case failure:
		*err = fmt.Errorf("template line %d: %s", *line, f.text)
	default:
		panic(f)
	}
}
