package evals

import (
	"bytes"
	"regexp"
	"strings"

	"tandem/datasets"
	"tandem/record"
)

// An Ending finds where an answer ends, in a text that grows: before a stop word, or behind the code block that was asked for. It
// looks at new text alone, and says that the answer is over only where no further text could change that. So what is cut off the
// whole text is what would have been cut off a longer one.
type Ending struct {
	stops   []string
	defines *regexp.Regexp // the code block that ends the answer; nil: stop words end it
	begun   string         // what of the answer the prompt holds

	text    []byte
	from    int // no stop word begins before
	comment int // no comment that ends the answer begins before
	line    int // where the line begins that is not whole yet
	fence   string
	indent  string
	block   int // where the open block begins
}

// newEnding is the ending of a task's answers to a prompt.
func newEnding(info record.PromptInfo, task datasets.Example) (e Ending, err error) {
	e.stops = info.Stops
	if e.stops == nil && info.Answer != string(Chat) {
		e.stops = kinds[task.Kind].stops
	}
	if e.stops == nil && task.EntryPoint != "" {
		name := regexp.QuoteMeta(task.EntryPoint)
		e.defines = regexp.MustCompile(`(?m)^[ \t]*(?:(?:async[ \t]+)?(?:def|class)[ \t]+` + name + `\b|` + name + `[ \t]*=)`)
	}
	if info.Answer == string(Chat) {
		e.begun, err = fill(info.Assistant, task)
	}
	return e, err
}

// Stops are words before which the answer ends whatever follows, so that a server may end it there.
func (e Ending) Stops() (words []string) {
	for _, stop := range e.stops {
		if stop != comment {
			words = append(words, stop)
		}
	}
	return words
}

// Add takes in more of the answer and says whether it is over.
func (e *Ending) Add(text string) (over bool) {
	if e.defines != nil {
		if len(e.text) == 0 {
			e.text = append(e.text, e.begun...)
		}
		e.text = append(e.text, text...)
		_, over = e.blockEnd()
		return over
	}
	e.text = append(e.text, text...)
	longest := 1
	for _, stop := range e.stops {
		longest = max(longest, len(stop))
		if stop == comment {
			over = over || e.commented()
		} else if bytes.Contains(e.text[e.from:], []byte(stop)) {
			over = true
		}
	}
	e.from = max(e.from, len(e.text)-longest+1)
	return over
}

// commented says whether a comment ends the answer: code in column 0 follows it.
func (e *Ending) commented() bool {
	for {
		i := bytes.Index(e.text[e.comment:], []byte(comment))
		if i < 0 {
			e.comment = max(e.comment, len(e.text)-len(comment)+1)
			return false
		}
		e.comment += i
		body, known := bodyBehind(string(e.text[e.comment+1:]))
		if !known || body < 0 {
			return known
		}
		e.comment += 1 + body
	}
}

// blockEnd reads the lines that are whole, up to the end of a block that defines what was asked for.
func (e *Ending) blockEnd() (end int, ok bool) {
	for {
		i := bytes.IndexByte(e.text[e.line:], '\n')
		if i < 0 {
			return 0, false
		}
		line := string(e.text[e.line : e.line+i+1])
		before := e.line
		e.line += i + 1
		mark := fenceOf(line)
		switch {
		case e.fence == "" && mark != "":
			e.fence, e.indent, e.block = mark, indentOf(line), e.line
		case e.fence != "" && closes(line, e.fence, e.indent):
			e.fence = ""
			if e.defines.Match(e.text[e.block:before]) {
				return e.line, true
			}
		}
	}
}

// Cut is where the answer ends in the whole text, and whether it does; else it is the text's length.
func (e Ending) Cut(text string) (at int, ends bool) {
	if e.defines == nil {
		at = len(untilStop(text, e.stops))
		return at, at < len(text)
	}
	whole := Ending{defines: e.defines, text: []byte(e.begun + text)}
	if end, ok := whole.blockEnd(); ok {
		return max(0, min(len(text), end-len(e.begun))), true
	}
	return len(text), false
}

// answerOf finds the answer of a run's completion to a prompt, and a note on what was done.
func (x *Extractor) answerOf(task datasets.Example, info record.PromptInfo, completion string) (answer, note string, err error) {
	e, err := newEnding(info, task)
	if err != nil {
		return "", "", err
	}
	if info.Answer != string(Chat) {
		answer, note = extract(task, completion, e.stops)
		return answer, note, nil
	}
	end, _ := e.Cut(completion)
	text := e.begun + completion[:end]
	if kinds[task.Kind].program != nil {
		return x.Extract(task, text, Chat, false)
	}
	cut, special := untilSpecial(text)
	note = notes(maskNote(cut), cutNote(special))
	if blocks, _ := codeBlocks(cut); len(blocks) > 0 {
		cut = blocks[len(blocks)-1]
	}
	return strings.TrimSpace(cut), note, nil
}
