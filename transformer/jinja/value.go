package jinja

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The values are nil (None), undefined, bool, int64, float64, string, markup, []any (a list, which nothing changes), tuple, series, *dict,
// *namespace, *generator, function and *loop.

// undefined is what a name, an attribute or an item without a value gives. It is false and prints as nothing; to use it is an error.
type undefined struct{ name string }

// tuple is Python's.
type tuple []any

// series is what range gives.
type series []any

// markup is a text that the filter safe has passed. It can be written and added to.
type markup string

// A function is a macro, a method or one of the table.
type function func(a arguments) any

// A generator gives its items once, as the filters that select do.
type generator struct{ items []any }

// A namespace has attributes that a template may set.
type namespace struct{ attributes dict }

func (n *namespace) set(name string, v any) {
	if strings.HasPrefix(name, "_") {
		fail("a namespace cannot have the attribute %s", name)
	}
	n.attributes.set(name, v)
}

// A dict is Python's; it keeps the order of its keys, which are strings as a rule.
type dict struct {
	keys, values []any
	index        map[any]int
}

// Object is a dict for a variable, of names and values in turns.
func Object(pairs ...any) any {
	d := &dict{}
	for i := 0; i+1 < len(pairs); i += 2 {
		d.set(pairs[i], plain(pairs[i+1]))
	}
	return d
}

// hashed is a key as the index holds it: 1, 1.0 and True are one.
func hashed(key any) any {
	switch k := key.(type) {
	case bool, int64:
		return float64(whole(k))
	case float64, string, nil:
		return key
	}
	fail("%s cannot be a key", describe(key))
	return nil
}

func (d *dict) set(key, value any) {
	h := hashed(key)
	if i, ok := d.index[h]; ok {
		d.values[i] = value
		return
	}
	if d.index == nil {
		d.index = map[any]int{}
	}
	d.index[h] = len(d.keys)
	d.keys, d.values = append(d.keys, key), append(d.values, value)
}

func (d *dict) get(key any) (any, bool) {
	i, ok := d.index[hashed(key)]
	if !ok {
		return nil, false
	}
	return d.values[i], true
}

// take gets a named argument and removes it.
func (d *dict) take(name string) (v any, ok bool) {
	i, ok := d.index[name]
	if !ok {
		return nil, false
	}
	v = d.values[i]
	rest := dict{}
	for j, key := range d.keys {
		if j != i {
			rest.set(key, d.values[j])
		}
	}
	*d = rest
	return v, true
}

// items are the pairs of keys and values.
func (d *dict) items() (pairs []any) {
	for i, key := range d.keys {
		pairs = append(pairs, tuple{key, d.values[i]})
	}
	return pairs
}

// truth is Python's bool(v).
func truth(v any) bool {
	switch v := v.(type) {
	case nil, undefined:
		return false
	case bool:
		return v
	case int64:
		return v != 0
	case float64:
		return v != 0
	case string:
		return v != ""
	case markup:
		return v != ""
	case []any:
		return len(v) > 0
	case tuple:
		return len(v) > 0
	case series:
		return len(v) > 0
	case *dict:
		return len(v.keys) > 0
	case *loop:
		return len(v.items) > 0
	}
	return true
}

// str is Python's str(v), which {{ }} writes.
func str(v any) string {
	switch v := v.(type) {
	case undefined:
		return ""
	case string:
		return v
	case markup:
		return string(v)
	}
	return repr(v)
}

// repr is Python's repr(v).
func repr(v any) string { return reprWithin(v, 0) }

// reprWithin is repr for a value that stands so deep within others.
func reprWithin(v any, depth int) string {
	if depth > maxDepth {
		fail("a value that is written stands more than %d deep within others", maxDepth)
	}
	inner := func(v any) string { return reprWithin(v, depth+1) }
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		return map[bool]string{true: "True", false: "False"}[v]
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return floatText(v, "inf", "nan")
	case string:
		return quoted(v)
	case []any:
		return "[" + joined(v, inner) + "]"
	case tuple:
		if len(v) == 1 {
			return "(" + inner(v[0]) + ",)"
		}
		return "(" + joined(v, inner) + ")"
	case *dict:
		return "{" + joined(v.items(), func(pair any) string { return inner(pair.(tuple)[0]) + ": " + inner(pair.(tuple)[1]) }) + "}"
	}
	fail("%s has no text", describe(v))
	return ""
}

func joined(values []any, text func(any) string) string {
	parts, bytes := make([]string, len(values)), 0
	for i, v := range values {
		parts[i] = text(v)
		bytes += len(parts[i]) + 2
		fits(bytes, 1)
	}
	return strings.Join(parts, ", ")
}

// floatText is Python's repr of a float: the shortest digits that give it again, with an exponent below 1e-4 and from 1e16 on.
func floatText(v float64, infinity, nan string) string {
	text := strconv.FormatFloat(v, 'e', -1, 64)
	_, digits, ok := strings.Cut(text, "e")
	switch {
	case v != v:
		return nan
	case !ok:
		return strings.TrimPrefix(strings.TrimSuffix(text, "Inf"), "+") + infinity
	}
	if exponent, err := strconv.Atoi(digits); err != nil || exponent < -4 || exponent >= 16 {
		return text
	}
	if text = strconv.FormatFloat(v, 'f', -1, 64); !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}

// quoted is Python's repr of a string.
func quoted(text string) string {
	quote := byte('\'')
	if strings.Contains(text, "'") && !strings.Contains(text, `"`) {
		quote = '"'
	}
	b := []byte{quote}
	for _, r := range text {
		switch {
		case r == rune(quote) || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n' || r == '\r' || r == '\t':
			b = append(b, '\\', map[rune]byte{'\n': 'n', '\r': 'r', '\t': 't'}[r])
		case unicode.IsPrint(r):
			b = utf8.AppendRune(b, r)
		case r < 0x100:
			b = fmt.Appendf(b, `\x%02x`, r)
		case r < 0x10000:
			b = fmt.Appendf(b, `\u%04x`, r)
		default:
			b = fmt.Appendf(b, `\U%08x`, r)
		}
	}
	return string(append(b, quote))
}

// describe says in an error what a value is.
func describe(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case undefined:
		return v.name + ", which is undefined,"
	case bool:
		return "a truth value"
	case int64, float64:
		return "a number"
	case string:
		return "a text"
	case markup:
		return "a text that was marked as safe"
	case []any, tuple, series:
		return "a list"
	case *dict:
		return "a dict"
	case *namespace:
		return "a namespace"
	case function:
		return "a function"
	case *generator:
		return "a selection"
	}
	return "a loop"
}
