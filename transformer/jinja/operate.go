package jinja

import (
	"cmp"
	"math"
	"math/bits"
	"strings"
)

// whole is a bool or an integer as an integer.
func whole(v any) int64 {
	switch v := v.(type) {
	case bool:
		if v {
			return 1
		}
	case int64:
		return v
	}
	return 0
}

// numeric is a number as a float; isWhole says that it is a bool or an integer.
func numeric(v any) (f float64, isWhole, ok bool) {
	switch v := v.(type) {
	case bool, int64:
		return float64(whole(v)), true, true
	case float64:
		return v, false, true
	}
	return 0, false, false
}

// operate is a binary operator but for comparisons.
func operate(operator string, a, b any) any {
	if operator == "~" {
		return bounded(str(a) + str(b))
	}
	x, xWhole, xOK := numeric(a)
	y, yWhole, yOK := numeric(b)
	switch {
	case xOK && yOK && xWhole && yWhole && operator != "/":
		return integers(operator, whole(a), whole(b))
	case xOK && yOK:
		return floats(operator, x, y)
	case operator == "+":
		if v := concatenated(a, b); v != nil {
			return v
		}
	case operator == "*":
		if text, ok := a.(string); ok && yOK && yWhole {
			return repeated(text, whole(b))
		}
		if text, ok := b.(string); ok && xOK && xWhole {
			return repeated(text, whole(a))
		}
	case operator == "%":
		if _, ok := a.(string); ok {
			fail("the text operator %% is not supported")
		}
	}
	fail("%s %s %s has no value", describe(a), operator, describe(b))
	return nil
}

// signed is a number times 1 or -1.
func signed(v any, sign int64) any {
	if _, _, ok := numeric(v); !ok {
		fail("%s has no sign", describe(v))
	}
	return operate("*", v, sign)
}

func concatenated(a, b any) any {
	x, xSafe := a.(markup)
	y, ySafe := b.(markup)
	text, isText := b.(string)
	other, wasText := a.(string)
	switch {
	case xSafe && ySafe:
		return bounded(x + y)
	case xSafe && isText:
		return bounded(x + markup(escapeHTML.Replace(text)))
	case wasText && ySafe:
		return bounded(markup(escapeHTML.Replace(other)) + y)
	}
	switch x := a.(type) {
	case string:
		if y, ok := b.(string); ok {
			return bounded(x + y)
		}
	case []any:
		if y, ok := b.([]any); ok {
			return chained(x, y)
		}
	case tuple:
		if y, ok := b.(tuple); ok {
			return tuple(chained(x, y))
		}
	}
	return nil
}

// bounded is a text that is no longer than one may be.
func bounded[T ~string](text T) T {
	fits(len(text), 1)
	return text
}

// fits refuses so many texts of so many bytes each where together they are too long.
func fits(bytes, times int) {
	if int64(bytes)*int64(times) > maxOutput {
		fail("a text is too long: more than %d bytes", maxOutput)
	}
}

// chained are the items of two lists.
func chained(a, b []any) []any {
	if len(a)+len(b) > maxItems {
		fail("a list is too long: more than %d items", maxItems)
	}
	return append(append([]any{}, a...), b...)
}

// escapeHTML is what Python's markupsafe does to a text that is added to a safe one.
var escapeHTML = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "'", "&#39;", `"`, "&#34;")

func repeated(text string, times int64) string {
	if times <= 0 {
		return ""
	}
	if times > maxOutput {
		fail("a text times %d is too long", times)
	}
	fits(len(text), int(times))
	return strings.Repeat(text, int(times))
}

func integers(operator string, a, b int64) any {
	switch operator {
	case "+":
		if c := a + b; (c > a) == (b > 0) {
			return c
		}
	case "-":
		if c := a - b; (c < a) == (b > 0) {
			return c
		}
	case "*":
		if hi, lo := bits.Mul64(magnitude(a), magnitude(b)); hi == 0 && lo < 1<<63 {
			return a * b
		}
	case "//", "%":
		if b == 0 {
			fail("division by zero")
		}
		q, r := a/b, a%b
		if r != 0 && (r < 0) != (b < 0) { // Python rounds down
			q, r = q-1, r+b
		}
		if operator == "//" {
			return q
		}
		return r
	case "**":
		if b < 0 {
			return math.Pow(float64(a), float64(b))
		}
		if v := math.Pow(float64(a), float64(b)); math.Abs(v) < 1<<53 {
			return int64(v)
		}
	}
	fail("%d %s %d is too large", a, operator, b)
	return nil
}

func magnitude(v int64) uint64 {
	if v < 0 {
		return -uint64(v)
	}
	return uint64(v)
}

func floats(operator string, a, b float64) any {
	switch operator {
	case "+":
		return a + b
	case "-":
		return a - b
	case "*":
		return a * b
	case "/":
		if b == 0 {
			fail("division by zero")
		}
		return a / b
	}
	fail("operator %s is not supported for floats", operator)
	return nil
}

// equal is Python's a == b.
func equal(a, b any) bool { return equalWithin(a, b, 0) }

// equalWithin is equal for values that stand so deep within others.
func equalWithin(a, b any, depth int) bool {
	if depth > maxDepth {
		fail("values that are compared stand more than %d deep within each other", maxDepth)
	}
	if x, xWhole, ok := numeric(a); ok {
		y, yWhole, ok := numeric(b)
		if ok && xWhole && yWhole {
			return whole(a) == whole(b)
		}
		return ok && x == y
	}
	switch x := a.(type) {
	case nil:
		return b == nil
	case undefined:
		_, ok := b.(undefined)
		return ok
	case string:
		y, ok := b.(string)
		return ok && x == y
	case []any:
		y, ok := b.([]any)
		return ok && equalAll(x, y, depth+1)
	case tuple:
		y, ok := b.(tuple)
		return ok && equalAll(x, y, depth+1)
	case *dict:
		y, ok := b.(*dict)
		if !ok || len(x.keys) != len(y.keys) {
			return false
		}
		for i, key := range x.keys {
			if v, ok := y.get(key); !ok || !equalWithin(x.values[i], v, depth+1) {
				return false
			}
		}
		return true
	}
	fail("%s cannot be compared", describe(a))
	return false
}

func equalAll(a, b []any, depth int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !equalWithin(a[i], b[i], depth) {
			return false
		}
	}
	return true
}

// compare is one pair of a comparison.
func compare(operator string, a, b any) bool {
	switch operator {
	case "==":
		return equal(a, b)
	case "!=":
		return !equal(a, b)
	case "in":
		return contains(b, a)
	case "not in":
		return !contains(b, a)
	}
	order := 0
	x, _, xOK := numeric(a)
	y, _, yOK := numeric(b)
	s, sOK := a.(string)
	t, tOK := b.(string)
	switch {
	case xOK && yOK:
		order = cmp.Compare(x, y)
	case sOK && tOK:
		order = cmp.Compare(s, t)
	default:
		fail("%s %s %s has no order", describe(a), operator, describe(b))
	}
	switch operator {
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	}
	return order >= 0
}

// contains is Python's v in container.
func contains(container, v any) bool {
	switch c := container.(type) {
	case string:
		text, ok := v.(string)
		if !ok {
			fail("%s in a text has no value", describe(v))
		}
		return strings.Contains(c, text)
	case *dict:
		_, ok := c.get(v)
		return ok
	}
	for _, one := range iterate(container) {
		if equal(one, v) {
			return true
		}
	}
	return false
}
