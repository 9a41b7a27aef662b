package jinja

import (
	"strings"
	"unicode"
)

// A piece of a template is a text, or a tag: what stands between {{ and }} or {% and %}. Comments leave no piece.
type piece struct {
	kind   byte // 't' text, '{' output, '%' statement
	text   string
	tokens []token
	line   int
}

// scanner goes through the source.
type scanner struct {
	source   string
	at       int
	line     *int
	newline  bool // what was last taken ends a line
	brackets []byte
}

// scan splits a source into pieces. Blanks around tags go as trim_blocks and lstrip_blocks say: a line's blanks before a statement or
// comment, and the newline behind it [jinja2/lexer.py, tokeniter].
func scan(source string, line *int) (pieces []piece) {
	source = strings.TrimSuffix(newlines.Replace(source), "\n")
	s := &scanner{source: source, line: line, newline: true}
	for {
		from := *s.line
		text, kind := s.text()
		if text != "" {
			pieces = append(pieces, piece{kind: 't', text: text, line: from})
		}
		switch kind {
		case 0:
			return pieces
		case '#':
			s.comment()
		default:
			p := piece{kind: kind, line: *s.line}
			p.tokens = s.tag(kind)
			pieces = append(pieces, p)
		}
	}
}

var newlines = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// text takes the text up to the next tag, and the tag's opening. kind is '{', '%' or '#', or 0 at the end.
func (s *scanner) text() (text string, kind byte) {
	rest := s.source[s.at:]
	i := 0
	for ; i < len(rest); i++ {
		if rest[i] == '{' && i+1 < len(rest) && strings.IndexByte("{%#", rest[i+1]) >= 0 {
			kind = rest[i+1]
			break
		}
	}
	text = rest[:i]
	s.advance(i)
	if kind == 0 {
		return text, 0
	}
	s.advance(2)
	sign := byte(0)
	if s.begins("-") || s.begins("+") {
		sign = s.source[s.at]
		s.advance(1)
	}
	if sign == '-' {
		return strings.TrimRightFunc(text, isSpace), kind
	}
	if at := strings.LastIndexByte(text, '\n') + 1; sign == 0 && kind != '{' && (at > 0 || s.newline) && isBlank(text[at:]) {
		text = text[:at]
	}
	return text, kind
}

// comment skips a comment, whose opening was taken.
func (s *scanner) comment() {
	end := strings.Index(s.source[s.at:], "#}")
	if end < 0 {
		fail("a comment has no end")
	}
	sign := byte(0)
	if end > 0 {
		sign = s.source[s.at+end-1]
	}
	s.advance(end + 2)
	s.behind(sign)
}

// behind takes what goes with the end of a tag: all blanks behind a '-', else one newline, but behind a '+'.
func (s *scanner) behind(sign byte) {
	s.newline = false
	rest := s.source[s.at:]
	n := 0
	switch {
	case sign == '-':
		n = len(rest) - len(strings.TrimLeftFunc(rest, isSpace))
	case sign != '+' && s.begins("\n"):
		n = 1
	}
	s.newline = n > 0 && rest[n-1] == '\n'
	s.advance(n)
}

func (s *scanner) begins(text string) bool { return strings.HasPrefix(s.source[s.at:], text) }

// advance takes n bytes.
func (s *scanner) advance(n int) {
	*s.line += strings.Count(s.source[s.at:s.at+n], "\n")
	s.at += n
}

// isSpace is Python's str.isspace of a character.
func isSpace(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f }

// isBlank says whether a text is nothing but white space.
func isBlank(text string) bool { return strings.TrimLeftFunc(text, isSpace) == "" }
