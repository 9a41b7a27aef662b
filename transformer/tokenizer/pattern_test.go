package tokenizer

import (
	"strings"
	"testing"
	"unicode"
)

// TestPatternRefuses: what a pattern has that no matcher knows is named, and nothing is guessed.
func TestPatternRefuses(t *testing.T) {
	for pattern, want := range map[string]string{
		`(`:                       "a ( without its )",
		`a)`:                      "a ) too many",
		`[a`:                      "a [ without its ]",
		`[]a]`:                    "an empty class",
		`[a[b]]`:                  "within a class",
		`[a&&b]`:                  "within a class",
		`[z-a]`:                   "such a range",
		`[\d-z]`:                  "such a range",
		`(?i:[a-z])`:              "such a range",
		`*a`:                      "a quantifier behind nothing",
		`a**`:                     "a quantifier behind another",
		`a{2}?`:                   "behind {}",
		`a{2,3}+`:                 "behind {}",
		`a{3,2}`:                  "the quantifier {3,2}",
		`a{9999}`:                 "the quantifier {9999}",
		`a{x}`:                    "the quantifier {x}",
		`a{2`:                     "the quantifier {2",
		`(?:ab){99}`:              "a group more than 8 times",
		`(?:a?)*`:                 "a quantifier behind a group that may be empty",
		`(?<=a)b`:                 `the group "(?<="`,
		`(?<n>a)`:                 `the group "(?<n"`,
		`(?i)a`:                   `the group "(?i)"`,
		`\bthe`:                   `the escape \b`,
		`(a)\1`:                   `the escape \1`,
		`\h`:                      `the escape \h`,
		`\W`:                      `the escape \W`,
		`\p{Han}`:                 `the property "Han"`,
		`\p{}`:                    `the property ""`,
		`\pL`:                     `the property`,
		`\p{L`:                    `the property`,
		`(?i:\p{Lu})`:             `the property "Lu"`,
		`\x{110000}`:              `\x110000`,
		`\xe9`:                    `\xe9`,
		`(?i:é)`:                  "'é' without regard to case",
		`(?i:miss)`:               "without regard to case",
		`(?i:first)`:              "without regard to case",
		`a\`:                      "an end here",
		strings.Repeat("(", 9):    "such a deep group",
		strings.Repeat("(a", 6):   "such a deep group",
		`a|` + string([]byte{92}): "an end here",
	} {
		_, err := compile(pattern)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want one line with %q", pattern, err, want)
		}
	}
}

// TestCategories: where Go's Unicode knows a character, the table has the same category, but for one that has changed since.
func TestCategories(t *testing.T) {
	table, later := categoryOf(), 0
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if r == 0x1171e || !unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z, unicode.Cc, unicode.Cf, unicode.Co) {
			continue
		}
		name := categoryNames[table[r]]
		if name == "Cn" {
			later++
		} else if !unicode.Is(unicode.Categories[name], r) {
			t.Errorf("%U: the table has %s, Go another", r, name)
		}
	}
	if later > 20_000 {
		t.Errorf("the table lacks %d characters that Go has", later)
	}
	white := space.done()
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if white.has(r) != unicode.IsSpace(r) {
			t.Errorf("%U: white space %v", r, white.has(r))
		}
	}
}

// FuzzPattern: a pattern is compiled or refused in one line, and the spans of a text are the text.
func FuzzPattern(f *testing.F) {
	for _, pattern := range []string{gpt2Pattern, llamaPattern, tekkenPattern, bailingPattern, deepseekPattern, `x?`, `^|$`, `(?:a|b+?){2,3}c`, `(?i:k)|[^\s\d-]`} {
		f.Add(pattern, "it's a ﬁne\r\n\xff day 123")
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 200 || len(text) > 100 { // backtracking takes its time
			return
		}
		re, err := compile(pattern)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\r\n") {
				t.Errorf("%q", err)
			}
			return
		}
		end := 0
		finder(re.find).spans(text, func(s span) {
			if s.start != end || s.end < s.start {
				t.Fatalf("%q on %q: a span from %d to %d behind %d", pattern, text, s.start, s.end, end)
			}
			end = s.end
		})
		if end != len(text) {
			t.Errorf("%q on %q: the spans end at %d", pattern, text, end)
		}
	})
}
