package basics

import (
	"slices"
	"strings"
)

// The operations on integers. Their Python forms and their evaluators agree for negative operands too.

type (
	condition = op[func(x, k int) bool]
	mapping   = op[func(x, k int) int]
	finish    = op[func(xs []int, k int) any]
)

var digits29 = []int{2, 3, 4, 5, 6, 7, 8, 9}

// conditions are what a number can be asked.
var conditions = []condition{
	{name: "even", group: "parity", says: []string{"{be} even", "{be} not odd"},
		code: "{x} % 2 == 0", eval: func(x, _ int) bool { return mod(x, 2) == 0 }},
	{name: "odd", group: "parity", says: []string{"{be} odd", "{be} not even"},
		code: "{x} % 2 == 1", eval: func(x, _ int) bool { return mod(x, 2) == 1 }},
	{name: "positive", group: "size", says: []string{"{be} positive", "{be} greater than zero", "{be} above zero"},
		code: "{x} > 0", eval: func(x, _ int) bool { return x > 0 }},
	{name: "negative", group: "size", says: []string{"{be} negative", "{be} less than zero", "{be} below zero"},
		code: "{x} < 0", eval: func(x, _ int) bool { return x < 0 }},
	{name: "above", group: "size", says: []string{"{be} greater than {k}", "{be} above {k}", "{be} larger than {k}"},
		code: "{x} > {k}", ks: digits29, eval: func(x, k int) bool { return x > k }},
	{name: "below", group: "size", says: []string{"{be} less than {k}", "{be} below {k}", "{be} smaller than {k}"},
		code: "{x} < {k}", ks: digits29, eval: func(x, k int) bool { return x < k }},
	{name: "atleast", group: "size", says: []string{"{be} at least {k}", "{be} {k} or more", "{be} greater than or equal to {k}"},
		code: "{x} >= {k}", ks: digits29, eval: func(x, k int) bool { return x >= k }},
	{name: "atmost", group: "size", says: []string{"{be} at most {k}", "{be} {k} or less", "{be} less than or equal to {k}"},
		code: "{x} <= {k}", ks: digits29, eval: func(x, k int) bool { return x <= k }},
	{name: "multiple", group: "divisor", says: []string{"{be} divisible by {k}", "is a multiple of {k}|are multiples of {k}"},
		code: "{x} % {k} == 0", ks: []int{3, 5, 7}, eval: func(x, k int) bool { return mod(x, k) == 0 }},
	{name: "indivisible", group: "divisor", says: []string{"{be} not divisible by {k}", "is not a multiple of {k}|are not multiples of {k}"},
		code: "{x} % {k} != 0", ks: []int{3, 5, 7}, eval: func(x, k int) bool { return mod(x, k) != 0 }},
	{name: "remainder", group: "divisor", says: []string{"{leave} a remainder of 1 when divided by {k}", "{be} equal to 1 modulo {k}"},
		code: "{x} % {k} == 1", ks: []int{3, 4, 5}, eval: func(x, k int) bool { return mod(x, k) == 1 }},
	{name: "unequal", group: "equality", says: []string{"{be} not equal to {k}", "{be} different from {k}", "{be} not {k}"},
		code: "{x} != {k}", ks: digits29, eval: func(x, k int) bool { return x != k }},
	{name: "distant", group: "size", says: []string{"{have} an absolute value above {k}", "{have} an absolute value greater than {k}"},
		code: "abs({x}) > {k}", ks: digits29, eval: func(x, k int) bool { return abs(x) > k }},
}

// digitConditions are those that can go either way for a number that is not negative.
var digitConditions = without(conditions, "positive", "negative", "distant")

