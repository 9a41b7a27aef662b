package basics

import (
	"slices"
	"sort"
)

// groupKeys are what numbers are grouped by.
var groupKeys = []op[func(x, k int) any]{
	{name: "modulo", nouns: []string{"their remainder modulo {k}", "their remainder when divided by {k}"}, code: "x % {k}", ks: []int{2, 3, 4, 5},
		eval: func(x, k int) any { return mod(x, k) }},
	{name: "quotient", nouns: []string{"their quotient when floor-divided by {k}"}, code: "x // {k}", ks: []int{4, 5, 6, 7, 8, 9},
		eval: func(x, k int) any { return div(x, k) }},
	{name: "absolute", nouns: []string{"their absolute value"}, code: "abs(x)", eval: func(x, _ int) any { return abs(x) }},
	{name: "lastdigit", nouns: []string{"their last digit"}, code: "abs(x) % 10", eval: func(x, _ int) any { return abs(x) % 10 }},
	{name: "above", nouns: []string{"whether they are greater than {k}"}, code: "x > {k}", ks: digits29, eval: func(x, k int) any { return x > k }},
	{name: "square", nouns: []string{"their square"}, code: "x ** 2", eval: func(x, _ int) any { return x * x }},
}

// groupFolds are what a group's value becomes with one number more; t is nil for the first.
var groupFolds = []op[func(t *int, x int) int]{
	{name: "count", nouns: []string{"how many numbers it has", "its size"}, code: "groups.get(key, 0) + 1",
		eval: func(t *int, _ int) int { return orElse(t, 0) + 1 }},
	{name: "sum", nouns: []string{"the sum of its numbers", "its sum"}, code: "groups.get(key, 0) + x",
		eval: func(t *int, x int) int { return orElse(t, 0) + x }},
	{name: "squares", nouns: []string{"the sum of the squares of its numbers"}, code: "groups.get(key, 0) + x ** 2",
		eval: func(t *int, x int) int { return orElse(t, 0) + x*x }},
	{name: "max", nouns: []string{"its largest number", "the largest of its numbers"}, code: "max(groups.get(key, x), x)",
		eval: func(t *int, x int) int { return max(orElse(t, x), x) }},
	{name: "min", nouns: []string{"its smallest number", "the smallest of its numbers"}, code: "min(groups.get(key, x), x)",
		eval: func(t *int, x int) int { return min(orElse(t, x), x) }},
	{name: "product", nouns: []string{"the product of its numbers", "its product"}, code: "groups.get(key, 1) * x",
		eval: func(t *int, x int) int { return orElse(t, 1) * x }},
}

func orElse(t *int, otherwise int) int {
	if t == nil {
		return otherwise
	}
	return *t
}

// dictFinishes are what a dictionary is turned into at the end; {o} names its values, {key} its keys.
var dictFinishes = []op[func(t dict, k int) any]{
	{name: "dict", says: []string{"the dictionary", "a dictionary from {key} to {o}"}, code: "{x}", eval: func(t dict, _ int) any { return t }},
	{name: "largest", says: []string{"the largest of {o}, or 0 if there is none"}, code: "max({x}.values(), default=0)",
		eval: func(t dict, _ int) any { return largest(t.values()) }},
	{name: "smallest", says: []string{"the smallest of {o}, or 0 if there is none"}, code: "min({x}.values(), default=0)",
		eval: func(t dict, _ int) any { return smallest(t.values()) }},
	{name: "sum", says: []string{"the sum of {o}", "the total of {o}"}, code: "sum({x}.values())",
		eval: func(t dict, _ int) any { return sum(t.values()) }},
	{name: "sorted", says: []string{"{o} sorted in ascending order", "{o} from smallest to largest"}, code: "sorted({x}.values())",
		eval: func(t dict, _ int) any { return slices.Sorted(slices.Values(t.values())) }},
	{name: "keys", says: []string{"{key} ordered by {o}", "the list of {key} sorted by {o}"}, code: "sorted({x}, key={x}.get)",
		eval: func(t dict, _ int) any { return keysByValue(t) }},
	{name: "exceed", says: []string{"the number of {o} above {k}", "how many of {o} are greater than {k}"}, code: "sum(v > {k} for v in {x}.values())", ks: digits29,
		eval: func(t dict, k int) any {
			return len(slices.DeleteFunc(t.values(), func(v int) bool { return v <= k }))
		}},
}

