package basics

import (
	"strconv"
	"strings"
)

// A pair is one entry of a Python dictionary, in the order of insertion.
type pair struct {
	key   any
	value int
}

// dict is a Python dictionary with integer values.
type dict []pair

// at returns the place of the key's value, or nil.
func (t dict) at(key any) *int {
	for i := range t {
		if t[i].key == key {
			return &t[i].value
		}
	}
	return nil
}

// values lists the values in the order of insertion.
func (t dict) values() []int {
	var out []int
	for _, p := range t {
		out = append(out, p.value)
	}
	return out
}

// repr writes a value as Python's repr does.
func repr(v any) string {
	switch v := v.(type) {
	case int:
		return strconv.Itoa(v)
	case bool:
		return capital(strconv.FormatBool(v))
	case string:
		return "'" + v + "'"
	case []int:
		return "[" + commas(v) + "]"
	case []string:
		return "[" + commas(v) + "]"
	case [][]int:
		return "[" + commas(v) + "]"
	case keyList:
		return "[" + commas(v) + "]"
	case []any:
		return commas(v)
	case dict:
		parts := make([]string, len(v))
		for i, p := range v {
			parts[i] = repr(p.key) + ": " + strconv.Itoa(p.value)
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	panic("basics: a value of an unknown type")
}

// commas writes the values one after the other.
func commas[T any](vs []T) string {
	parts := make([]string, len(vs))
	for i, v := range vs {
		parts[i] = repr(v)
	}
	return strings.Join(parts, ", ")
}

// An arg is one argument of a task's function: its name, its edge cases and how other values are drawn.
type arg struct {
	name  string
	edges []any
	draw  func(d *dice) any
}

func (d *dice) number() int { return d.between(-9, 20) }

func (d *dice) ints(lo, hi int) []int {
	xs := make([]int, d.between(lo, hi))
	for i := range xs {
		xs[i] = d.number()
	}
	return xs
}

var listNames = []string{"nums", "numbers", "values", "xs", "data", "items"}

// list is an argument that is a list of small integers.
func list(name string) arg {
	return arg{name, []any{[]int{}, []int{0}, []int{6, 6, -3}}, func(d *dice) any { return d.ints(4, 7) }}
}

// whole is an argument that is an integer of lo..hi.
func whole(name string, lo, hi int) arg {
	return arg{name, []any{lo, lo + 1}, func(d *dice) any { return d.between(lo, hi) }}
}

var rowNames = []string{"rows", "matrix", "grid", "table", "lists"}

// rows is an argument that is a list of lists of integers.
func rows(name string) arg {
	return arg{name, []any{[][]int{}, [][]int{{}, {4, 7}}}, func(d *dice) any {
		out := make([][]int, d.between(2, 4))
		for i := range out {
			out[i] = d.ints(1, 4)
		}
		return out
	}}
}

var (
	textNames = []string{"text", "s", "string", "line", "message"}
	chunks    = []string{"apple", "Hello", "World", "BIG", "cat", "42", "7", "Blue", "sky", "ABC", "tree", "2024", "Ok", "rain", "xyz", "Mind"}
	lexicon   = []string{"apple", "river", "sun", "cats", "tree", "moon", "is", "a", "green", "dogs", "cloud", "as", "bird",
		"ice", "lamp", "stars", "open", "night", "echo", "banana", "us", "stone", "idea", "fox"}
	fruits = []string{"ann", "bob", "cid", "dan", "eve", "fay", "gus", "hal"}
)

// text is an argument that is a string of letters, digits and spaces.
func text(name string) arg {
	return arg{name, []any{"", "aB 1"}, func(d *dice) any {
		parts := make([]string, d.between(2, 3))
		for i := range parts {
			parts[i] = one(d, chunks)
		}
		return strings.Join(parts, " ")
	}}
}

var phraseNames = []string{"text", "sentence", "phrase", "line"}

// phrase is an argument that is a string of lower-case words.
func phrase(name string) arg {
	return arg{name, []any{"", "a"}, func(d *dice) any {
		parts := make([]string, d.between(3, 6))
		for i := range parts {
			parts[i] = one(d, lexicon)
		}
		return strings.Join(parts, " ")
	}}
}

var tableNames = []string{"scores", "points", "prices", "counts", "ages"}

// mappingArg is an argument that is a dictionary from names to integers.
func mappingArg(name string) arg {
	return arg{name, []any{dict{}, dict{{"ann", 0}}}, func(d *dice) any {
		var t dict
		order := d.Perm(len(fruits))
		for i := range d.between(3, 5) {
			t = append(t, pair{fruits[order[i]], d.number()})
		}
		return t
	}}
}
