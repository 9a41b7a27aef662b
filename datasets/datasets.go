// Package datasets holds the task suites: what a task is, how a suite's file is read, and the suite that is
// embedded in the binary.
package datasets

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
)

// An Example is one task in the human-eval schema.
type Example struct {
	TaskID            string `json:"task_id"`
	Prompt            string `json:"prompt"` // signature, docstring, one worked example; ends after the docstring's newline
	CanonicalSolution string `json:"canonical_solution"`
	Test              string `json:"test"` // defines check(candidate)
	EntryPoint        string `json:"entry_point"`
}

// A Suite is a named list of tasks, with the hash of the bytes that it was read from.
type Suite struct {
	Name    string
	SHA256  string // hex, of the file
	Licence string
	Tasks   []Example
}

// maxLine bounds one JSON line of a suite, in bytes.
const maxLine = 16 << 20

// Read reads a suite in the human-eval schema, one JSON object a line. It reports the line of the first
// task that is not valid JSON, lacks a field or repeats a task_id; an empty suite is an error.
func Read(name string, r io.Reader) (Suite, error) {
	hash := sha256.New()
	scan := bufio.NewScanner(io.TeeReader(r, hash))
	scan.Buffer(nil, maxLine)
	suite := Suite{Name: name}
	seen := map[string]bool{}
	for line := 1; scan.Scan(); line++ {
		text := bytes.TrimSpace(scan.Bytes())
		if len(text) == 0 {
			continue
		}
		var e Example
		if err := json.Unmarshal(text, &e); err != nil {
			return Suite{}, fmt.Errorf("suite %s, line %d: %w", name, line, err)
		}
		if err := e.valid(); err != nil {
			return Suite{}, fmt.Errorf("suite %s, line %d: %w", name, line, err)
		}
		if seen[e.TaskID] {
			return Suite{}, fmt.Errorf("suite %s, line %d: task_id %q occurs twice", name, line, e.TaskID)
		}
		seen[e.TaskID] = true
		suite.Tasks = append(suite.Tasks, e)
	}
	if err := scan.Err(); err != nil {
		return Suite{}, fmt.Errorf("suite %s: %w", name, err)
	}
	if len(suite.Tasks) == 0 {
		return Suite{}, fmt.Errorf("suite %s holds no task", name)
	}
	suite.SHA256 = hex.EncodeToString(hash.Sum(nil))
	return suite, nil
}

// valid reports the first field that scoring needs and the example lacks.
func (e Example) valid() error {
	for _, field := range []struct{ name, value string }{
		{"task_id", e.TaskID}, {"prompt", e.Prompt}, {"test", e.Test}, {"entry_point", e.EntryPoint},
	} {
		if field.value == "" {
			return fmt.Errorf("field %q is missing or empty", field.name)
		}
	}
	return nil
}