// mappings are what can be done to a number.
var mappings = []mapping{
	{name: "times", says: []string{"multiply {o} by {k}", "scale {o} by {k}"}, nouns: []string{"{o} times {k}", "{o} multiplied by {k}"},
		code: "{x} * {k}", ks: digits29, eval: func(x, k int) int { return x * k }},
	{name: "plus", says: []string{"add {k} to {o}", "increase {o} by {k}"}, nouns: []string{"{o} plus {k}", "{o} increased by {k}"},
		code: "{x} + {k}", ks: digits29, eval: func(x, k int) int { return x + k }},
	{name: "minus", says: []string{"subtract {k} from {o}", "decrease {o} by {k}"}, nouns: []string{"{o} minus {k}", "{o} decreased by {k}"},
		code: "{x} - {k}", ks: digits29, eval: func(x, k int) int { return x - k }},
	{name: "square", says: []string{"square {o}", "multiply {o} by itself"}, nouns: []string{"the square of {o}", "{o} squared"},
		code: "{x} ** 2", eval: func(x, _ int) int { return x * x }},
	{name: "cube", says: []string{"cube {o}", "raise {o} to the third power"}, nouns: []string{"the cube of {o}", "{o} cubed"},
		code: "{x} ** 3", eval: func(x, _ int) int { return x * x * x }},
	{name: "negate", says: []string{"negate {o}", "flip the sign of {o}"}, nouns: []string{"the negative of {o}", "{o} with the sign flipped"},
		code: "-{x}", eval: func(x, _ int) int { return -x }},
	{name: "absolute", says: []string{"take the absolute value of {o}", "drop the sign of {o}"}, nouns: []string{"the absolute value of {o}", "{o} without the sign"},
		code: "abs({x})", eval: func(x, _ int) int { return abs(x) }},
	{name: "modulo", says: []string{"take {o} modulo {k}", "reduce {o} modulo {k}"}, nouns: []string{"{o} modulo {k}", "the remainder of {o} divided by {k}"},
		code: "{x} % {k}", ks: digits29, eval: mod},
	{name: "quotient", says: []string{"divide {o} by {k}, rounding down", "floor-divide {o} by {k}"}, nouns: []string{"the floor of {o} divided by {k}", "{o} floor-divided by {k}"},
		code: "{x} // {k}", ks: digits29, eval: div},
	{name: "complement", says: []string{"subtract {o} from {k}", "take {k} minus {o}"}, nouns: []string{"{k} minus {o}", "{o} subtracted from {k}"},
		code: "{k} - {x}", ks: digits29, eval: func(x, k int) int { return k - x }},
	{name: "twiceplus", says: []string{"double {o} and add {k}"}, nouns: []string{"twice {o} plus {k}", "the double of {o} plus {k}"},
		code: "2 * {x} + {k}", ks: digits29, eval: func(x, k int) int { return 2*x + k }},
	{name: "cap", says: []string{"cap {o} at {k}", "limit {o} to at most {k}"}, nouns: []string{"the smaller of {o} and {k}", "{o} capped at {k}"},
		code: "min({x}, {k})", ks: digits29, eval: func(x, k int) int { return min(x, k) }},
	{name: "lift", says: []string{"raise {o} to at least {k}", "lift {o} to at least {k}"}, nouns: []string{"the larger of {o} and {k}", "{o} raised to at least {k}"},
		code: "max({x}, {k})", ks: digits29, eval: func(x, k int) int { return max(x, k) }},
}

// digitMappings are those that change a number that is not negative.
var digitMappings = without(mappings, "absolute")

