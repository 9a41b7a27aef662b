package tokenizer

import (
	"slices"
	"unicode/utf8"
)

// A set is a class of characters, such as [^\s\p{L}] of a pattern.
type set struct {
	not    bool // all but these:
	cats   categories
	ranges [][2]rune // both ends belong to them
	ascii  [2]uint64 // the answer for each of the first 128 characters; see done
}

// Sets that patterns have names for. White space is the separators and six of the control characters (Cc).
var (
	separator = categoriesOf("Z")
	space     = set{cats: separator, ranges: [][2]rune{{'\t', '\r'}, {0x85, 0x85}}}
	nonSpace  = set{cats: ^(separator | categoriesOf("Cc")), ranges: [][2]rune{{0, '\b'}, {0xe, 0x1f}, {0x7f, 0x84}, {0x86, 0x9f}}}
	digit     = set{cats: categoriesOf("Nd")}
	nonDigit  = set{cats: ^categoriesOf("Nd")}
	word      = set{cats: wordCategories, ranges: append([][2]rune{{0xb2, 0xb3}, {0xb9, 0xb9}, {0xbc, 0xbe}}, wordExtra...)}
)

// add takes in the characters of another set that is no complement.
func (c *set) add(other set) {
	c.cats |= other.cats
	c.ranges = append(c.ranges, other.ranges...)
}

// done prepares a set for width.
func (c set) done() set {
	c.ranges = slices.Clone(c.ranges)
	slices.SortFunc(c.ranges, func(a, b [2]rune) int { return int(a[0] - b[0]) })
	c.ranges = merged(c.ranges)
	for r := range rune(utf8.RuneSelf) {
		if c.has(r) {
			c.ascii[r>>6] |= 1 << (r & 63)
		}
	}
	return c
}

// merged joins sorted ranges that overlap.
func merged(ranges [][2]rune) (out [][2]rune) {
	for _, r := range ranges {
		if last := len(out) - 1; last >= 0 && r[0] <= out[last][1]+1 {
			out[last][1] = max(out[last][1], r[1])
		} else {
			out = append(out, r)
		}
	}
	return out
}

func (c *set) has(r rune) bool {
	return (c.cats>>categoryOf()[r]&1 == 1 || in(c.ranges, r)) != c.not
}

// width is the length of the character at i if the set has it, else 0. A byte that is no UTF-8 counts as U+FFFD.
func (c *set) width(s string, i int) int {
	if i >= len(s) {
		return 0
	}
	if b := s[i]; b < utf8.RuneSelf {
		return int(c.ascii[b>>6] >> (b & 63) & 1)
	}
	return c.wide(s[i:])
}

func (c *set) wide(s string) int {
	if r, width := utf8.DecodeRuneInString(s); c.has(r) {
		return width
	}
	return 0
}
