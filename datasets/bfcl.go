package datasets

import (
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strings"
)

// A CallsAnswer is what a Calls task is judged by: the functions on offer and the calls that are allowed.
type CallsAnswer struct {
	Functions []Function                                `json:"functions"`
	Calls     []map[string]map[string][]json.RawMessage `json:"calls"` // each: name to parameter to its allowed values
}

// A Function is the signature of a function on offer.
type Function struct {
	Name       string `json:"name"`
	Parameters struct {
		Properties map[string]Parameter `json:"properties"`
		Required   []string             `json:"required"`
	} `json:"parameters"`
}

// A Parameter has one of BFCL's types: integer, float, string, boolean, array, tuple, dict, any.
type Parameter struct {
	Type  string     `json:"type"`
	Items *Parameter `json:"items,omitempty"`
}

// readBFCL reads a file of questions and the file of their allowed answers, line by line the same tasks.
func readBFCL(files []io.Reader) iter.Seq2[Example, error] {
	type question struct {
		ID       string `json:"id"`
		Question [][]struct{ Role, Content string }
		Function []json.RawMessage
	}
	type truth struct {
		ID   string                                    `json:"id"`
		Call []map[string]map[string][]json.RawMessage `json:"ground_truth"`
	}
	return func(yield func(Example, error) bool) {
		truths := map[string]truth{}
		for t, err := range jsonLines[truth](files[1]) {
			if err != nil {
				yield(Example{}, fmt.Errorf("answers: %w", err))
				return
			}
			truths[t.ID] = t
		}
		for q, err := range jsonLines[question](files[0]) {
			var e Example
			if err == nil {
				answer := CallsAnswer{Calls: truths[q.ID].Call}
				e, err = callsExample(q.ID, q.Function, answer)
				for _, turn := range q.Question {
					for _, message := range turn {
						e.Prompt += message.Role + ": " + message.Content + "\n"
					}
				}
				e.Prompt += "Calls: "
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// callsPrompt is the beginning of the prompt; the functions, the messages and "Calls: " follow it.
const callsPrompt = `Answer with calls of the functions below and with nothing else, as a Python list: [name(parameter=value, ...), ...].
Name every parameter. Leave out an optional one where its default will do.

Functions:
`

// callsExample makes a task of the functions and the answers; the messages are still to come.
func callsExample(id string, functions []json.RawMessage, answer CallsAnswer) (Example, error) {
	if len(answer.Calls) == 0 {
		return Example{}, fmt.Errorf("task %q has no answer", id)
	}
	e := Example{TaskID: id, Kind: Calls, Prompt: callsPrompt}
	for _, text := range functions {
		var f Function
		if err := json.Unmarshal(text, &f); err != nil {
			return Example{}, fmt.Errorf("task %q: a function: %w", id, err)
		}
		answer.Functions = append(answer.Functions, f)
		e.Prompt += strings.TrimSpace(string(text)) + "\n"
	}
	e.Prompt += "\n"
	var err error
	e.Answer, err = json.Marshal(answer)
	return e, err
}
