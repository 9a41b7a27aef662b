package datasets

import (
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// mbpp is a task of MBPP: the full file says text and test_setup_code, the sanitized one prompt and test_imports.
type mbpp struct {
	ID      int      `json:"task_id"`
	Text    string   `json:"text"`
	Prompt  string   `json:"prompt"`
	Code    string   `json:"code"`
	Setup   string   `json:"test_setup_code"`
	Imports []string `json:"test_imports"`
	Tests   []string `json:"test_list"`
}

// readMBPP returns a reader of MBPP with so many worked examples before each task. The examples are the tasks 2, 3 and
// 4, as in Austin et al. 2021 (arXiv 2108.07732), and are no tasks themselves then. first and last bound the ids.
func readMBPP(shots, first, last int) reader {
	return func(files []io.Reader) iter.Seq2[Example, error] {
		return func(yield func(Example, error) bool) {
			tasks, err := mbppTasks(files[0])
			if err != nil {
				yield(Example{}, err)
				return
			}
			preface, examples := "", []int{2, 3, 4}[:shots]
			for _, t := range tasks {
				if slices.Contains(examples, t.ID) {
					preface += t.ask() + unix(t.Code) + "\n[DONE]\n\n"
				}
			}
			for _, t := range tasks {
				if t.ID < first || t.ID > last || slices.Contains(examples, t.ID) {
					continue
				}
				e, err := t.example()
				e.Prompt = preface + e.Prompt
				if !yield(e, err) || err != nil {
					return
				}
			}
		}
	}
}

// mbppTasks reads either file: JSON Lines, or one JSON array.
func mbppTasks(r io.Reader) ([]mbpp, error) {
	decode := json.NewDecoder(io.LimitReader(r, maxLine))
	var first json.RawMessage
	if err := decode.Decode(&first); err != nil {
		return nil, err
	}
	var tasks []mbpp
	if len(first) > 0 && first[0] == '[' {
		return tasks, unmarshal(first, &tasks)
	}
	for {
		var t mbpp
		if err := unmarshal(first, &t); err != nil {
			return nil, fmt.Errorf("task %d: %w", len(tasks)+1, err)
		}
		tasks = append(tasks, t)
		if err := decode.Decode(&first); err == io.EOF {
			return tasks, nil
		} else if err != nil {
			return nil, fmt.Errorf("task %d: %w", len(tasks)+1, err)
		}
	}
}

// ask is the prompt of the paper, with line ends of one kind.
func (t mbpp) ask() string {
	return "You are an expert Python programmer, and here is your task: " + unix(t.Text+t.Prompt) +
		" Your code should pass these tests:\n\n" + unix(strings.Join(t.Tests, "\n")) + "\n[BEGIN]\n"
}

func unix(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }

var (
	definition = regexp.MustCompile(`(?m)^(?:def|class)[ \t]+(\w+)`)
	imported   = regexp.MustCompile(`(?m)^import[ \t]+(\w+)[ \t]*\r?$`)
	letters    = regexp.MustCompile(`\w+`)
)

// example turns the asserts into check(candidate). The entry point is the first name in them that the reference
// defines; a second one is a class or helper of the candidate's own, so the test then runs beside the candidate. A
// module that they use and only the reference imports goes into the setup.
func (t mbpp) example() (Example, error) {
	setup := unix(strings.Join(append(slices.Clone(t.Imports), t.Setup), "\n"))
	tests := unix(strings.Join(t.Tests, "\n"))
	used := letters.FindAllString(setup+"\n"+tests, -1)
	var own []string
	for _, name := range letters.FindAllString(tests+"\n"+setup, -1) { // the function before the classes of its arguments
		if !slices.Contains(own, name) && slices.ContainsFunc(definition.FindAllStringSubmatch(t.Code, -1),
			func(m []string) bool { return m[1] == name }) {
			own = append(own, name)
		}
	}
	if len(own) == 0 {
		return Example{}, fmt.Errorf("task %d: its tests call nothing that its code defines", t.ID)
	}
	for _, m := range imported.FindAllStringSubmatch(t.Code, -1) {
		if slices.Contains(used, m[1]) {
			setup = "import " + m[1] + "\n" + setup
		}
	}
	check := "def check(candidate):\n    " + own[0] + " = candidate\n" // some are called check themselves
	for _, assert := range t.Tests {
		check += "    " + unix(assert) + "\n"
	}
	e := Example{TaskID: "MBPP/" + strconv.Itoa(t.ID), Kind: Program, Prompt: t.ask(), CanonicalSolution: t.Code,
		Setup: strings.Trim(setup, "\n"), Test: check, EntryPoint: own[0]}
	if len(own) > 1 { // its setup too may use the candidate's classes
		e.Beside, e.Test, e.Setup = true, e.Setup+"\n\n"+check, ""
	}
	return e, nil
}
