package jinja

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A token of a tag: a name, an operator (both as they stand), a string (its value), an integer or a float.
type token struct {
	kind byte // 'n' name, 'o' operator, 's' string, 'i' integer, 'f' float
	text string
}

var (
	nameToken   = regexp.MustCompile(`^[\p{L}_][\p{L}\p{N}_]*`)
	numberToken = regexp.MustCompile(`^\d[\d_]*(?:\.\d[\d_]*)?(?:[eE][+-]?\d+)?`)
	wholeToken  = regexp.MustCompile(`^\d+`)
	rawTag      = regexp.MustCompile(`^\s*raw\b`)
)

// operators, the longer ones first.
var operators = []string{"//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=",
	".", ":", "|", ",", ";"}

var closing = map[string]byte{"(": ')', "[": ']', "{": '}'}

// tag takes a tag, whose opening was taken, and what goes with its end.
func (s *scanner) tag(kind byte) (tokens []token) {
	if kind == '%' && rawTag.MatchString(s.source[s.at:]) {
		fail("raw blocks are not supported")
	}
	end := map[byte]string{'{': "}}", '%': "%}"}[kind]
	for {
		s.advance(len(s.source[s.at:]) - len(strings.TrimLeftFunc(s.source[s.at:], isSpace)))
		if s.at == len(s.source) {
			fail("a tag has no end: %s is missing", end)
		}
		if len(s.brackets) == 0 {
			for _, sign := range []string{"-", "+", ""} {
				if s.begins(sign+end) && !(sign == "+" && kind == '{') {
					s.advance(len(sign) + 2)
					s.close(kind, sign)
					return tokens
				}
			}
		}
		tokens = append(tokens, s.token(len(tokens) > 0 && tokens[len(tokens)-1] == token{'o', "."}))
	}
}

// close takes what goes with a tag's end; a newline behind an output stays.
func (s *scanner) close(kind byte, sign string) {
	switch {
	case sign != "":
		s.behind(sign[0])
	case kind == '{':
		s.behind('+')
	default:
		s.behind(0)
	}
}

// token takes one token. Behind a dot a number is whole.
func (s *scanner) token(dotted bool) token {
	rest := s.source[s.at:]
	if name := nameToken.FindString(rest); name != "" {
		s.advance(len(name))
		return token{'n', name}
	}
	number := numberToken.FindString(rest)
	if dotted {
		number = wholeToken.FindString(rest)
	}
	if number != "" {
		s.advance(len(number))
		if strings.ContainsAny(number, ".eE") {
			return token{'f', strings.ReplaceAll(number, "_", "")}
		}
		return token{'i', strings.ReplaceAll(number, "_", "")}
	}
	if rest[0] == '\'' || rest[0] == '"' {
		return s.literal(rest[0])
	}
	for _, o := range operators {
		if strings.HasPrefix(rest, o) {
			s.advance(len(o))
			s.balance(o)
			return token{'o', o}
		}
	}
	r, _ := utf8.DecodeRuneInString(rest)
	fail("unexpected character %q", r)
	return token{}
}

// balance keeps the brackets that are open: within them }} and %} end no tag.
func (s *scanner) balance(o string) {
	if c, opens := closing[o]; opens {
		s.brackets = append(s.brackets, c)
	} else if strings.Contains(")]}", o) {
		if n := len(s.brackets); n == 0 || s.brackets[n-1] != o[0] {
			fail("unexpected %q", o)
		} else {
			s.brackets = s.brackets[:n-1]
		}
	}
}

// literal takes a string in quotes.
func (s *scanner) literal(quote byte) token {
	rest := s.source[s.at+1:]
	for i := 0; i < len(rest); i++ {
		switch rest[i] {
		case '\\':
			i++
		case quote:
			s.advance(i + 2)
			return token{'s', unescape(rest[:i])}
		}
	}
	fail("a string has no end: %c is missing", quote)
	return token{}
}

// escapes of one character.
var escapes = map[byte]string{'\n': "", '\\': "\\", '\'': "'", '"': "\"", 'a': "\a", 'b': "\b", 'f': "\f", 'n': "\n", 'r': "\r", 't': "\t", 'v': "\v"}

// unescape is Python's unicode-escape: an escape that it does not know stays.
func unescape(text string) string {
	if !strings.Contains(text, `\`) {
		return text
	}
	var b strings.Builder
	for text != "" {
		i := strings.IndexByte(text, '\\')
		if i < 0 || i+1 == len(text) {
			b.WriteString(text)
			break
		}
		b.WriteString(text[:i])
		text = text[i+1:]
		if s, ok := escapes[text[0]]; ok {
			b.WriteString(s)
			text = text[1:]
			continue
		}
		n, base := numericEscape(text)
		if n == 0 {
			b.WriteString(`\` + text[:1])
			text = text[1:]
			continue
		}
		digits := strings.TrimLeft(text[:n], "xuU")
		code, err := strconv.ParseUint(digits, base, 32)
		if err != nil || !utf8.ValidRune(rune(code)) {
			fail("bad escape \\%s", text[:n])
		}
		b.WriteRune(rune(code))
		text = text[n:]
	}
	return b.String()
}

// numericEscape is the length of a numeric escape behind its backslash, and the base of its digits; 0 for another one.
func numericEscape(text string) (n, base int) {
	if want := map[byte]int{'x': 3, 'u': 5, 'U': 9}[text[0]]; want > 0 {
		if len(text) < want {
			fail("bad escape \\%s", text)
		}
		return want, 16
	}
	if text[0] == 'N' {
		fail(`escapes \N{...} are not supported`)
	}
	for n < 3 && n < len(text) && text[n] >= '0' && text[n] <= '7' {
		n++
	}
	return n, 8
}
