package basics

// joins are how a recursive function combines a number's own value with the value of the rest.
var joins = []op[func(v, rest int) int]{
	{name: "plus", nouns: []string{"{o} plus {rest}"}, code: "{x} + {rest}", eval: func(v, rest int) int { return v + rest }},
	{name: "minus", nouns: []string{"{o} minus {rest}"}, code: "{x} - {rest}", eval: func(v, rest int) int { return v - rest }},
	{name: "max", nouns: []string{"the maximum of {o} and {rest}"}, code: "max({x}, {rest})", eval: func(v, rest int) int { return max(v, rest) }},
	{name: "min", nouns: []string{"the minimum of {o} and {rest}"}, code: "min({x}, {rest})", eval: func(v, rest int) int { return min(v, rest) }},
}

// descents are the smaller number that a recursive function calls itself with.
var descents = []mapping{
	{name: "one", code: "{x} - 1", eval: func(x, _ int) int { return x - 1 }},
	{name: "several", code: "{x} - {k}", ks: []int{2, 3}, eval: func(x, k int) int { return x - k }},
	{name: "part", code: "{x} // {k}", ks: []int{2, 3}, eval: div},
}

// drawRecursion: a function of one number that calls itself.
func drawRecursion(d *dice) draft {
	p, m, j, s := pick(d, digitConditions), pick(d, digitMappings), pick(d, joins), pick(d, descents)
	base := d.between(0, 5)
	return draft{[]string{p.name, m.name, j.name, s.name}, func(d *dice) source {
		a := one(d, []string{"n", "k", "number", "num"})
		smaller := s.in(a)
		about := expand(one(d, []string{
			"Recursive: the value is {base} if {a} is at most 0. If {a} {is},\nit is {v}; otherwise it is the value for {smaller}.",
			"Compute a value recursively. It is {base} when {a} is 0 or less.\nWhen {a} {is}, it is {v}.\nIn all other cases it is the value for {smaller}.",
		}), "base", repr(base), "a", a, "is", p.is(d), "smaller", smaller,
			"v", expand(j.noun(d, m.noun(d, a)), "rest", "the value for "+smaller))
		var eval func(x int) int
		eval = func(x int) int {
			if x <= 0 {
				return base
			}
			rest := eval(s.eval(x, s.n))
			if p.eval(x, p.n) {
				return j.eval(m.eval(x, m.n), rest)
			}
			return rest
		}
		return source{
			names: []string{"descend", "recursive_value", "chain", "count_down", "value_of"},
			about: about, args: []arg{whole(a, 0, 25)},
			body: expand(`    if {a} <= 0:
        return {base}
    rest = {f}({smaller})
    if {p}:
        return {v}
    return rest
`, "a", a, "base", repr(base), "smaller", smaller, "p", p.in(a), "v", expand(j.in(m.in(a)), "rest", "rest")),
			eval: func(args []any) any { return eval(args[0].(int)) },
		}
	}}
}

// drawUnwind: a function of a list that calls itself with the rest of the list.
func drawUnwind(d *dice) draft {
	p, m, j := pick(d, conditions), pick(d, mappings), pick(d, joins)
	base := d.between(0, 5)
	return draft{[]string{p.name, m.name, j.name}, func(d *dice) source {
		a := one(d, listNames)
		about := expand(one(d, []string{
			"Recursive: an empty list has the value {base}. If the first number x of {a}\n{is}, the value is {v};\notherwise it is the value of the rest.",
			"Fold {a} recursively. The value of an empty list is {base}.\nIf the first number x {is}, the value is {v},\nelse the value of the rest.",
		}), "base", repr(base), "a", a, "is", p.is(d), "v", expand(j.noun(d, m.noun(d, "x")), "rest", "the value of the rest"))
		var eval func(xs []int) int
		eval = func(xs []int) int {
			if len(xs) == 0 {
				return base
			}
			rest := eval(xs[1:])
			if p.eval(xs[0], p.n) {
				return j.eval(m.eval(xs[0], m.n), rest)
			}
			return rest
		}
		return source{
			names: []string{"fold", "unwind", "fold_list", "list_value", "reduce_right"},
			about: about, args: []arg{list(a)},
			body: expand(`    if not {a}:
        return {base}
    x = {a}[0]
    rest = {f}({a}[1:])
    if {p}:
        return {v}
    return rest
`, "a", a, "base", repr(base), "p", p.in("x"), "v", expand(j.in(m.in("x")), "rest", "rest")),
			eval: func(args []any) any { return eval(args[0].([]int)) },
		}
	}}
}

