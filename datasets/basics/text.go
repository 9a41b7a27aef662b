package basics

import (
	"slices"
	"sort"
	"strings"
	"unicode"
)

// The operations on characters and words. All text is ASCII.

type (
	charTest   = op[func(c rune) bool]
	charMap    = op[func(c rune, k int) string]
	textFinish = op[func(s string, k int) any]
	wordTest   = op[func(w string, k int) bool]
	wordMap    = op[func(w string, k int) string]
	wordFinish = op[func(ws []string, k int) any]
)

const vowels = "aeiouAEIOU"

// charTests are what a character can be asked. Group "plain" has no case to change.
var charTests = []charTest{
	{name: "vowel", says: []string{"is a vowel|are vowels"}, code: `{x} in "aeiouAEIOU"`,
		eval: func(c rune) bool { return strings.ContainsRune(vowels, c) }},
	{name: "nonvowel", says: []string{"is not a vowel|are not vowels"}, code: `{x} not in "aeiouAEIOU"`,
		eval: func(c rune) bool { return !strings.ContainsRune(vowels, c) }},
	{name: "digit", group: "plain", says: []string{"is a digit|are digits"}, code: "{x}.isdigit()", eval: unicode.IsDigit},
	{name: "nondigit", says: []string{"is not a digit|are not digits"}, code: "not {x}.isdigit()",
		eval: func(c rune) bool { return !unicode.IsDigit(c) }},
	{name: "upper", group: "upper", says: []string{"{be} in upper case", "is an upper-case letter|are upper-case letters"}, code: "{x}.isupper()", eval: unicode.IsUpper},
	{name: "lower", group: "lower", says: []string{"{be} in lower case", "is a lower-case letter|are lower-case letters"}, code: "{x}.islower()", eval: unicode.IsLower},
	{name: "letter", says: []string{"is a letter|are letters"}, code: "{x}.isalpha()", eval: unicode.IsLetter},
	{name: "nonletter", group: "plain", says: []string{"is not a letter|are not letters"}, code: "not {x}.isalpha()",
		eval: func(c rune) bool { return !unicode.IsLetter(c) }},
	{name: "alnum", says: []string{"is a letter or a digit|are letters or digits"}, code: "{x}.isalnum()",
		eval: func(c rune) bool { return unicode.IsLetter(c) || unicode.IsDigit(c) }},
	{name: "nonspace", says: []string{"is not a space|are not spaces"}, code: `{x} != " "`,
		eval: func(c rune) bool { return c != ' ' }},
}

// charMaps are what a character can be turned into. The group of one that changes the case names the
// condition that would make it pointless.
var charMaps = []charMap{
	{name: "toupper", group: "upper", says: []string{"convert {o} to upper case", "change {o} to upper case"}, code: "{x}.upper()",
		eval: func(c rune, _ int) string { return strings.ToUpper(string(c)) }},
	{name: "tolower", group: "lower", says: []string{"convert {o} to lower case", "change {o} to lower case"}, code: "{x}.lower()",
		eval: func(c rune, _ int) string { return strings.ToLower(string(c)) }},
	{name: "swapcase", group: "swap", says: []string{"swap the case of {o}"}, code: "{x}.swapcase()",
		eval: func(c rune, _ int) string { return swapcase(string(c)) }},
	{name: "repeat", says: []string{"repeat {o} {k} times", "write {o} {k} times"}, code: "{x} * {k}", ks: []int{2, 3, 4},
		eval: func(c rune, k int) string { return strings.Repeat(string(c), k) }},
	{name: "dash", says: []string{"put a dash after {o}", "append a dash to {o}"}, code: `{x} + "-"`,
		eval: func(c rune, _ int) string { return string(c) + "-" }},
	{name: "star", says: []string{"put a star before {o}", "prepend a star to {o}"}, code: `"*" + {x}`,
		eval: func(c rune, _ int) string { return "*" + string(c) }},
	{name: "parens", says: []string{"wrap {o} in parentheses", "put {o} in parentheses"}, code: `"(" + {x} + ")"`,
		eval: func(c rune, _ int) string { return "(" + string(c) + ")" }},
	{name: "withupper", group: "upper", says: []string{"follow {o} by its upper-case form"}, code: "{x} + {x}.upper()",
		eval: func(c rune, _ int) string { return string(c) + strings.ToUpper(string(c)) }},
	{name: "code", says: []string{"replace {o} by its character code"}, code: "str(ord({x}))",
		eval: func(c rune, _ int) string { return repr(int(c)) }},
}

