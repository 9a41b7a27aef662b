package evals

import (
	"regexp"
	"strings"

	"tandem/datasets"
	"tandem/evals/sandbox"
)

// codeStops end a completion of a function, each at the beginning of a line, with what opens something new in column
// 0. They are those of bigcode-evaluation-harness.
var codeStops = []string{"\nclass", "\ndef", "\n#", "\n@", "\nprint", "\nif", "\n```"}

// programStops end a program that was asked for with [BEGIN]: the closing mark of the prompt's own examples, or what a
// base model goes on with.
var programStops = []string{"[DONE]", "\n[BEGIN]", "\nYou are an expert Python programmer", "\n```"}

func afterPrompt(task datasets.Example, cut string) string { return task.Prompt + cut }

// codeProgram is a program that begins with the prompt. What stands before the function in the prompt, its imports and
// helpers, is the test's as well: a check may call them.
func codeProgram(task datasets.Example, answer string) sandbox.Program {
	p := wholeProgram(task, answer)
	if p.Setup == "" && !p.Beside {
		p.Setup = preamble(task)
	}
	return p
}

// wholeProgram is an answer that needs nothing of the prompt.
func wholeProgram(task datasets.Example, answer string) sandbox.Program {
	return sandbox.Program{Source: answer, Setup: task.Setup, Test: task.Test, EntryPoint: task.EntryPoint, Beside: task.Beside}
}

// preamble is the part of the prompt before the function that is asked for; all of a prompt that does not define it is
// none.
func preamble(task datasets.Example) string {
	header := regexp.MustCompile(`(?m)^(?:async[ \t]+)?(?:def|class)[ \t]+` + regexp.QuoteMeta(task.EntryPoint) + `\b`)
	all := header.FindAllStringIndex(task.Prompt, -1)
	if len(all) == 0 {
		return ""
	}
	before := task.Prompt[:all[len(all)-1][0]]
	for { // decorators belong to the function
		rest := strings.TrimRight(before, " \t\n")
		i := strings.LastIndexByte(rest, '\n') + 1
		if !strings.HasPrefix(rest[i:], "@") {
			return before
		}
		before = rest[:i]
	}
}