// finishes are what a list of numbers is folded into. An empty list has an answer for each.
var finishes = []finish{
	{name: "sum", says: []string{"the sum of {o}", "the total of {o}"}, code: "sum({x})",
		eval: func(xs []int, _ int) any { return sum(xs) }},
	{name: "largest", says: []string{"the largest of {o}, or 0 if there is none", "the maximum of {o}, or 0 if there is none"},
		code: "max({x}, default=0)", eval: func(xs []int, _ int) any { return largest(xs) }},
	{name: "smallest", says: []string{"the smallest of {o}, or 0 if there is none", "the minimum of {o}, or 0 if there is none"},
		code: "min({x}, default=0)", eval: func(xs []int, _ int) any { return smallest(xs) }},
	{name: "list", says: []string{"a list of {o}", "{o} as a list"}, code: "{x}",
		eval: func(xs []int, _ int) any { return xs }},
	{name: "reversed", says: []string{"{o} in reverse order", "{o} from last to first"}, code: "{x}[::-1]",
		eval: func(xs []int, _ int) any { return reversed(xs) }},
	{name: "sorted", says: []string{"{o} sorted in ascending order", "{o} from smallest to largest"}, code: "sorted({x})",
		eval: func(xs []int, _ int) any { return slices.Sorted(slices.Values(xs)) }},
	{name: "descending", says: []string{"{o} sorted in descending order", "{o} from largest to smallest"}, code: "sorted({x}, reverse=True)",
		eval: func(xs []int, _ int) any { return reversed(slices.Sorted(slices.Values(xs))) }},
	{name: "unique", says: []string{"the distinct values of {o} in ascending order", "{o} sorted, without duplicates"}, code: "sorted(set({x}))",
		eval: func(xs []int, _ int) any { return distinct(xs) }},
	{name: "variety", says: []string{"the number of distinct values of {o}", "how many different values {o} have"}, code: "len(set({x}))",
		eval: func(xs []int, _ int) any { return len(distinct(xs)) }},
	{name: "first", says: []string{"the first {k} of {o}", "{o}, but at most the first {k}"}, code: "{x}[:{k}]", ks: []int{2, 3, 4},
		eval: func(xs []int, k int) any { return xs[:min(k, len(xs))] }},
	{name: "last", says: []string{"the last {k} of {o}", "{o}, but at most the last {k}"}, code: "{x}[-{k}:]", ks: []int{2, 3, 4},
		eval: func(xs []int, k int) any { return xs[max(0, len(xs)-k):] }},
	{name: "alternate", says: []string{"every second one of {o}, starting with the first", "every other one of {o}, starting with the first"}, code: "{x}[::2]",
		eval: func(xs []int, _ int) any { return alternate(xs) }},
	{name: "evensum", says: []string{"whether the sum of {o} is even", "True if the sum of {o} is even and False otherwise"}, code: "sum({x}) % 2 == 0",
		eval: func(xs []int, _ int) any { return mod(sum(xs), 2) == 0 }},
	{name: "summod", says: []string{"the sum of {o} modulo {k}", "the remainder of the sum of {o} divided by {k}"}, code: "sum({x}) % {k}", ks: digits29,
		eval: func(xs []int, k int) any { return mod(sum(xs), k) }},
}

// without returns the ops whose names are not listed.
func without[F any](ops []op[F], names ...string) []op[F] {
	return slices.DeleteFunc(slices.Clone(ops), func(o op[F]) bool { return slices.Contains(names, o.name) })
}

// div is Python's //: it rounds towards minus infinity.
func div(x, k int) int { return (x - mod(x, k)) / k }

// mod is Python's %: the result has the sign of k.
func mod(x, k int) int { return (x%k + k) % k }

func abs(x int) int { return max(x, -x) }

func sum(xs []int) int {
	total := 0
	for _, x := range xs {
		total += x
	}
	return total
}

func largest(xs []int) int {
	if len(xs) == 0 {
		return 0
	}
	return slices.Max(xs)
}

func smallest(xs []int) int {
	if len(xs) == 0 {
		return 0
	}
	return slices.Min(xs)
}

func distinct(xs []int) []int { return slices.Compact(slices.Sorted(slices.Values(xs))) }

func reversed[T any](xs []T) []T {
	out := slices.Clone(xs)
	slices.Reverse(out)
	return out
}

func alternate[T any](xs []T) []T {
	var out []T
	for i := 0; i < len(xs); i += 2 {
		out = append(out, xs[i])
	}
	return out
}

// reverseString reverses a string of ASCII letters.
func reverseString(s string) string {
	var out strings.Builder
	for i := len(s) - 1; i >= 0; i-- {
		out.WriteByte(s[i])
	}
	return out.String()
}
