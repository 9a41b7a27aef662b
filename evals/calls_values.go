package evals

import (
	"math/big"
	"slices"
	"strings"

	"tandem/datasets"
)

// allows is true of a value with the parameter's type, or with the type of the choices (a variable stands there), that
// is one of the choices. A whole number serves as a float, a tuple only where one is asked for.
func allows(p datasets.Parameter, value any, choices []any) bool {
	if t, ok := value.(tuple); ok && p.Type == "tuple" {
		value = []any(t)
	}
	if whole, ok := value.(*big.Int); ok && p.Type == "float" {
		value, _ = new(big.Float).SetInt(whole).Float64()
	}
	if typeOf(value) != types[p.Type] && (len(choices) == 0 || typeOf(value) != choicesType(choices)) {
		return false
	}
	return slices.ContainsFunc(choices, func(choice any) bool { return same(value, choice) })
}

// types are the literals of BFCL's types.
var types = map[string]string{"integer": "int", "float": "float", "string": "str", "boolean": "bool", "array": "list",
	"tuple": "list", "dict": "dict", "any": "str"}

// choicesType is the type of the first choice that is not "".
func choicesType(choices []any) string {
	for _, c := range choices {
		if c != "" {
			return typeOf(c)
		}
	}
	return ""
}

func typeOf(v any) string {
	switch v.(type) {
	case nil:
		return "None"
	case bool:
		return "bool"
	case string:
		return "str"
	case *big.Int:
		return "int"
	case float64:
		return "float"
	case []any:
		return "list"
	case tuple:
		return "tuple"
	}
	return "dict"
}

// same compares a value with a choice: strings without regard for case and punctuation, numbers by value, lists item by
// item, and a dict key by key, where the choice lists the values allowed for each key.
func same(value, choice any) bool {
	if t, ok := value.(tuple); ok {
		value = []any(t)
	}
	switch choice := choice.(type) {
	case nil, bool:
		return value == choice
	case string:
		s, ok := value.(string)
		return ok && standard(s) == standard(choice)
	case *big.Int, float64:
		a, isNumber := rational(value)
		b, finite := rational(choice)
		return isNumber && finite && a.Cmp(b) == 0
	case []any:
		list, ok := value.([]any)
		return ok && slices.EqualFunc(list, choice, same)
	case map[string]any:
		dict, ok := value.(map[string]any)
		return ok && sameDict(dict, choice)
	}
	return false
}

func sameDict(dict, choice map[string]any) bool {
	for key, value := range dict {
		choices, ok := choice[key].([]any)
		if !ok || !slices.ContainsFunc(choices, func(c any) bool { return same(value, c) }) {
			return false
		}
	}
	for key := range choice {
		choices, _ := choice[key].([]any)
		if _, ok := dict[key]; !ok && !slices.Contains(choices, any("")) {
			return false
		}
	}
	return true
}

// rational is the exact value of a number.
func rational(v any) (*big.Rat, bool) {
	switch v := v.(type) {
	case *big.Int:
		return new(big.Rat).SetInt(v), true
	case float64:
		r := new(big.Rat).SetFloat64(v)
		return r, r != nil
	}
	return nil, false
}

// punctuation counts for nothing between strings.
var punctuation = strings.NewReplacer(" ", "", ",", "", ".", "", "/", "", "-", "", "_", "", "*", "", "^", "", "'", `"`)

func standard(s string) string { return strings.ToLower(punctuation.Replace(s)) }
