// Package basics makes small Python tasks from a grammar: the embedded suite, the examples to watch a training
// run with, and the training text of the embedded checkpoint.
//
//  1. A family is a shape of task: a list pipeline, a recursion, a walk over digits, ...
//  2. It draws operations: a condition, a mapping, a finish, ... Each op knows how English says it, how Python
//     writes it and what it computes.
//  3. The family and its operations are the composition; names, phrasings, constants and example values are not
//     part of it. A hash of the composition puts it into one of three parts: training, development, suite. So
//     no composition of the suite is ever trained on, while each single operation is.
//  4. A task of the chosen part is written down: prompt, solution, and a test whose expected values come from
//     the operations' evaluators, not from running the solution.
package basics

import (
	"bytes"
	_ "embed"
	"fmt"
	"hash/fnv"
	"io"
	"iter"
	"strings"

	"tandem/datasets"
)

//go:embed basics.jsonl
var embedded []byte

// Suite returns the embedded suite: 164 tasks that Generate makes from seed 1, as datasets.Write wrote them.
func Suite() datasets.Suite {
	suite, err := datasets.Read("basics", bytes.NewReader(embedded))
	if err != nil {
		panic(fmt.Sprintf("basics: the embedded suite: %v", err))
	}
	suite.Licence = "Apache-2.0"
	return suite
}

// A part is a share of all compositions.
type part int

const (
	training part = iota
	development
	held
)

// partOf says which part a composition belongs to: 6% are the suite's, 6% are for development.
func partOf(composition string) part {
	h := fnv.New64a()
	io.WriteString(h, composition)
	switch share := h.Sum64() >> 32 % 100; {
	case share < 6:
		return held
	case share < 12:
		return development
	}
	return training
}

// composition names what a task is composed of.
func composition(f family, from draft) string {
	return f.name + " " + strings.Join(from.ops, " ")
}

// drawFrom draws compositions of the family until one is of the part.
func drawFrom(d *dice, f family, want part) (from draft, name string) {
	for {
		from = f.draw(d)
		if name = composition(f, from); partOf(name) == want {
			return from, name
		}
	}
}

// Generate returns n tasks of compositions that no training document has, dealt evenly over the families.
// The same seed gives the same tasks.
func Generate(seed uint64, n int) []datasets.Example {
	tasks, _ := generate(seed, n, held)
	return tasks
}

// Dev returns n tasks for use during training: of compositions that neither the training documents nor any
// generated suite has.
func Dev(seed uint64, n int) []datasets.Example {
	tasks, _ := generate(seed, n, development)
	return tasks
}

// repeats is the number of draws after which a composition may occur a second time.
const repeats = 200

// generate returns n tasks of the part and the composition of each. No prompt and no body occurs twice, and a
// composition only where its family has hardly another.
func generate(seed uint64, n int, want part) (out []datasets.Example, compositions []string) {
	d := newDice(seed)
	seen := map[string]bool{}
	for tries := 0; len(out) < n; tries++ {
		from, name := drawFrom(d, families[len(out)%len(families)], want)
		example, sharp := newTask(d, from).example(d)
		if !sharp || seen[name] && tries < repeats || seen[example.Prompt] || seen[example.CanonicalSolution] {
			continue
		}
		seen[name], seen[example.Prompt], seen[example.CanonicalSolution] = true, true, true
		example.TaskID = fmt.Sprintf("basics/%d", len(out))
		out, compositions = append(out, example), append(compositions, name)
		tries = 0
	}
	return out, compositions
}

// A Document is one task as training text: the completion follows the prompt.
type Document struct {
	Prompt     string `json:"prompt"`
	Completion string `json:"completion"`
}

// Corpus returns an endless stream of training documents. The same seed gives the same stream.
func Corpus(seed uint64) iter.Seq[Document] {
	return func(yield func(Document) bool) {
		d := newDice(seed)
		for {
			from, _ := drawFrom(d, one(d, families), training)
			t := newTask(d, from)
			if !yield(Document{t.prompt(d), t.solution()}) {
				return
			}
		}
	}
}
