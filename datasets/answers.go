package datasets

import (
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strings"
)

// readGSM8K reads grade-school-math's file: a question, and an answer that ends in "#### number".
func readGSM8K(files []io.Reader) iter.Seq2[Example, error] {
	type task struct{ Question, Answer string }
	return func(yield func(Example, error) bool) {
		n := 0
		for t, err := range jsonLines[task](files[0]) {
			e := Example{TaskID: fmt.Sprintf("GSM8K/%d", n), Kind: Number, CanonicalSolution: t.Answer,
				Prompt: "Question: " + t.Question + "\nThink step by step, then write the answer as: #### number\nAnswer: "}
			n++
			i := strings.LastIndex(t.Answer, "####")
			if err == nil && i < 0 {
				err = fmt.Errorf("task %d: its answer has no line \"#### number\"", n)
			}
			if err == nil {
				e.Answer, err = json.Marshal(strings.TrimSpace(t.Answer[i+len("####"):]))
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// shots is how many of a planning file's first tasks are worked examples before each of the others, as in Dream's
// evaluation (Ye et al. 2025, arXiv 2508.15487).
const shots = 8

// readPlanning returns a reader of Dream's planning files, in which a task is an input and one right output.
func readPlanning(kind Kind, rule string) reader {
	type task struct{ Input, Output string }
	return func(files []io.Reader) iter.Seq2[Example, error] {
		return func(yield func(Example, error) bool) {
			for n, file := range files {
				preface, i := rule+"\n\n", 0
				for t, err := range jsonLines[task](file) {
					i++
					ask := "Input:\n" + t.Input + "\nOutput:\n"
					if err == nil && i <= shots {
						preface += ask + t.Output + "\n\n"
						continue
					}
					e := Example{TaskID: fmt.Sprintf("%s/%d/%d", kind, n, i-1), Kind: kind, Prompt: preface + ask, CanonicalSolution: t.Output}
					if err == nil {
						e.Answer, err = json.Marshal(t.Input)
					}
					if !yield(e, err) || err != nil {
						return
					}
				}
			}
		}
	}
}

const (
	sudokuRule = "Fill in the zeros of the 4x4 grid with digits from 1 to 4, so that every row, every column and every one of " +
		"the four 2x2 boxes holds each digit once."
	countdownRule = "Combine the numbers before the last one with + - * / to reach the last one. Use each number once. Write " +
		"the steps with commas between them."
)
