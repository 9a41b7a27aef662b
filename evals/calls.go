package evals

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"

	"tandem/datasets"
)

// callsStops end an answer: the next turn of a base model that goes on by itself.
var callsStops = []string{"\nuser:", "\nsystem:", "\n\nFunctions:", "<|endoftext|>", "<|im_end|>"}

// judgeCalls compares the calls of an answer with those allowed, as BFCL's AST match does (Berkeley Function-Calling
// Leaderboard, bfcl_eval/eval_checker/ast_eval): as many calls as are wanted, in any order; each with the right name,
// every required parameter, none that is unknown, and every value one of those allowed. "" among those marks a
// parameter that may be left out.
func judgeCalls(task datasets.Example, answer string) string {
	var want datasets.CallsAnswer
	decode := json.NewDecoder(bytes.NewReader(task.Answer))
	if err := decode.Decode(&want); err != nil {
		return "the task's answer is not readable: " + err.Error()
	}
	got, err := readCalls(answer)
	if err != nil {
		return err.Error()
	}
	if len(got) != len(want.Calls) {
		return fmt.Sprintf("%d calls, not %d", len(got), len(want.Calls))
	}
	of := make([]int, len(got)) // the allowed call that a call stands for, counted from 1
	for i := range want.Calls {
		if wrong := assign(i, got, want, of, make([]bool, len(got))); wrong != "" {
			return wrong
		}
	}
	return ""
}

// assign finds a call for the i-th allowed one; a call that stands for another one is taken if that finds another call
// in its turn (an augmenting path), so that the order of the calls decides nothing. BFCL's own match takes the first call
// that fits and so fails some right answers.
func assign(i int, got []call, want datasets.CallsAnswer, of []int, tried []bool) (wrong string) {
	wrong = "two calls stand for the same one"
	for k, c := range got {
		if tried[k] {
			continue
		}
		if why := wrongCall(c, want.Calls[i], want.Functions); why != "" {
			wrong = why
			continue
		}
		tried[k] = true
		if of[k] == 0 || assign(of[k]-1, got, want, of, tried) == "" {
			of[k] = i + 1
			return ""
		}
	}
	return wrong
}

// fenced finds the first code block.
var fenced = regexp.MustCompile("(?s)```[a-zA-Z_]*\n(.*?)```")

// readCalls reads an answer: Python's [f(a=1)], or JSON, [{"name": "f", "arguments": {"a": 1}}] or [{"f": {"a": 1}}];
// alone, or in a code block.
func readCalls(answer string) ([]call, error) {
	if m := fenced.FindStringSubmatch(answer); m != nil {
		answer = m[1]
	}
	answer = strings.TrimSpace(answer)
	if answer == "" {
		return nil, fmt.Errorf("it holds no call")
	}
	if calls, ok := jsonCalls(answer); ok {
		return calls, nil
	}
	return parseCalls(answer)
}

// jsonCalls reads the forms in JSON.
func jsonCalls(text string) ([]call, bool) {
	decoded, err := decodeJSON([]byte(text))
	if err != nil {
		return nil, false
	}
	list, ok := decoded.([]any)
	if !ok {
		list = []any{decoded}
	}
	var calls []call
	for _, item := range list {
		fields, ok := item.(map[string]any)
		if !ok {
			return nil, false
		}
		c := call{}
		if name, ok := fields["name"].(string); ok {
			c.name = name
			for _, key := range []string{"arguments", "parameters"} {
				if arguments, ok := fields[key].(map[string]any); ok {
					c.arguments = arguments
				}
			}
		} else if len(fields) == 1 {
			for c.name = range fields {
			}
			c.arguments, _ = fields[c.name].(map[string]any)
		}
		if c.arguments == nil {
			return nil, false
		}
		calls = append(calls, c)
	}
	return calls, true
}

// decodeJSON decodes into the values of parseCalls: whole numbers stay whole.
func decodeJSON(text []byte) (any, error) {
	decode := json.NewDecoder(bytes.NewReader(text))
	decode.UseNumber()
	var v any
	if err := decode.Decode(&v); err != nil {
		return nil, err
	}
	if decode.More() {
		return nil, fmt.Errorf("more than one value")
	}
	return plainNumbers(v), nil
}

func plainNumbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		if whole, ok := new(big.Int).SetString(v.String(), 10); ok {
			return whole
		}
		f, _ := v.Float64()
		return f
	case []any:
		for i := range v {
			v[i] = plainNumbers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = plainNumbers(v[k])
		}
	}
	return v
}

// wrongCall says why the call is not the allowed one; empty: it is.
func wrongCall(c call, allowed map[string]map[string][]json.RawMessage, functions []datasets.Function) string {
	values, ok := allowed[c.name]
	if !ok {
		return fmt.Sprintf("%s is not to be called", c.name)
	}
	i := slices.IndexFunc(functions, func(f datasets.Function) bool { return f.Name == c.name })
	if i < 0 {
		return fmt.Sprintf("there is no function %s", c.name)
	}
	parameters := functions[i].Parameters
	for _, name := range parameters.Required {
		if _, ok := c.arguments[name]; !ok {
			return fmt.Sprintf("%s lacks the parameter %s", c.name, name)
		}
	}
	for name, value := range c.arguments {
		parameter, known := parameters.Properties[name]
		texts, wanted := values[name]
		if !known || !wanted {
			return fmt.Sprintf("%s has no parameter %s", c.name, name)
		}
		choices, err := decodeAll(texts)
		if err != nil {
			return fmt.Sprintf("the task's answer for %s is not readable: %v", name, err)
		}
		if !allows(parameter, value, choices) {
			return fmt.Sprintf("%s: %s is %s", c.name, name, show(value))
		}
	}
	for name, texts := range values {
		if _, ok := c.arguments[name]; !ok && !slices.ContainsFunc(texts, func(t json.RawMessage) bool { return string(t) == `""` }) {
			return fmt.Sprintf("%s lacks the parameter %s", c.name, name)
		}
	}
	return ""
}

func decodeAll(texts []json.RawMessage) ([]any, error) {
	var all []any
	for _, text := range texts {
		v, err := decodeJSON(text)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}

func show(v any) string {
	s := fmt.Sprintf("%v", v)
	return s[:min(len(s), 60)]
}

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