// textFinishes are what a string is turned into at the end.
var textFinishes = []textFinish{
	{name: "text", says: []string{"the resulting string", "the result"}, code: "{x}", eval: func(s string, _ int) any { return s }},
	{name: "mirror", says: []string{"the resulting string reversed", "the result from back to front"}, code: "{x}[::-1]",
		eval: func(s string, _ int) any { return reverseString(s) }},
	{name: "length", says: []string{"the length of the resulting string", "the length of the result"}, code: "len({x})",
		eval: func(s string, _ int) any { return len(s) }},
	{name: "prefix", says: []string{"the first {k} characters of the result"}, code: "{x}[:{k}]", ks: []int{3, 4, 5, 6},
		eval: func(s string, k int) any { return s[:min(k, len(s))] }},
	{name: "suffix", says: []string{"the last {k} characters of the result"}, code: "{x}[-{k}:]", ks: []int{3, 4, 5, 6},
		eval: func(s string, k int) any { return s[max(0, len(s)-k):] }},
	{name: "sortedtext", says: []string{"the result with its characters sorted", "the characters of the result in sorted order as a string"}, code: `"".join(sorted({x}))`,
		eval: func(s string, _ int) any { b := []byte(s); slices.Sort(b); return string(b) }},
	{name: "alphabet", says: []string{"the number of distinct characters in the result", "how many different characters the result has"}, code: "len(set({x}))",
		eval: func(s string, _ int) any { b := []byte(s); slices.Sort(b); return len(slices.Compact(b)) }},
	{name: "exclaim", says: []string{"the result with an exclamation mark at the end", "the result followed by an exclamation mark"}, code: `{x} + "!"`,
		eval: func(s string, _ int) any { return s + "!" }},
	{name: "brackets", says: []string{"the result in square brackets", "the result between square brackets"}, code: `"[" + {x} + "]"`,
		eval: func(s string, _ int) any { return "[" + s + "]" }},
	{name: "skip", says: []string{"every second character of the result, starting with the first", "every other character of the result, starting with the first"}, code: "{x}[::2]",
		eval: func(s string, _ int) any { return string(alternate([]byte(s))) }},
	{name: "twice", says: []string{"the result repeated twice", "two copies of the result"}, code: "{x} * 2",
		eval: func(s string, _ int) any { return s + s }},
}

// wordTests are what a word of lower-case letters can be asked.
var wordTests = []wordTest{
	{name: "longer", says: []string{"{be} longer than {k} letters", "{have} more than {k} letters"}, code: "len({x}) > {k}", ks: []int{2, 3, 4, 5},
		eval: func(w string, k int) bool { return len(w) > k }},
	{name: "shorter", says: []string{"{be} shorter than {k} letters", "{have} fewer than {k} letters"}, code: "len({x}) < {k}", ks: []int{4, 5, 6},
		eval: func(w string, k int) bool { return len(w) < k }},
	{name: "evenlength", says: []string{"{have} an even length", "{have} an even number of letters"}, code: "len({x}) % 2 == 0",
		eval: func(w string, _ int) bool { return len(w)%2 == 0 }},
	{name: "oddlength", says: []string{"{have} an odd length", "{have} an odd number of letters"}, code: "len({x}) % 2 == 1",
		eval: func(w string, _ int) bool { return len(w)%2 == 1 }},
	{name: "vowelstart", says: []string{"starts with a vowel|start with a vowel", "begins with a vowel|begin with a vowel"}, code: `{x}[0] in "aeiou"`,
		eval: func(w string, _ int) bool { return strings.Contains(vowels, w[:1]) }},
	{name: "vowelend", says: []string{"ends with a vowel|end with a vowel", "ends in a vowel|end in a vowel"}, code: `{x}[-1] in "aeiou"`,
		eval: func(w string, _ int) bool { return strings.Contains(vowels, w[len(w)-1:]) }},
	{name: "hasa", says: []string{"contains the letter a|contain the letter a", "{have} an a"}, code: `"a" in {x}`,
		eval: func(w string, _ int) bool { return strings.Contains(w, "a") }},
	{name: "noe", says: []string{"does not contain the letter e|do not contain the letter e", "{have} no e"}, code: `"e" not in {x}`,
		eval: func(w string, _ int) bool { return !strings.Contains(w, "e") }},
	{name: "ends", says: []string{"ends with s|end with s", "ends in s|end in s"}, code: `{x}.endswith("s")`,
		eval: func(w string, _ int) bool { return strings.HasSuffix(w, "s") }},
}

