package tokenizer

import (
	"slices"
	"strings"
	"unicode"
)

// An addedToken is found in the text before anything else happens to it.
type addedToken struct {
	content        string
	id             int32
	lstrip, rstrip bool // it swallows white space on that side
}

// addedTokens are looked for at every place of a text, so that the time for one may not grow with their number.
type addedTokens struct {
	byContent map[string]addedToken
	lengths   [256][]int // of the contents that begin with a byte, longest first
}

// add takes in a token. Of two with the same content the first counts.
func (a *addedTokens) add(t addedToken) {
	if _, twice := a.byContent[t.content]; twice {
		return
	}
	if a.byContent == nil {
		a.byContent = map[string]addedToken{}
	}
	a.byContent[t.content] = t
	lengths := &a.lengths[t.content[0]]
	at, there := slices.BinarySearchFunc(*lengths, len(t.content), func(have, want int) int { return want - have })
	if !there {
		*lengths = slices.Insert(*lengths, at, len(t.content))
	}
}

// at is the longest token that text, which is not empty, begins with.
func (a *addedTokens) at(text string) (t addedToken, ok bool) {
	for _, n := range a.lengths[text[0]] {
		if n <= len(text) {
			if t, ok = a.byContent[text[:n]]; ok {
				return t, true
			}
		}
	}
	return t, false
}

// cut calls do for each added token (with its id) and for the text between them (with -1), in order. Of the tokens
// that begin at the same place the longest counts.
func (a *addedTokens) cut(text string, do func(text string, id int32)) {
	from := 0
	for i := 0; i < len(text); {
		t, ok := a.at(text[i:])
		if !ok {
			i++
			continue
		}
		end, plain := i+len(t.content), text[from:i]
		if t.lstrip {
			plain = strings.TrimRightFunc(plain, unicode.IsSpace)
		}
		if plain != "" {
			do(plain, -1)
		}
		do("", t.id)
		if t.rstrip {
			end = len(text) - len(strings.TrimLeftFunc(text[end:], unicode.IsSpace))
		}
		from, i = end, end
	}
	if from < len(text) {
		do(text[from:], -1)
	}
}