// spans are the ranges of integers that a limit n gives.
var spans = []op[func(n, k int) []int]{
	{name: "upto", says: []string{"from 1 to {o}", "from 1 up to and including {o}"}, code: "range(1, {x} + 1)",
		eval: func(n, _ int) []int { return count(1, n+1, 1) }},
	{name: "below", says: []string{"from 0 up to but not including {o}", "that are at least 0 and less than {o}"}, code: "range({x})",
		eval: func(n, _ int) []int { return count(0, n, 1) }},
	{name: "down", says: []string{"from {o} down to 1", "from {o} to 1, counting down"}, code: "range({x}, 0, -1)",
		eval: func(n, _ int) []int { return count(n, 0, -1) }},
	{name: "stride", says: []string{"from 0 up to but not including {o} in steps of {k}"}, code: "range(0, {x}, {k})", ks: []int{2, 3, 4},
		eval: func(n, k int) []int { return count(0, n, k) }},
	{name: "double", says: []string{"from {o} up to but not including twice {o}"}, code: "range({x}, 2 * {x})",
		eval: func(n, _ int) []int { return count(n, 2*n, 1) }},
}

// count is Python's range.
func count(from, to, by int) (out []int) {
	for i := from; by > 0 && i < to || by < 0 && i > to; i += by {
		out = append(out, i)
	}
	return out
}

// drawRanges: a pipeline over a range of integers.
func drawRanges(d *dice) draft {
	s, p, m, r := pick(d, spans), pick(d, digitConditions), pick(d, digitMappings), pick(d, finishes)
	return draft{[]string{s.name, p.name, m.name, r.name}, func(d *dice) source {
		a := one(d, []string{"n", "limit", "size", "bound"})
		about := expand(one(d, []string{
			"Consider the integers {span}.\nKeep those that {are} and {each}. Return {r}.",
			"For each integer i of those {span}: if it {is}, {it}.\nReturn {r}.",
			"Look at the integers {span}.\nCollect {x} for each i of them that {is}, and return {r}.",
		}), "span", s.say(d, a), "are", p.are(d), "is", p.is(d), "each", m.say(d, "each"), "it", m.say(d, "it"),
			"x", m.noun(d, "i"), "r", r.say(d, "the results"))
		return source{
			names: []string{"range_values", "integers", "sweep", "over_range", "series"},
			about: about, args: []arg{{a, []any{0, 1}, func(d *dice) any { return d.between(5, 14) }}},
			body: expand(`    result = []
    for i in {span}:
        if {p}:
            result.append({m})
    return {r}
`, "span", s.in(a), "p", p.in("i"), "m", m.in("i"), "r", r.in("result")),
			eval: func(args []any) any { return r.eval(collect(s.eval(args[0].(int), s.n), p, m), r.n) },
		}
	}}
}

// A quantifier judges how many of total numbers met a condition. Its code is the test on count.
var quantifiers = []op[func(count, total, k int) bool]{
	{name: "all", says: []string{"for every number", "for all numbers"}, code: "count == len({x})",
		eval: func(count, total, _ int) bool { return count == total }},
	{name: "any", says: []string{"for any number", "for at least one number"}, code: "count > 0",
		eval: func(count, _, _ int) bool { return count > 0 }},
	{name: "none", says: []string{"for no number", "for none of the numbers"}, code: "count == 0",
		eval: func(count, _, _ int) bool { return count == 0 }},
	{name: "several", says: []string{"for at least {k} numbers", "for {k} or more numbers"}, code: "count >= {k}", ks: []int{2, 3, 4},
		eval: func(count, _, k int) bool { return count >= k }},
	{name: "exactly", says: []string{"for exactly {k} numbers"}, code: "count == {k}", ks: []int{2, 3, 4},
		eval: func(count, _, k int) bool { return count == k }},
	{name: "most", says: []string{"for more than half of the numbers"}, code: "count > len({x}) // 2",
		eval: func(count, total, _ int) bool { return count > total/2 }},
}

// drawBooleans: how many of the mapped numbers meet two conditions.
func drawBooleans(d *dice) draft {
	m, q := pick(d, mappings), pick(d, quantifiers)
	b, ops := pickBoth(d, conditions)
	return draft{append(ops, m.name, q.name), func(d *dice) source {
		a := one(d, listNames)
		about := expand(one(d, []string{
			"For each number x in {a}, let y be {m}.\nReturn whether y {is} {q}.",
			"Let y be {m}, for each number x of {a}.\nReturn True if y {is} {q}, and False otherwise.",
			"From each x in {a} compute y, which is {m}.\nCheck whether y {is} {q}.",
		}), "a", a, "m", m.noun(d, "x"), "q", q.say(d, ""), "is", b.is(d))
		return source{
			names: []string{"check_numbers", "holds", "is_valid", "satisfies", "test_numbers"},
			about: about, args: []arg{list(a)},
			body: expand(`    count = 0
    for x in {a}:
        y = {m}
        if {p}:
            count += 1
    return {q}
`, "a", a, "m", m.in("x"), "p", b.in("y"), "q", q.in(a)),
			eval: func(args []any) any {
				count, xs := 0, args[0].([]int)
				for _, x := range xs {
					if b.eval(m.eval(x, m.n)) {
						count++
					}
				}
				return q.eval(count, len(xs), q.n)
			},
		}
	}}
}
