package jinja

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
)

// filterTable is the table of filters.
var filterTable map[string]func(v any, c *call) any

func init() { // map looks filters up
	filterTable = map[string]func(v any, c *call) any{
		"trim":       func(v any, c *call) any { return stripped(soft(v), c, true, true) },
		"lower":      func(v any, _ *call) any { return cases.Lower(language.Und).String(soft(v)) },
		"upper":      func(v any, _ *call) any { return cases.Upper(language.Und).String(soft(v)) },
		"capitalize": func(v any, _ *call) any { return capitalized(soft(v)) },
		"string":     func(v any, _ *call) any { return soft(v) },
		"safe":       func(v any, _ *call) any { return markup(soft(v)) },
		"length":     func(v any, _ *call) any { return length(v) },
		"count":      func(v any, _ *call) any { return length(v) },
		"list":       func(v any, _ *call) any { return slices.Clone(iterate(v)) },
		"first":      func(v any, _ *call) any { return end(iterate(v), 0) },
		"last":       func(v any, _ *call) any { return end(iterate(v), -1) },
		"default":    orDefault,
		"d":          orDefault,
		"items":      func(v any, _ *call) any { return pairs(v) },
		"dictsort":   dictSort,
		"sort":       sorted,
		"unique":     unique,
		"min":        extreme(1),
		"max":        extreme(-1),
		"join":       join,
		"replace":    replace,
		"indent":     indent,
		"int":        toInteger,
		"float":      toFloat,
		"abs":        absolute,
		"tojson":     toJSON,
		"map":        mapped,
		"select":     func(v any, c *call) any { return selected(v, c, false, true) },
		"reject":     func(v any, c *call) any { return selected(v, c, false, false) },
		"selectattr": func(v any, c *call) any { return selected(v, c, true, true) },
		"rejectattr": func(v any, c *call) any { return selected(v, c, true, false) },
	}
}

// soft is Jinja's soft_str.
func soft(v any) string {
	if _, ok := v.(markup); ok {
		fail("filters of a text that was marked as safe are not supported")
	}
	return str(v)
}

func end(items []any, at int) any {
	if len(items) == 0 {
		return undefined{"an item of an empty list"}
	}
	return items[(at+len(items))%len(items)]
}

func orDefault(v any, c *call) any {
	missing, falsy := c.optional("default_value", ""), truth(c.optional("boolean", false))
	if _, ok := v.(undefined); ok || falsy && !truth(v) {
		return missing
	}
	return v
}

func pairs(v any) any {
	switch v := v.(type) {
	case undefined:
		return []any{}
	case *dict:
		return v.items()
	}
	fail("filter items wants a dict, not %s", describe(v))
	return nil
}

// order is that of two values as sort filters have it: texts in lower case.
func order(a, b any) int {
	a, b = folded(a), folded(b)
	switch {
	case compare("<", a, b):
		return -1
	case compare("<", b, a):
		return 1
	}
	return 0
}

func folded(v any) any {
	if text, ok := v.(string); ok {
		return cases.Lower(language.Und).String(text)
	}
	return v
}

// dictSort is by the keys.
func dictSort(v any, _ *call) any {
	d, ok := v.(*dict)
	if !ok {
		fail("filter dictsort wants a dict, not %s", describe(v))
	}
	sorted := d.items()
	slices.SortStableFunc(sorted, func(a, b any) int { return order(a.(tuple)[0], b.(tuple)[0]) })
	return sorted
}

// sorted is by the values, or by an attribute of them.
func sorted(v any, c *call) any {
	reverse, name := truth(c.optional("reverse", false)), keyOf(c)
	out := slices.Clone(iterate(v))
	slices.SortStableFunc(out, func(a, b any) int {
		if reverse {
			a, b = b, a
		}
		return order(name(a), name(b))
	})
	return out
}

// keyOf is what an item counts by: its attribute where the call names one.
func keyOf(c *call) func(v any) any {
	if truth(c.optional("case_sensitive", false)) {
		fail("%s with case_sensitive is not supported", c.what)
	}
	name := c.optional("attribute", nil)
	if text, ok := name.(string); ok && strings.Contains(text, ",") {
		fail("%s by several attributes is not supported", c.what)
	}
	return func(v any) any {
		if name == nil {
			return v
		}
		return attributePath(v, name)
	}
}

// unique gives the first of the items that are equal.
func unique(v any, c *call) any {
	key, seen, out := keyOf(c), &dict{}, &generator{}
	for _, one := range iterate(v) {
		if _, ok := seen.get(folded(key(one))); !ok {
			seen.set(folded(key(one)), nil)
			out.items = append(out.items, one)
		}
	}
	return out
}

// extreme is the least or the greatest item.
func extreme(sign int) func(v any, c *call) any {
	return func(v any, c *call) any {
		key, items := keyOf(c), iterate(v)
		if len(items) == 0 {
			return end(items, 0)
		}
		return slices.MinFunc(items, func(a, b any) int { return sign * order(key(a), key(b)) })
	}
}

