package tokenizer

import (
	"sync"
	"unicode/utf8"
)

// Hugging Face's regular expressions, its Digits and its normalisation each have tables of a Unicode version of their own, and
// Go's are of another: a letter that only one of them knows would be split elsewhere. unicode_table.go holds theirs.

// A category is a general category of Unicode, such as Lu.
type category uint8

// categoryNames are the general categories; a category is an index of it. Cn, not assigned, is 0.
var categoryNames = []string{"Cn", "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi",
	"Pf", "Po", "Sm", "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Co"}

// categories is a set of categories, a bit for each.
type categories uint32

// Sets of categories that are asked for beside patterns.
var (
	mark           = categoriesOf("M")
	number         = categoriesOf("N")
	wordCategories = categoriesOf("L") | mark | categoriesOf("Nd") | categoriesOf("Nl") | categoriesOf("Pc")
)

// categoriesOf are those whose name begins with prefix; none for a name that is not known.
func categoriesOf(prefix string) (c categories) {
	for i, name := range categoryNames {
		if name[:min(len(prefix), len(name))] == prefix {
			c |= 1 << i
		}
	}
	return c
}

// categoryOf is the category of each code point.
var categoryOf = sync.OnceValue(func() *[utf8.MaxRune + 1]category {
	byName := map[string]category{}
	for i, name := range categoryNames {
		byName[name] = category(i)
	}
	table, at := new([utf8.MaxRune + 1]category), 0
	for runs := categoryRuns; runs != ""; {
		name, length := runs[:2], 0
		for runs = runs[2:]; runs != "" && runs[0] <= '9'; runs = runs[1:] {
			length = 10*length + int(runs[0]-'0')
		}
		for range length {
			table[at] = byName[name]
			at++
		}
	}
	return table
})

// in says whether r is in one of sorted ranges, whose ends belong to them.
func in(ranges [][2]rune, r rune) bool {
	lo, hi := 0, len(ranges)
	for lo < hi {
		if mid := (lo + hi) / 2; ranges[mid][1] < r {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo < len(ranges) && ranges[lo][0] <= r
}

// wordExtra are the characters that \w matches beside wordCategories: circled letters.
var wordExtra = [][2]rune{{0x24b6, 0x24e9}, {0x1f130, 0x1f149}, {0x1f150, 0x1f169}, {0x1f170, 0x1f189}}

// isWord is \w of the regular expressions that an added token's single_word asks, which are not those of patterns.
func isWord(r rune) bool {
	return wordCategories>>categoryOf()[r]&1 == 1 || r == 0x200c || r == 0x200d || in(wordExtra, r)
}
