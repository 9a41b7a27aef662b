// Package evals asks for programs and judges what comes back. Its rules are few and written down, because each of
// them has moved published scores:
//
//   - Ask: the prompt's exact bytes, nothing before and nothing behind. (A trailing newline more has moved a published
//     score from 34 to 72.)
//   - Extract: the program is the prompt and the completion up to the first stop, a line that begins in column 0 with
//     what opens something new: class, def, a comment, a decorator, print, if or a code fence. The prompt stays as it
//     is, with its imports and helpers. Nothing else is added, repaired or removed; a mask that a refiner left over
//     stays in the program, fails there and is named in the verdict.
//   - Score: a run's records in, the same with verdicts out. A program is judged once: repeats of a deterministic
//     decoder yield the same text and share the verdict.
package evals

import (
	"strings"

	"tandem/datasets"
)

// stops end a completion, each at the beginning of a line. They are those of bigcode-evaluation-harness.
var stops = []string{"\nclass", "\ndef", "\n#", "\n@", "\nprint", "\nif", "\n```"}

// mask is the text of a mask token in the tokenizers of diffusion checkpoints.
var masks = []string{"<|mask|>", "|<MASK>|", "<|MASK|>", "<mask>"}

// Ask returns what a model is given to complete: the task's prompt as it is.
func Ask(task datasets.Example) string { return task.Prompt }

// Extract returns the program to judge, and a note on what is odd about it, empty where nothing is.
func Extract(task datasets.Example, completion string) (program, note string) {
	cut := completion
	for _, stop := range stops {
		if i := strings.Index(cut, stop); i >= 0 {
			cut = cut[:i]
		}
	}
	for _, mask := range masks {
		if strings.Contains(cut, mask) {
			note = "mask tokens were left over"
		}
	}
	return task.Prompt + cut, note
}
