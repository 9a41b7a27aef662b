package jinja

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf16"
)

// FromJSON reads a JSON value as templates see it: objects keep the order of their keys, and whole numbers are none with a fraction.
func FromJSON(data []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	v, err := fromJSON(d)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("more follows the JSON value")
	}
	return v, nil
}

func fromJSON(d *json.Decoder) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t := t.(type) {
	case json.Number:
		if n, err := t.Int64(); err == nil {
			return n, nil
		}
		return t.Float64()
	case json.Delim:
		if t == '[' {
			out := []any{}
			for d.More() {
				v, err := fromJSON(d)
				if err != nil {
					return nil, err
				}
				out = append(out, v)
			}
			_, err := d.Token()
			return out, err
		}
		out := &dict{}
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return nil, err
			}
			v, err := fromJSON(d)
			if err != nil {
				return nil, err
			}
			out.set(key, v)
		}
		_, err := d.Token()
		return out, err
	}
	return t, nil
}

// An encoder is Python's json.dumps with its options.
type encoder struct {
	strings.Builder
	ascii, sorted bool
	indent        *string // of a level; nil: one line
	item, key     string  // separators
}

// toJSON is the filter that transformers puts in place of Jinja's: json.dumps without escapes for HTML.
func toJSON(v any, c *call) any {
	e := &encoder{item: ", ", key: ": ", ascii: truth(c.optional("ensure_ascii", false))}
	if by := c.optional("indent", nil); by != nil {
		margin, ok := by.(string)
		if !ok {
			margin = repeated(" ", index(by))
		}
		e.indent, e.item = &margin, ","
	}
	if pair := c.optional("separators", nil); pair != nil {
		both := iterate(pair)
		if len(both) != 2 {
			fail("filter tojson wants two separators")
		}
		e.item, e.key = str(both[0]), str(both[1])
	}
	e.sorted = truth(c.optional("sort_keys", false))
	e.value(v, "\n", 0)
	return e.String()
}

// value writes a value that stands so deep within others; margin is a newline and the blanks of its level.
func (e *encoder) value(v any, margin string, depth int) {
	if depth > maxDepth {
		fail("filter tojson: a value stands more than %d deep within others", maxDepth)
	}
	fits(e.Len()+len(margin), 1)
	switch v := v.(type) {
	case nil:
		e.WriteString("null")
	case bool:
		fmt.Fprintf(e, "%t", v)
	case int64:
		fmt.Fprintf(e, "%d", v)
	case float64:
		e.WriteString(floatText(v, "Infinity", "NaN"))
	case string:
		e.text(v)
	case markup:
		e.text(string(v))
	case []any:
		e.list("[]", len(v), margin, func(i int, margin string) { e.value(v[i], margin, depth+1) })
	case tuple:
		e.list("[]", len(v), margin, func(i int, margin string) { e.value(v[i], margin, depth+1) })
	case *dict:
		order := make([]int, len(v.keys))
		for i := range order {
			order[i] = i
		}
		if e.sorted {
			slices.SortFunc(order, func(i, j int) int { return strings.Compare(keyText(v.keys[i]), keyText(v.keys[j])) })
		}
		e.list("{}", len(order), margin, func(i int, margin string) {
			e.text(keyText(v.keys[order[i]]))
			e.WriteString(e.key)
			e.value(v.values[order[i]], margin, depth+1)
		})
	default:
		fail("filter tojson: %s has no JSON", describe(v))
	}
}

func keyText(key any) string {
	text, ok := key.(string)
	if !ok {
		fail("filter tojson is supported for texts as keys alone, not for %s", describe(key))
	}
	return text
}

func (e *encoder) list(brackets string, n int, margin string, one func(i int, margin string)) {
	e.WriteByte(brackets[0])
	inner := margin
	if e.indent != nil {
		inner += *e.indent
	}
	for i := range n {
		if i > 0 {
			e.WriteString(e.item)
		}
		if e.indent != nil {
			e.WriteString(inner)
		}
		one(i, inner)
	}
	if e.indent != nil && n > 0 {
		e.WriteString(margin)
	}
	e.WriteByte(brackets[1])
}

// text writes a string: quotes, backslashes and controls are escaped, and with ascii all that is not printable ASCII.
func (e *encoder) text(s string) {
	e.WriteByte('"')
	for _, r := range s {
		short := map[rune]string{'"': `\"`, '\\': `\\`, '\n': `\n`, '\r': `\r`, '\t': `\t`, '\b': `\b`, '\f': `\f`}[r]
		switch {
		case short != "":
			e.WriteString(short)
		case r < ' ' || e.ascii && r > '~' && r < 0x10000:
			fmt.Fprintf(e, `\u%04x`, r)
		case e.ascii && r >= 0x10000:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(e, `\u%04x\u%04x`, high, low)
		default:
			e.WriteRune(r)
		}
	}
	e.WriteByte('"')
}
