package basics

import "slices"

// A family is one shape of task. Its draw picks the operations; the rest of the task is written only when
// the composition belongs to the part that is being generated.
type family struct {
	name string
	draw func(d *dice) draft
}

// A draft is a composition of a family's operations, not yet written down.
type draft struct {
	ops   []string // the names of the operations, in the family's order
	write func(d *dice) source
}

// A source is everything that a prompt, a solution and a test are made of.
type source struct {
	names []string // names that suit the function
	about string   // the description; a line break starts a new line of the docstring
	args  []arg
	body  string // Python at the first level of indentation; {f} is the function's name
	eval  func(args []any) any
}

// families are all shapes, in the order in which Generate deals them.
var families = []family{
	{"pipeline", drawPipeline},
	{"both", drawBoth},
	{"tally", drawTally},
	{"state", drawState},
	{"chars", drawChars},
	{"words", drawWords},
	{"groups", drawGroups},
	{"mapping", drawMapping},
	{"digits", drawDigits},
	{"branches", drawBranches},
	{"zip", drawZip},
	{"adjacent", drawAdjacent},
	{"sortkey", drawSortKey},
	{"nested", drawNested},
	{"recursion", drawRecursion},
	{"unwind", drawUnwind},
	{"ranges", drawRanges},
	{"booleans", drawBooleans},
	{"positions", drawPositions},
}

// collect applies the mapping to each number that meets the condition.
func collect(xs []int, p use[func(x, k int) bool], m use[func(x, k int) int]) []int {
	out := []int{}
	for _, x := range xs {
		if p.eval(x, p.n) {
			out = append(out, m.eval(x, m.n))
		}
	}
	return out
}

// drawPipeline: filter a list, map it, fold it.
func drawPipeline(d *dice) draft {
	p, m, r := pick(d, conditions), pick(d, mappings), pick(d, finishes)
	return draft{[]string{p.name, m.name, r.name}, func(d *dice) source {
		a := one(d, listNames)
		about := expand(one(d, []string{
			"Keep the numbers in {a} that {are}, {each}, and return {r}.",
			"Take every number in {a} that {is} and {it}.\nReturn {r}.",
			"For each number in {a} that {is}, {it}.\nReturn {r}.",
			"Collect {x} for every number x in {a} that {is} and return {r}.",
			"From {a} keep what {is}, then {each}.\nReturn {r}.",
		}), "a", a, "are", p.are(d), "is", p.is(d), "each", m.say(d, "each"), "it", m.say(d, "it"),
			"x", m.noun(d, "x"), "r", r.say(d, "the results"))
		return source{
			names: []string{"filter_and_combine", "process_numbers", "pick_numbers", "transform_values", "handle_list"},
			about: about, args: []arg{list(a)},
			body: expand(`    result = []
    for x in {a}:
        if {p}:
            result.append({m})
    return {r}
`, "a", a, "p", p.in("x"), "m", m.in("x"), "r", r.in("result")),
			eval: func(args []any) any { return r.eval(collect(args[0].([]int), p, m), r.n) },
		}
	}}
}

// both joins two conditions on one number.
type both struct {
	p, q  use[func(x, k int) bool]
	joint string // and, or
}

// pickBoth draws two conditions; ops names them in an order that does not matter, as for Python.
func pickBoth(d *dice, from []condition) (b both, ops []string) {
	b.p = pick(d, from)
	b.q = pickOther(d, from, b.p)
	b.joint = one(d, []string{"and", "or"})
	ops = []string{b.p.name, b.q.name}
	slices.Sort(ops)
	return b, append(ops, b.joint)
}

func (b both) eval(x int) bool {
	p, q := b.p.eval(x, b.p.n), b.q.eval(x, b.q.n)
	if b.joint == "and" {
		return p && q
	}
	return p || q
}

func (b both) in(x string) string { return b.p.in(x) + " " + b.joint + " " + b.q.in(x) }
func (b both) is(d *dice) string  { return b.p.is(d) + " " + b.joint + " " + b.q.is(d) }
func (b both) are(d *dice) string { return b.p.are(d) + " " + b.joint + " " + b.q.are(d) }

// drawBoth: select the numbers of a list by two conditions, fold them.
func drawBoth(d *dice) draft {
	b, ops := pickBoth(d, conditions)
	r := pick(d, finishes)
	return draft{append(ops, r.name), func(d *dice) source {
		a := one(d, listNames)
		about := expand(one(d, []string{
			"Select the numbers in {a} that {are}.\nReturn {r}.",
			"Keep each number of {a} that {is}.\nReturn {r}.",
			"Look only at the numbers in {a} that {are}, and return {r}.",
		}), "a", a, "are", b.are(d), "is", b.is(d), "r", r.say(d, "these numbers"))
		return source{
			names: []string{"select_numbers", "choose", "summarize_selected", "keep_some", "filtered"},
			about: about, args: []arg{list(a)},
			body: expand(`    result = []
    for x in {a}:
        if {p}:
            result.append(x)
    return {r}
`, "a", a, "p", b.in("x"), "r", r.in("result")),
			eval: func(args []any) any {
				kept := []int{}
				for _, x := range args[0].([]int) {
					if b.eval(x) {
						kept = append(kept, x)
					}
				}
				return r.eval(kept, r.n)
			},
		}
	}}
}

// drawTally: a total that two conditions raise and lower.
func drawTally(d *dice) draft {
	p, m, n := pick(d, conditions), pick(d, mappings), pick(d, mappings)
	q := pickOther(d, conditions, p)
	return draft{[]string{p.name, m.name, q.name, n.name}, func(d *dice) source {
		a := one(d, listNames)
		about := expand(one(d, []string{
			"Start with a total of 0. For each number x in {a}:\nif x {p}, add {m}; otherwise, if x {q}, subtract {n}.\nReturn the total.",
			"Compute a score for {a}: each number x that {p} adds {m}.\nEach other number x that {q} takes away {n}.",
			"Every number x in {a} that {p} raises the total by {m}.\nAny other x that {q} lowers it by {n}. Return the total.",
		}), "a", a, "p", p.is(d), "q", q.is(d), "m", m.noun(d, "x"), "n", n.noun(d, "x"))
		return source{
			names: []string{"tally", "score", "balance", "compute_score", "net_total"},
			about: about, args: []arg{list(a)},
			body: expand(`    total = 0
    for x in {a}:
        if {p}:
            total += {m}
        elif {q}:
            total -= {n}
    return total
`, "a", a, "p", p.in("x"), "q", q.in("x"), "m", m.in("x"), "n", n.in("x")),
			eval: func(args []any) any {
				total := 0
				for _, x := range args[0].([]int) {
					if p.eval(x, p.n) {
						total += m.eval(x, m.n)
					} else if q.eval(x, q.n) {
						total -= n.eval(x, n.n)
					}
				}
				return total
			},
		}
	}}
}
