package basics

// The operations on two numbers a and b, which English calls the first and the second.

var pairConditions = []op[func(a, b, k int) bool]{
	{name: "greater", says: []string{"the first is greater than the second", "the first exceeds the second"}, code: "a > b",
		eval: func(a, b, _ int) bool { return a > b }},
	{name: "less", says: []string{"the first is less than the second", "the first is smaller than the second"}, code: "a < b",
		eval: func(a, b, _ int) bool { return a < b }},
	{name: "differ", says: []string{"the two differ", "the two are not equal"}, code: "a != b",
		eval: func(a, b, _ int) bool { return a != b }},
	{name: "evensum", says: []string{"their sum is even", "the sum of the two is even"}, code: "(a + b) % 2 == 0",
		eval: func(a, b, _ int) bool { return mod(a+b, 2) == 0 }},
	{name: "oddsum", says: []string{"their sum is odd", "the sum of the two is odd"}, code: "(a + b) % 2 == 1",
		eval: func(a, b, _ int) bool { return mod(a+b, 2) == 1 }},
	{name: "bigsum", says: []string{"their sum is greater than {k}", "the sum of the two is above {k}"}, code: "a + b > {k}", ks: digits29,
		eval: func(a, b, k int) bool { return a+b > k }},
	{name: "near", says: []string{"they are at most {k} apart", "their difference is at most {k}"}, code: "abs(a - b) <= {k}", ks: digits29,
		eval: func(a, b, k int) bool { return abs(a-b) <= k }},
	{name: "far", says: []string{"they are more than {k} apart", "their difference is more than {k}"}, code: "abs(a - b) > {k}", ks: digits29,
		eval: func(a, b, k int) bool { return abs(a-b) > k }},
	{name: "samesign", says: []string{"their product is positive", "the product of the two is positive"}, code: "a * b > 0",
		eval: func(a, b, _ int) bool { return a*b > 0 }},
}

var pairMappings = []op[func(a, b, k int) int]{
	{name: "sum", nouns: []string{"their sum", "the sum of the two"}, code: "a + b", eval: func(a, b, _ int) int { return a + b }},
	{name: "difference", nouns: []string{"the first minus the second"}, code: "a - b", eval: func(a, b, _ int) int { return a - b }},
	{name: "backward", nouns: []string{"the second minus the first"}, code: "b - a", eval: func(a, b, _ int) int { return b - a }},
	{name: "product", nouns: []string{"their product", "the product of the two"}, code: "a * b", eval: func(a, b, _ int) int { return a * b }},
	{name: "max", nouns: []string{"the larger one", "the larger of the two"}, code: "max(a, b)", eval: func(a, b, _ int) int { return max(a, b) }},
	{name: "min", nouns: []string{"the smaller one", "the smaller of the two"}, code: "min(a, b)", eval: func(a, b, _ int) int { return min(a, b) }},
	{name: "gap", nouns: []string{"their absolute difference", "the distance between them"}, code: "abs(a - b)", eval: func(a, b, _ int) int { return abs(a - b) }},
	{name: "weighted", nouns: []string{"{k} times the first plus the second"}, code: "{k} * a + b", ks: digits29, eval: func(a, b, k int) int { return k*a + b }},
	{name: "scaled", nouns: []string{"their sum times {k}", "the sum of the two times {k}"}, code: "(a + b) * {k}", ks: digits29, eval: func(a, b, k int) int { return (a + b) * k }},
}

// pairBody is the solution of both families below; {in} makes the pairs.
const pairBody = `    result = []
    for a, b in {in}:
        if {p}:
            result.append({m})
    return {r}
`

// pairSource is the part of the two families that is common.
func pairSource(d *dice, pairs func(args []any) [][2]int) (ops []string, fill func(d *dice, about, in string) source) {
	p, m, r := pick(d, pairConditions), pick(d, pairMappings), pick(d, finishes)
	return []string{p.name, m.name, r.name}, func(d *dice, about, in string) source {
		return source{
			about: expand(about, "p", p.say(d, ""), "m", m.noun(d, ""), "r", r.say(d, "the results")),
			body:  expand(pairBody, "in", in, "p", p.in(""), "m", m.in(""), "r", r.in("result")),
			eval: func(args []any) any {
				out := []int{}
				for _, ab := range pairs(args) {
					if p.eval(ab[0], ab[1], p.n) {
						out = append(out, m.eval(ab[0], ab[1], m.n))
					}
				}
				return r.eval(out, r.n)
			},
		}
	}
}

// drawZip: two lists, walked over together.
func drawZip(d *dice) draft {
	ops, fill := pairSource(d, func(args []any) (out [][2]int) {
		xs, ys := args[0].([]int), args[1].([]int)
		for i := range min(len(xs), len(ys)) {
			out = append(out, [2]int{xs[i], ys[i]})
		}
		return out
	})
	return draft{ops, func(d *dice) source {
		names := one(d, [][2]string{{"first", "second"}, {"left", "right"}, {"xs", "ys"}, {"old", "new"}})
		s := fill(d, expand(one(d, []string{
			"Pair the numbers of {x} and {y} by position.\nFor each pair where {p}, take {m}.\nReturn {r}.",
			"Walk over {x} and {y} together. Whenever {p}, collect {m}.\nReturn {r}.",
			"Compare the lists {x} and {y} position by position.\nIf {p}, keep {m}. Return {r}.",
		}), "x", names[0], "y", names[1]), expand("zip({x}, {y})", "x", names[0], "y", names[1]))
		s.names = []string{"combine", "merge_lists", "compare_lists", "zip_lists", "pairwise"}
		s.args = []arg{list(names[0]), list(names[1])}
		return s
	}}
}

// drawAdjacent: the neighbours of one list.
func drawAdjacent(d *dice) draft {
	ops, fill := pairSource(d, func(args []any) (out [][2]int) {
		xs := args[0].([]int)
		for i := 1; i < len(xs); i++ {
			out = append(out, [2]int{xs[i-1], xs[i]})
		}
		return out
	})
	return draft{ops, func(d *dice) source {
		a := one(d, listNames)
		s := fill(d, expand(one(d, []string{
			"Look at each pair of neighbours in {a}.\nIf {p}, take {m}. Return {r}.",
			"For every two adjacent numbers in {a} where {p}, collect {m}.\nReturn {r}.",
			"Go through the adjacent pairs of {a}. Whenever {p}, keep {m}.\nReturn {r}.",
		}), "a", a), expand("zip({a}, {a}[1:])", "a", a))
		s.names = []string{"neighbours", "adjacent_values", "check_pairs", "steps", "compare_adjacent"}
		s.args = []arg{list(a)}
		return s
	}}
}