// keysByValue lists the keys in the order of their values, ties in the order of insertion. The keys of one
// dictionary are of one type.
func keysByValue(t dict) any {
	t = slices.Clone(t)
	sort.SliceStable(t, func(i, j int) bool { return t[i].value < t[j].value })
	parts := make([]any, len(t))
	for i, p := range t {
		parts[i] = p.key
	}
	return keyList(parts)
}

// keyList is a list of dictionary keys.
type keyList []any

// drawGroups: put the numbers of a list into groups, fold each group, finish the dictionary.
func drawGroups(d *dice) draft {
	p, g, f, r := pick(d, conditions), pick(d, groupKeys), pick(d, groupFolds), pick(d, dictFinishes)
	return draft{[]string{p.name, g.name, f.name, r.name}, func(d *dice) source {
		a := one(d, listNames)
		about := expand(one(d, []string{
			"Group the numbers in {a} that {are} by {g}.\nThe value of a group is {f}. Return {r}.",
			"Take the numbers of {a} that {are} and group them by {g}.\nFor each group store {f}.\nReturn {r}.",
		}), "a", a, "are", p.are(d), "g", g.noun(d, ""), "f", f.noun(d, ""),
			"r", expand(r.say(d, "the group values"), "key", "the group keys"))
		return source{
			names: []string{"group_numbers", "grouped", "group_by_key", "make_groups", "bucket"},
			about: about, args: []arg{list(a)},
			body: expand(`    groups = {}
    for x in {a}:
        if {p}:
            key = {g}
            groups[key] = {f}
    return {r}
`, "a", a, "p", p.in("x"), "g", g.in("x"), "f", f.in("x"), "r", r.in("groups")),
			eval: func(args []any) any {
				var t dict
				for _, x := range args[0].([]int) {
					if !p.eval(x, p.n) {
						continue
					}
					key := g.eval(x, g.n)
					if at := t.at(key); at != nil {
						*at = f.eval(at, x)
					} else {
						t = append(t, pair{key, f.eval(nil, x)})
					}
				}
				return r.eval(t, r.n)
			},
		}
	}}
}

// drawMapping: filter a dictionary by its values, map the values, finish the dictionary.
func drawMapping(d *dice) draft {
	p, m, r := pick(d, conditions), pick(d, mappings), pick(d, dictFinishes)
	return draft{[]string{p.name, m.name, r.name}, func(d *dice) source {
		a := one(d, tableNames)
		about := expand(one(d, []string{
			"The dictionary {a} maps names to numbers.\nKeep the entries whose number {is} and {it}.\nReturn {r}.",
			"For every name in the dictionary {a} whose number {is}, {it}.\nReturn {r}.",
			"Make a new dictionary from {a}: where the number {is}, {it}.\nReturn {r}.",
		}), "a", a, "is", p.is(d), "it", m.say(d, "the number"), "r", expand(r.say(d, "the new numbers"), "key", "the names"))
		return source{
			names: []string{"update_table", "convert_table", "select_entries", "remap", "new_table"},
			about: about, args: []arg{mappingArg(a)},
			body: expand(`    result = {}
    for name, x in {a}.items():
        if {p}:
            result[name] = {m}
    return {r}
`, "a", a, "p", p.in("x"), "m", m.in("x"), "r", r.in("result")),
			eval: func(args []any) any {
				var t dict
				for _, e := range args[0].(dict) {
					if p.eval(e.value, p.n) {
						t = append(t, pair{e.key, m.eval(e.value, m.n)})
					}
				}
				return r.eval(t, r.n)
			},
		}
	}}
}
