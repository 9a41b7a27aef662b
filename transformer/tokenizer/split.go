package tokenizer

import (
	"unicode"
	"unicode/utf8"
)

// A splitter returns the length of the first piece of a text that is not empty. Pieces are what BPE may merge
// within: a word with its leading space, some digits, a run of symbols, white space.
//
// Note: the patterns of tokenizer.json look ahead, (?!\S), which Go's regexp cannot do. The three that most models
// use are written by hand below, alternative by alternative; they are also an order of magnitude faster.
type splitter func(text string) int

// The patterns that have a scanner.
const (
	gpt2Pattern  = `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
	llamaPattern = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
	qwenPattern  = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
)

// scanners are the hand-written splitters.
var scanners = map[string]splitter{
	gpt2Pattern:  splitGPT2,
	llamaPattern: func(s string) int { return splitLlama(s, 3) },
	qwenPattern:  func(s string) int { return splitLlama(s, 1) },
}

// splitGPT2 is gpt2Pattern.
func splitGPT2(s string) int {
	if n := contraction(s, false); n > 0 {
		return n
	}
	start := 0
	if s[0] == ' ' {
		start = 1
	}
	for _, class := range []func(rune) bool{unicode.IsLetter, unicode.IsNumber, isSymbol} {
		if n := run(s[start:], class, -1); n > 0 {
			return start + n
		}
	}
	return spaces(s)
}

// splitLlama is llamaPattern with numbers of up to digits digits; with 1 it is qwenPattern.
func splitLlama(s string, digits int) int {
	if n := contraction(s, true); n > 0 {
		return n
	}
	first, size := utf8.DecodeRuneInString(s)
	lead := 0 // one character may stand before a word
	if first != '\r' && first != '\n' && !unicode.IsLetter(first) && !unicode.IsNumber(first) {
		lead = size
	}
	if n := run(s[lead:], unicode.IsLetter, -1); n > 0 {
		return lead + n
	}
	if n := run(s, unicode.IsNumber, digits); n > 0 {
		return n
	}
	start := 0
	if first == ' ' {
		start = 1
	}
	if n := run(s[start:], isSymbol, -1); n > 0 {
		end := start + n
		return end + run(s[end:], isNewline, -1)
	}
	white, end := run(s, unicode.IsSpace, -1), 0
	for i := range white {
		if s[i] == '\r' || s[i] == '\n' {
			end = i + 1
		}
	}
	if end > 0 {
		return end
	}
	return spaces(s)
}

// splitDigits is the pre-tokenizer Digits with individual_digits: each number character is a piece of its own.
func splitDigits(s string) int {
	if n := run(s, unicode.IsNumber, 1); n > 0 {
		return n
	}
	return run(s, notNumber, -1)
}

// splitNumbers is the pre-tokenizer Digits without individual_digits: numbers are pieces.
func splitNumbers(s string) int {
	if n := run(s, unicode.IsNumber, -1); n > 0 {
		return n
	}
	return run(s, notNumber, -1)
}

func notNumber(r rune) bool { return !unicode.IsNumber(r) }

// spaces is \s+(?!\S)|\s+: white space, which leaves its last character to the word that follows.
func spaces(s string) int {
	n := run(s, unicode.IsSpace, -1)
	if n == len(s) {
		return n
	}
	if _, last := utf8.DecodeLastRuneInString(s[:n]); last < n {
		return n - last
	}
	return n
}

// run is the length of the longest start of s, of at most limit characters (-1: any number), within a class.
func run(s string, class func(rune) bool, limit int) int {
	for i, r := range s {
		if limit == 0 || !class(r) {
			return i
		}
		limit--
	}
	return len(s)
}

// isSymbol is [^\s\p{L}\p{N}].
func isSymbol(r rune) bool {
	if r < utf8.RuneSelf {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || unicode.IsSpace(r))
	}
	return !unicode.IsSpace(r) && !unicode.IsLetter(r) && !unicode.IsNumber(r)
}

func isNewline(r rune) bool { return r == '\r' || r == '\n' }

// contraction is the length of 's, 't, 're, 've, 'm, 'll or 'd at the start of s. Without regard to case the long s,
// ſ, is an s too.
func contraction(s string, anyCase bool) int {
	if s[0] != '\'' || len(s) < 2 {
		return 0
	}
	at := func(i int) byte {
		if i >= len(s) {
			return 0
		}
		if anyCase && s[i] >= 'A' && s[i] <= 'Z' {
			return s[i] + 'a' - 'A'
		}
		return s[i]
	}
	switch a, b := at(1), at(2); {
	case a == 's' || a == 't' || a == 'm' || a == 'd':
		return 2
	case a == 'r' && b == 'e' || a == 'v' && b == 'e' || a == 'l' && b == 'l':
		return 3
	case anyCase && len(s) >= 3 && s[1:3] == "ſ":
		return 3
	}
	return 0
}
