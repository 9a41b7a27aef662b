package basics

import (
	"slices"
	"sort"
)

// sortKeys are what numbers are sorted by.
var sortKeys = []mapping{
	{name: "absolute", nouns: []string{"absolute value"}, code: "abs(x)", eval: func(x, _ int) int { return abs(x) }},
	{name: "modulo", nouns: []string{"remainder modulo {k}", "remainder when divided by {k}"}, code: "x % {k}", ks: digits29, eval: mod},
	{name: "lastdigit", nouns: []string{"last digit"}, code: "abs(x) % 10", eval: func(x, _ int) int { return abs(x) % 10 }},
	{name: "distance", nouns: []string{"distance from {k}", "distance to {k}"}, code: "abs(x - {k})", ks: digits29, eval: func(x, k int) int { return abs(x - k) }},
	{name: "square", nouns: []string{"square"}, code: "x ** 2", eval: func(x, _ int) int { return x * x }},
	{name: "quotient", nouns: []string{"quotient when floor-divided by {k}"}, code: "x // {k}", ks: digits29, eval: div},
	{name: "negative", nouns: []string{"negative"}, code: "-x", eval: func(x, _ int) int { return -x }},
}

// orderFinishes are the finishes whose result depends on the order.
var orderFinishes = without(finishes, "sum", "largest", "smallest", "sorted", "descending", "unique", "variety", "evensum", "summod")

// drawSortKey: filter a list, sort it by a key, take a part.
func drawSortKey(d *dice) draft {
	p, m, key, r := pick(d, conditions), pick(d, mappings), pick(d, sortKeys), pick(d, orderFinishes)
	down := d.IntN(2) == 1
	direction := map[bool]string{false: "ascending", true: "descending"}[down]
	return draft{[]string{p.name, m.name, key.name, direction, r.name}, func(d *dice) source {
		a := one(d, listNames)
		about := expand(one(d, []string{
			"Keep the numbers in {a} that {are} and {each}.\nSort the results by {key} in {dir} order and return {r}.",
			"For each number in {a} that {is}, {it}.\nThen sort the results by {key}, {dir}. Return {r}.",
			"Take every number in {a} that {is} and {it}.\nOrder the results by {key} in {dir} order. Return {r}.",
		}), "a", a, "are", p.are(d), "is", p.is(d), "each", m.say(d, "each"), "it", m.say(d, "it"), "dir", direction,
			"key", "their "+key.noun(d, ""), "r", r.say(d, "them"))
		return source{
			names: []string{"sort_numbers", "order_values", "rank", "arrange", "sorted_by_key"},
			about: about, args: []arg{list(a)},
			body: expand(`    result = []
    for x in {a}:
        if {p}:
            result.append({m})
    result.sort(key=lambda x: {key}{rev})
    return {r}
`, "a", a, "p", p.in("x"), "m", m.in("x"), "key", key.in("x"), "r", r.in("result"),
				"rev", map[bool]string{true: ", reverse=True"}[down]),
			eval: func(args []any) any {
				xs := collect(args[0].([]int), p, m)
				sort.SliceStable(xs, func(i, j int) bool {
					x, y := key.eval(xs[i], key.n), key.eval(xs[j], key.n)
					return x < y && !down || x > y && down
				})
				return r.eval(xs, r.n)
			},
		}
	}}
}

// rowFolds are the finishes that give a number for each row.
var rowFolds = slices.DeleteFunc(slices.Clone(finishes), func(f finish) bool {
	return !slices.Contains([]string{"sum", "largest", "smallest", "variety", "summod"}, f.name)
})

// drawNested: filter and map each row of a nested list, fold the rows, fold the folds.
func drawNested(d *dice) draft {
	p, m, f, r := pick(d, conditions), pick(d, mappings), pick(d, rowFolds), pick(d, finishes)
	return draft{[]string{p.name, m.name, f.name, r.name}, func(d *dice) source {
		a := one(d, rowNames)
		about := expand(one(d, []string{
			"In each row of {a} keep the numbers that {are} and {each}.\nThe value of the row is {f}. Return {r}.",
			"For every row of {a}, take each number that {is} and {it};\nthe row counts as {f}. Return {r}.",
		}), "a", a, "are", p.are(d), "is", p.is(d), "each", m.say(d, "each"), "it", m.say(d, "it"),
			"f", f.say(d, "the results"), "r", r.say(d, "the row values"))
		return source{
			names: []string{"row_values", "summarize_rows", "fold_rows", "process_rows", "grid_values"},
			about: about, args: []arg{rows(a)},
			body: expand(`    result = []
    for row in {a}:
        kept = []
        for x in row:
            if {p}:
                kept.append({m})
        result.append({f})
    return {r}
`, "a", a, "p", p.in("x"), "m", m.in("x"), "f", f.in("kept"), "r", r.in("result")),
			eval: func(args []any) any {
				out := []int{}
				for _, row := range args[0].([][]int) {
					out = append(out, f.eval(collect(row, p, m), f.n).(int))
				}
				return r.eval(out, r.n)
			},
		}
	}}
}

// places are what the position of a number can be asked.
var places = []condition{
	{name: "evenplace", says: []string{"the position is even", "the index is even"}, code: "i % 2 == 0", eval: func(i, _ int) bool { return i%2 == 0 }},
	{name: "oddplace", says: []string{"the position is odd", "the index is odd"}, code: "i % 2 == 1", eval: func(i, _ int) bool { return i%2 == 1 }},
	{name: "before", says: []string{"the position is less than {k}", "the index is below {k}"}, code: "i < {k}", ks: []int{2, 3, 4}, eval: func(i, k int) bool { return i < k }},
	{name: "from", says: []string{"the position is at least {k}", "the index is {k} or more"}, code: "i >= {k}", ks: []int{2, 3, 4}, eval: func(i, k int) bool { return i >= k }},
	{name: "third", says: []string{"the position is divisible by 3", "the index is a multiple of 3"}, code: "i % 3 == 0", eval: func(i, _ int) bool { return i%3 == 0 }},
}

// drawPositions: two mappings, chosen by the position.
func drawPositions(d *dice) draft {
	p, m, n, r := pick(d, places), pick(d, mappings), pick(d, mappings), pick(d, finishes)
	for n.name == m.name {
		n = pick(d, mappings)
	}
	return draft{[]string{p.name, m.name, n.name, r.name}, func(d *dice) source {
		a := one(d, listNames)
		about := expand(one(d, []string{
			"Go through {a}, counting positions from 0.\nIf {p}, {m}; otherwise {n}. Return {r}.",
			"For each number in {a}, {m} if {p} and {n} if not.\nPositions count from 0. Return {r}.",
			"Change every number in {a}: where {p} (from 0), {m}, elsewhere {n}.\nReturn {r}.",
		}), "a", a, "p", p.say(d, ""), "m", m.say(d, "it"), "n", n.say(d, "it"), "r", r.say(d, "the results"))
		return source{
			names: []string{"by_position", "mix", "alternate_values", "indexed", "change_by_index"},
			about: about, args: []arg{list(a)},
			body: expand(`    result = []
    for i, x in enumerate({a}):
        if {p}:
            result.append({m})
        else:
            result.append({n})
    return {r}
`, "a", a, "p", p.in(""), "m", m.in("x"), "n", n.in("x"), "r", r.in("result")),
			eval: func(args []any) any {
				out := []int{}
				for i, x := range args[0].([]int) {
					if p.eval(i, p.n) {
						out = append(out, m.eval(x, m.n))
					} else {
						out = append(out, n.eval(x, n.n))
					}
				}
				return r.eval(out, r.n)
			},
		}
	}}
}