func join(v any, c *call) any {
	between, name := soft(c.optional("d", "")), c.optional("attribute", nil)
	parts := []string{}
	for _, one := range iterate(v) {
		if name != nil {
			one = attributePath(one, name)
		}
		parts = append(parts, soft(one))
	}
	return strung(parts, between)
}

// strung is strings.Join for a text that is not too long.
func strung(parts []string, between string) string {
	bytes := 0
	for _, part := range parts {
		bytes += len(part) + len(between)
		fits(bytes, 1)
	}
	return strings.Join(parts, between)
}

// attributePath is an attribute as filters name it: "a.b", or an index.
func attributePath(v, name any) any {
	text, ok := name.(string)
	if !ok {
		return item(v, name)
	}
	for part := range strings.SplitSeq(text, ".") {
		if at, err := strconv.Atoi(part); err == nil {
			v = item(v, int64(at))
			continue
		}
		v = item(v, part)
	}
	return v
}

func replace(v any, c *call) any {
	old, with, count := soft(c.optional("old", undefined{})), soft(c.optional("new", undefined{})), c.optional("count", nil)
	n := int64(-1)
	if count != nil {
		n = index(count)
	}
	return replaced(soft(v), old, with, int(n))
}

// replaced is strings.Replace for a text that does not become too long.
func replaced(text, old, with string, n int) string {
	times := strings.Count(text, old)
	if n >= 0 {
		times = min(times, n)
	}
	fits(len(with), times)
	return bounded(strings.Replace(text, old, with, n))
}

// indent puts blanks before the lines of a text but for the first, and for empty ones.
func indent(v any, c *call) any {
	by, first, blank := c.optional("width", int64(4)), truth(c.optional("first", false)), truth(c.optional("blank", false))
	margin, ok := by.(string)
	if !ok {
		margin = repeated(" ", index(by))
	}
	all := lines(soft(v) + "\n")
	fits(len(margin), len(all))
	for i, line := range all {
		if (i > 0 || first) && (line != "" || blank || i == 0) {
			all[i] = margin + line
		}
	}
	return bounded(strings.Join(all, "\n"))
}

func toInteger(v any, c *call) any {
	missing := c.optional("default", int64(0))
	switch v := v.(type) {
	case bool, int64:
		return whole(v)
	case float64:
		if math.Abs(v) < 1<<62 {
			return int64(v)
		}
	case string:
		text := strings.TrimFunc(v, isSpace)
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n
		}
		if f, err := strconv.ParseFloat(text, 64); err == nil && math.Abs(f) < 1<<62 && !strings.ContainsAny(text, "xXpP") {
			return int64(f)
		}
	}
	return missing
}

func toFloat(v any, c *call) any {
	missing := c.optional("default", 0.0)
	if f, _, ok := numeric(v); ok {
		return f
	}
	if text, ok := v.(string); ok {
		if f, err := strconv.ParseFloat(strings.TrimFunc(text, isSpace), 64); err == nil && !strings.ContainsAny(text, "xXpP") {
			return f
		}
	}
	return missing
}

func absolute(v any, _ *call) any {
	f, isWhole, ok := numeric(v)
	if !ok {
		fail("filter abs wants a number, not %s", describe(v))
	}
	if isWhole {
		return max(whole(v), -whole(v))
	}
	return math.Abs(f)
}

// mapped gives an attribute of each item, or what a filter makes of it.
func mapped(v any, c *call) any {
	out := &generator{}
	if name, ok := c.named.take("attribute"); ok {
		missing, has := c.named.take("default")
		for _, one := range chosen(v) {
			value := attributePath(one, name)
			if _, none := value.(undefined); none && has {
				value = missing
			}
			out.items = append(out.items, value)
		}
		return out
	}
	name := c.text("filter")
	filter, more := named(filterTable, "filter", name), c.rest()
	for _, one := range chosen(v) {
		out.items = append(out.items, called("filter "+name, filter, one, arguments{more, &dict{}}))
	}
	return out
}

// selected keeps the items that pass a test, or whose attribute does; without a test, those that are true.
func selected(v any, c *call, byAttribute, keep bool) any {
	var name any
	if byAttribute {
		name = c.optional("attribute", nil)
	}
	passes := truth
	if len(c.values) > c.taken {
		word := c.text("test")
		test, more := named(testTable, "test", word), c.rest()
		passes = func(v any) bool { return truth(called("test "+word, test, v, arguments{more, &dict{}})) }
	}
	out := &generator{}
	for _, one := range chosen(v) {
		value := one
		if byAttribute {
			value = attributePath(one, name)
		}
		if passes(value) == keep {
			out.items = append(out.items, one)
		}
	}
	return out
}

// chosen are the items that map and the filters that select go through: none of a value that is false.
func chosen(v any) []any {
	if !truth(v) {
		return nil
	}
	return iterate(v)
}
