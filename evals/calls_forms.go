package evals

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"strings"
)

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
