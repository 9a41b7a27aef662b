package tokenizer

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// A normalizer changes a text before it is split.
type normalizer func(string) string

// forms are the normal forms of Unicode by their names as components.
var forms = map[string]norm.Form{"NFC": norm.NFC, "NFD": norm.NFD, "NFKC": norm.NFKC, "NFKD": norm.NFKD}

// newNormalizer makes a normalizer of a component that is no Sequence.
func newNormalizer(c component) (normalizer, error) {
	if f, ok := forms[c.Type]; ok {
		return form{f, c.Type[len(c.Type)-1] == 'C'}.normalize, nil
	}
	switch c.Type {
	case "Prepend":
		return func(s string) string {
			if s == "" {
				return s
			}
			return c.Prepend + s
		}, nil
	case "Replace":
		replace, err := c.replacer()
		if err != nil {
			return nil, fmt.Errorf("normalizer Replace: %w", err)
		}
		return replace, nil
	}
	return nil, fmt.Errorf("normalizer %q is not supported; NFC, NFD, NFKC, NFKD, Prepend, Replace and Sequence are", c.Type)
}

// replacer puts the content of a component Replace in the place of each match of its pattern.
func (c component) replacer() (func(string) string, error) {
	find, err := c.Pattern.finder()
	if err != nil {
		return nil, err
	}
	if c.Pattern.String != nil {
		return func(s string) string { return strings.ReplaceAll(s, *c.Pattern.String, c.Content) }, nil
	}
	return func(s string) string { return find.replace(s, c.Content) }, nil
}

// replace puts content in the place of each match.
func (f finder) replace(s, content string) string {
	var b strings.Builder
	changed := false
	f.spans(s, func(part span) {
		if part.match {
			changed = true
			b.WriteString(content)
		} else {
			b.WriteString(s[part.start:part.end])
		}
	})
	if !changed {
		return s
	}
	return b.String()
}

// A form is a normal form as Hugging Face's tokenizers computes it: by an older Unicode, to which inert characters mean nothing,
// and without the joiner that x/text puts into more than 30 marks in a row.
type form struct {
	norm.Form
	composed bool
}

// normalize normalizes what lies between two characters of ASCII by itself: none of these becomes part of one before it.
func (f form) normalize(s string) string {
	if f.IsNormalString(s) {
		return s
	}
	var b strings.Builder
	for from := 0; from < len(s); {
		to := from
		for to < len(s) && s[to] < utf8.RuneSelf {
			to++
		}
		for to < len(s) && s[to] >= utf8.RuneSelf {
			to++
		}
		f.part(&b, s[from:to])
		from = to
	}
	return b.String()
}

func (f form) part(b *strings.Builder, s string) {
	switch {
	case f.IsNormalString(s):
		b.WriteString(s)
		return
	case !special(s):
		b.WriteString(f.String(s))
		return
	}
	list := f.decompose(s)
	if f.composed {
		list = compose(list)
	}
	for _, c := range list {
		b.WriteString(c.text)
	}
}

// special says whether x/text may normalize s otherwise: where it has an inert character, or many marks in a row.
func special(s string) bool {
	const many = 10 // each of which may be 3 of the 30
	marks, table := 0, categoryOf()
	for _, r := range s {
		if r < 0x300 {
			marks = 0
			continue
		}
		if in(inert, r) {
			return true
		}
		if marks++; mark>>table[r]&1 == 0 {
			marks = 0
		} else if marks == many {
			return true
		}
	}
	return false
}

// A character is one as text, a byte that is no UTF-8, or a composition.
type character struct {
	text  string
	class uint8 // canonical combining class; marks of a lower one come first
	inert bool
}

// decompose takes characters apart and sorts the marks between others.
func (f form) decompose(s string) (list []character) {
	apart := norm.NFD
	if f.Form == norm.NFKC || f.Form == norm.NFKD {
		apart = norm.NFKD
	}
	for i := 0; i < len(s); {
		r, width := utf8.DecodeRuneInString(s[i:])
		c := character{text: s[i : i+width], inert: in(inert, r)}
		i += width
		if c.inert || r == utf8.RuneError {
			list = append(list, c)
			continue
		}
		for _, r := range apart.String(c.text) {
			text := string(r)
			list = append(list, character{text: text, class: norm.NFD.PropertiesString(text).CCC()})
		}
	}
	for from := 0; from < len(list); {
		to := from + 1
		for ; to < len(list) && list[to].class > 0; to++ {
		}
		if list[from].class > 0 {
			slices.SortStableFunc(list[from:to], byClass)
		} else {
			slices.SortStableFunc(list[from+1:to], byClass)
		}
		from = to
	}
	return list
}

func byClass(a, b character) int { return int(a.class) - int(b.class) }

// compose joins marks and others with the character that they belong to [UAX 15, D117].
func compose(list []character) (out []character) {
	starter, last := -1, uint8(0) // the place in out of the last character of class 0, and the class just before
	for _, c := range list {
		adjacent := starter == len(out)-1
		if starter >= 0 && !c.inert && !out[starter].inert && (adjacent || last < c.class && last > 0) {
			joined := norm.NFC.String(out[starter].text + c.text)
			if utf8.RuneCountInString(joined) == 1 && !in(inert, []rune(joined)[0]) {
				out[starter].text = joined
				continue
			}
		}
		if c.class == 0 {
			starter = len(out)
		}
		last = c.class
		out = append(out, c)
	}
	return out
}