// wordMaps are what a word can be turned into.
var wordMaps = []wordMap{
	{name: "toupper", says: []string{"convert {o} to upper case", "change {o} to upper case"}, code: "{x}.upper()",
		eval: func(w string, _ int) string { return strings.ToUpper(w) }},
	{name: "mirror", says: []string{"reverse {o}", "spell {o} backwards"}, code: "{x}[::-1]",
		eval: func(w string, _ int) string { return reverseString(w) }},
	{name: "capitalize", says: []string{"capitalize {o}"}, code: "{x}.capitalize()",
		eval: func(w string, _ int) string { return capital(w) }},
	{name: "firstletter", says: []string{"take the first letter of {o}", "shorten {o} to its first letter"}, code: "{x}[0]",
		eval: func(w string, _ int) string { return w[:1] }},
	{name: "lastletter", says: []string{"take the last letter of {o}", "shorten {o} to its last letter"}, code: "{x}[-1]",
		eval: func(w string, _ int) string { return w[len(w)-1:] }},
	{name: "head", says: []string{"keep the first {k} letters of {o}", "cut {o} to its first {k} letters"}, code: "{x}[:{k}]", ks: []int{2, 3, 4},
		eval: func(w string, k int) string { return w[:min(k, len(w))] }},
	{name: "behead", says: []string{"drop the first letter of {o}", "remove the first letter of {o}"}, code: "{x}[1:]",
		eval: func(w string, _ int) string { return w[1:] }},
	{name: "curtail", says: []string{"drop the last letter of {o}", "remove the last letter of {o}"}, code: "{x}[:-1]",
		eval: func(w string, _ int) string { return w[:len(w)-1] }},
	{name: "repeat", says: []string{"repeat {o} {k} times", "write {o} {k} times"}, code: "{x} * {k}", ks: []int{2, 3, 4},
		eval: func(w string, k int) string { return strings.Repeat(w, k) }},
	{name: "exclaim", says: []string{"add an exclamation mark to {o}", "append an exclamation mark to {o}"}, code: `{x} + "!"`,
		eval: func(w string, _ int) string { return w + "!" }},
}

// wordFinishes are what a list of words is folded into.
var wordFinishes = []wordFinish{
	{name: "list", says: []string{"a list of the results", "the results as a list"}, code: "{x}", eval: func(ws []string, _ int) any { return ws }},
	{name: "spaced", says: []string{"the results joined by spaces"}, code: `" ".join({x})`, eval: func(ws []string, _ int) any { return strings.Join(ws, " ") }},
	{name: "dashed", says: []string{"the results joined by dashes"}, code: `"-".join({x})`, eval: func(ws []string, _ int) any { return strings.Join(ws, "-") }},
	{name: "commas", says: []string{"the results joined by commas"}, code: `",".join({x})`, eval: func(ws []string, _ int) any { return strings.Join(ws, ",") }},
	{name: "reversed", says: []string{"the results in reverse order", "the results from last to first"}, code: "{x}[::-1]", eval: func(ws []string, _ int) any { return reversed(ws) }},
	{name: "sorted", says: []string{"the results in alphabetical order", "the results sorted alphabetically"}, code: "sorted({x})",
		eval: func(ws []string, _ int) any { return slices.Sorted(slices.Values(ws)) }},
	{name: "bylength", says: []string{"the results sorted by length", "the results ordered by length"}, code: "sorted({x}, key=len)",
		eval: func(ws []string, _ int) any { return byLength(ws) }},
	{name: "longest", says: []string{`the first longest result, or "" if there is none`}, code: `max({x}, key=len, default="")`,
		eval: func(ws []string, _ int) any { return longest(ws) }},
	{name: "letters", says: []string{"the total length of the results", "the combined length of the results"}, code: `len("".join({x}))`,
		eval: func(ws []string, _ int) any { return len(strings.Join(ws, "")) }},
	{name: "first", says: []string{"the first {k} results", "the results, but at most the first {k}"}, code: "{x}[:{k}]", ks: []int{2, 3, 4},
		eval: func(ws []string, k int) any { return ws[:min(k, len(ws))] }},
	{name: "last", says: []string{"the last {k} results", "the results, but at most the last {k}"}, code: "{x}[-{k}:]", ks: []int{2, 3, 4},
		eval: func(ws []string, k int) any { return ws[max(0, len(ws)-k):] }},
}

func swapcase(s string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsUpper(c) {
			return unicode.ToLower(c)
		}
		return unicode.ToUpper(c)
	}, s)
}

func byLength(ws []string) []string {
	out := slices.Clone(ws)
	sort.SliceStable(out, func(i, j int) bool { return len(out[i]) < len(out[j]) })
	return out
}

func longest(ws []string) string {
	best := ""
	for _, w := range ws {
		if len(w) > len(best) {
			best = w
		}
	}
	return best
}
