package metric

import (
	"regexp"
	"slices"
	"strings"

	"tandem/record"
)

// What of Python's grammar the rules know: which two words of a line can never stand side by side, and which brackets belong together.

// keywords are no names. match, case, type and print stand before names in programs of some version, so they are no names either.
var keywords = strings.Fields("False None True and as assert async await break case class continue def del elif else except finally for from " +
	"global if import in is lambda match nonlocal not or pass print raise return try type while with yield exec")

// binary are the operators that need something on both sides; infix may follow nothing that is one of them.
var (
	binary = strings.Fields("+ - / // % @ & | ^ << >> == != <= >= < > = += -= *= /= //= %= **= and or")
	infix  = strings.Fields("/ // % & | ^ << >> == != <= >= < > = += -= *= /= //= %= **= and or in is")
)

// isName says whether a word is a name.
func isName(text string) bool {
	return namePattern.MatchString(text) && !slices.Contains(keywords, text)
}

var namePattern = regexp.MustCompile(`^[\pL_][\pL\pN_]*$`)

// isNumber says whether a word is a number.
func isNumber(text string) bool { return text != "" && text[0] >= '0' && text[0] <= '9' }

func isOpening(text string) bool { return text == "(" || text == "[" || text == "{" }

func isClosing(text string) bool { return text == ")" || text == "]" || text == "}" }

// clash says whether two words of a line never stand side by side: two values with no operator between them, or an operator
// with nothing to work on. Within brackets a line may end anywhere.
func clash(a, b string, bracketed bool) bool {
	value := isName(a) || isNumber(a) || isClosing(a) || strings.ContainsAny(a[len(a)-1:], `"'`) // the last is a string
	switch {
	case value && (isName(b) || isNumber(b)):
		return true
	case slices.Contains(binary, a):
		ends := isClosing(b) || b == ","
		return slices.Contains(infix, b) || ends && a != "/" || b == ":" || b == "\n" && !bracketed
	}
	return false
}

// neighbours finds two words side by side that cannot stand so, with tokens of one forward.
func (o *output) neighbours() (pair [2]int, ok bool) {
	if !o.isResult(record.SyntaxError) {
		return pair, false
	}
	depth := 0
	for i := 1; i < len(o.words); i++ {
		a, b := o.words[i-1], o.words[i]
		switch {
		case isOpening(a.text):
			depth++
		case isClosing(a.text):
			depth--
		}
		if a.text != "\n" && clash(a.text, b.text, depth > 0) {
			if pair, ok = o.parallel(a, b); ok {
				return pair, true
			}
		}
	}
	return pair, false
}

// brackets finds the first bracket that closes one of another kind, or one that is closed already, with both in one forward.
func (o *output) brackets() (pair [2]int, ok bool) {
	if !o.isResult(record.SyntaxError) {
		return pair, false
	}
	var open []word
	var closed word // the last that closed one
	for _, w := range o.words {
		switch {
		case isOpening(w.text):
			open = append(open, w)
		case !isClosing(w.text):
		case len(open) == 0:
			if closed.text == "" {
				return pair, false
			}
			return o.parallel(closed, w)
		default:
			last := open[len(open)-1]
			if last.text+w.text != "()" && last.text+w.text != "[]" && last.text+w.text != "{}" {
				return o.parallel(last, w)
			}
			open, closed = open[:len(open)-1], w
		}
	}
	return pair, false
}
