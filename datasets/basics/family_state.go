package basics

// A step is one way to fold a number into a running total.
type step = op[func(total, v, k int) int]

var steps = []step{
	{name: "add", says: []string{"add {o} to the total", "increase the total by {o}"}, code: "total += {x}",
		eval: func(t, v, _ int) int { return t + v }},
	{name: "subtract", says: []string{"subtract {o} from the total", "decrease the total by {o}"}, code: "total -= {x}",
		eval: func(t, v, _ int) int { return t - v }},
	{name: "max", says: []string{"set the total to the larger of itself and {o}", "raise the total to {o} if that is larger"}, code: "total = max(total, {x})",
		eval: func(t, v, _ int) int { return max(t, v) }},
	{name: "shift", says: []string{"multiply the total by {k} and add {o}", "set the total to {k} times itself plus {o}"}, code: "total = total * {k} + {x}", ks: []int{2, 3},
		eval: func(t, v, k int) int { return t*k + v }},
}

// drawState: a running total, collected whenever it meets a condition.
func drawState(d *dice) draft {
	s, m, p, r := pick(d, steps), pick(d, mappings), pick(d, conditions), pick(d, finishes)
	start := one(d, []int{0, 1, 2, 3, 5, 10})
	return draft{[]string{s.name, m.name, p.name, r.name}, func(d *dice) source {
		a := one(d, listNames)
		about := expand(one(d, []string{
			"Start with a total of {k}. For each number x in {a}, {s}.\nCollect the total whenever it {is} and return {r}.",
			"Keep a running total that starts at {k}.\nFor every number x in {a}, {s}; if the total then {is}, record it.\nReturn {r}.",
			"Go through {a} with a total of {k}: for each number x, {s}.\nRecord every total that {is}, and return {r}.",
		}), "k", repr(start), "a", a, "s", s.say(d, m.noun(d, "x")), "is", p.is(d), "r", r.say(d, "the recorded totals"))
		return source{
			names: []string{"running_total", "track", "accumulate", "record_totals", "progress"},
			about: about, args: []arg{list(a)},
			body: expand(`    total = {k}
    result = []
    for x in {a}:
        {s}
        if {p}:
            result.append(total)
    return {r}
`, "k", repr(start), "a", a, "s", s.in(m.in("x")), "p", p.in("total"), "r", r.in("result")),
			eval: func(args []any) any {
				total, kept := start, []int{}
				for _, x := range args[0].([]int) {
					total = s.eval(total, m.eval(x, m.n), s.n)
					if p.eval(total, p.n) {
						kept = append(kept, total)
					}
				}
				return r.eval(kept, r.n)
			},
		}
	}}
}

// drawDigits: walk over a number's digits with a running total.
func drawDigits(d *dice) draft {
	p, m, s := pick(d, digitConditions), pick(d, digitMappings), pick(d, steps)
	r := pick(d, totals)
	return draft{[]string{p.name, m.name, s.name, r.name}, func(d *dice) source {
		a := one(d, []string{"n", "number", "num", "value"})
		about := expand(one(d, []string{
			"Go through the digits of {a} from right to left, with a total of 0.\nFor each digit d that {is}, {s}.\nReturn {r}.",
			"Start with a total of 0. For every digit d of {a} that {is},\ntaken from right to left, {s}. Return {r}.",
			"Walk over the digits of {a}, the last one first.\nThe total starts at 0; if a digit d {is}, {s}.\nReturn {r}.",
		}), "a", a, "is", p.is(d), "s", s.say(d, m.noun(d, "d")), "r", r.say(d, "the total"))
		return source{
			names: []string{"digit_score", "digits", "digit_total", "check_digits", "digit_value"},
			about: about, args: []arg{{a, []any{0, 7, 10}, func(d *dice) any { return d.between(100, 99999) }}},
			body: expand(`    total = 0
    while {a} > 0:
        d = {a} % 10
        if {p}:
            {s}
        {a} //= 10
    return {r}
`, "a", a, "p", p.in("d"), "s", s.in(m.in("d")), "r", r.in("total")),
			eval: func(args []any) any {
				total := 0
				for n := args[0].(int); n > 0; n /= 10 {
					if p.eval(n%10, p.n) {
						total = s.eval(total, m.eval(n%10, m.n), s.n)
					}
				}
				return r.eval(total, r.n)
			},
		}
	}}
}

// totals are what a total is turned into at the end.
var totals = []op[func(x, k int) any]{
	{name: "plain", says: []string{"{o}"}, code: "{x}", eval: func(x, _ int) any { return x }},
	{name: "modulo", says: []string{"{o} modulo {k}", "the remainder of {o} divided by {k}"}, code: "{x} % {k}", ks: digits29,
		eval: func(x, k int) any { return mod(x, k) }},
	{name: "times", says: []string{"{o} times {k}", "{o} multiplied by {k}"}, code: "{x} * {k}", ks: digits29,
		eval: func(x, k int) any { return x * k }},
	{name: "even", says: []string{"whether {o} is even", "True if {o} is even and False otherwise"}, code: "{x} % 2 == 0",
		eval: func(x, _ int) any { return mod(x, 2) == 0 }},
	{name: "above", says: []string{"whether {o} is greater than {k}", "True if {o} is greater than {k} and False otherwise"}, code: "{x} > {k}", ks: digits29,
		eval: func(x, k int) any { return x > k }},
	{name: "text", says: []string{"{o} as a string", "{o} converted to a string"}, code: "str({x})",
		eval: func(x, _ int) any { return repr(x) }},
}

// drawBranches: one number, three cases.
func drawBranches(d *dice) draft {
	p, m, n, o := pick(d, conditions), pick(d, mappings), pick(d, mappings), pick(d, mappings)
	q := pickOther(d, conditions, p)
	for n.name == m.name {
		n = pick(d, mappings)
	}
	for o.name == m.name || o.name == n.name {
		o = pick(d, mappings)
	}
	return draft{[]string{p.name, m.name, q.name, n.name, o.name}, func(d *dice) source {
		a := one(d, []string{"n", "x", "number", "value", "num"})
		about := expand(one(d, []string{
			"If {a} {p}, return {m}.\nOtherwise, if {a} {q}, return {n}.\nIn all other cases return {o}.",
			"Return {m} when {a} {p}.\nOtherwise return {n} if {a} {q}, and {o} if not.",
			"Map {a} to {m} if {a} {p}, else to {n} if {a} {q},\nelse to {o}.",
		}), "a", a, "p", p.is(d), "q", q.is(d), "m", m.noun(d, a), "n", n.noun(d, a), "o", o.noun(d, a))
		return source{
			names: []string{"classify", "adjust", "convert", "decide", "step_function"},
			about: about, args: []arg{whole(a, -20, 40)},
			body: expand(`    if {p}:
        return {m}
    if {q}:
        return {n}
    return {o}
`, "p", p.in(a), "q", q.in(a), "m", m.in(a), "n", n.in(a), "o", o.in(a)),
			eval: func(args []any) any {
				x := args[0].(int)
				if p.eval(x, p.n) {
					return m.eval(x, m.n)
				}
				if q.eval(x, q.n) {
					return n.eval(x, n.n)
				}
				return o.eval(x, o.n)
			},
		}
	}}
}
