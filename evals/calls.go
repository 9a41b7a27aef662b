package evals

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

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
