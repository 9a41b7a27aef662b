package tokenizer

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// A piece is a part of a text, within which BPE may merge.
type piece struct {
	text  string
	first bool // it begins where the whole text does
}

// A stage of the pre-tokenizer calls do for the parts of a piece that is not empty, in order. No part is empty.
type stage func(p piece, do func(piece))

// gpt2Pattern is how the pre-tokenizer ByteLevel splits [Radford et al., 2019].
const gpt2Pattern = `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`

// A finder returns the first match of s at from or behind; start is -1 where there is none. The match before ended at last.
type finder func(s string, from, last int) (start, end int)

// A span is a match, or what lies between two of them.
type span struct {
	start, end int
	match      bool
}

// spans calls do for the matches of s and for what lies between them.
func (f finder) spans(s string, do func(span)) {
	end := 0
	for from, last := 0, -1; from <= len(s); from, last = end, end {
		start, stop := f(s, from, last)
		if start < 0 {
			break
		}
		if start > end {
			do(span{start: end, end: start})
		}
		do(span{start: start, end: stop, match: true})
		end = stop
	}
	if end < len(s) {
		do(span{start: end, end: len(s)})
	}
}

// isolate makes every match a piece of its own, and what lies between two.
func isolate(f finder) stage {
	return func(p piece, do func(piece)) {
		f.spans(p.text, func(s span) { p.cut(s, do) })
	}
}

// cut calls do for a part of p, unless that is empty.
func (p piece) cut(s span, do func(piece)) {
	if s.start < s.end {
		do(piece{text: p.text[s.start:s.end], first: p.first && s.start == 0})
	}
}

// remove drops the matches, or all but them.
func remove(f finder, invert bool) stage {
	return func(p piece, do func(piece)) {
		f.spans(p.text, func(s span) {
			if s.match == invert {
				p.cut(s, do)
			}
		})
	}
}

// join makes a stage whose parts are several spans; fold says which.
func join(f finder, invert bool, fold func([]span) []span) stage {
	return func(p piece, do func(piece)) {
		var list []span
		f.spans(p.text, func(s span) {
			s.match = s.match != invert
			list = append(list, s)
		})
		for _, s := range fold(list) {
			p.cut(s, do)
		}
	}
}

// contiguous joins neighbours that are both matches, or both none.
func contiguous(list []span) (out []span) {
	for i, s := range list {
		if i > 0 && s.match == list[i-1].match {
			out[len(out)-1].end = s.end
		} else {
			out = append(out, s)
		}
	}
	return out
}

// withPrevious joins a match to what stands before it, unless that is a match.
func withPrevious(list []span) (out []span) {
	for i, s := range list {
		if i > 0 && s.match && !list[i-1].match {
			out[len(out)-1].end = s.end
		} else {
			out = append(out, s)
		}
	}
	return out
}

// withNext joins a match to what stands behind it, unless that is a match.
func withNext(list []span) (out []span) {
	for i, s := range list {
		if i > 0 && !s.match && list[i-1].match {
			out[len(out)-1].end = s.end
		} else {
			out = append(out, s)
		}
	}
	return out
}

// splitStage makes a stage of a component Split.
func splitStage(c component) (stage, error) {
	find, err := c.Pattern.finder()
	if err != nil {
		return nil, err
	}
	switch c.Behavior {
	case "Isolated":
		return isolate(find), nil
	case "Removed":
		return remove(find, c.Invert), nil
	case "Contiguous":
		return join(find, c.Invert, contiguous), nil
	case "MergedWithPrevious":
		return join(find, c.Invert, withPrevious), nil
	case "MergedWithNext":
		return join(find, c.Invert, withNext), nil
	}
	return nil, fmt.Errorf("behavior %q is not supported", c.Behavior)
}

// finder finds a pattern, be it a text or a regular expression.
func (p pattern) finder() (finder, error) {
	switch {
	case p.Regex != nil && p.String == nil:
		re, err := compile(*p.Regex)
		if err != nil {
			return nil, err
		}
		return re.find, nil
	case p.String != nil && p.Regex == nil && *p.String != "":
		return literal(*p.String), nil
	}
	return nil, fmt.Errorf("a pattern that is neither a Regex nor a String that is not empty is not supported")
}

// literal finds a text.
func literal(text string) finder {
	return func(s string, from, _ int) (start, end int) {
		i := strings.Index(s[from:], text)
		if i < 0 {
			return -1, -1
		}
		return from + i, from + i + len(text)
	}
}

// digitStage makes a stage of the component Digits: numbers are parts, or each of their characters is.
func digitStage(individual bool) stage {
	numbers := set{cats: number, ranges: laterNumbers}.done()
	find := func(s string, from, _ int) (start, end int) {
		for i := from; i < len(s); {
			if w := numbers.width(s, i); w > 0 {
				return i, i + w
			}
			_, w := utf8.DecodeRuneInString(s[i:])
			i += w
		}
		return -1, -1
	}
	if individual {
		return isolate(find)
	}
	return join(find, false, contiguous)
}

// prefixSpace is ByteLevel's add_prefix_space: every piece begins with a space.
func prefixSpace(p piece, do func(piece)) {
	if !strings.HasPrefix(p.text, " ") {
		p.text = " " + p.text
	}
	do(p)
}

// metaspaceStage makes a stage of the component Metaspace, which writes spaces as a visible character.
func metaspaceStage(c component) (stage, error) {
	scheme, err := c.scheme()
	if err != nil {
		return nil, err
	}
	split := stage(func(p piece, do func(piece)) { do(p) })
	if c.Split == nil || *c.Split {
		split = join(literal(c.Replacement), false, withNext)
	}
	return func(p piece, do func(piece)) {
		p.text = strings.ReplaceAll(p.text, " ", c.Replacement)
		if (scheme == "always" || scheme == "first" && p.first) && !strings.HasPrefix(p.text, c.Replacement) {
			p.text = c.Replacement + p.text
		}
		split(p, do)
	}, nil
}
