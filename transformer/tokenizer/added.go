package tokenizer

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// An addedToken is found in the text before anything else happens to it.
type addedToken struct {
	content        string
	id             int32
	lstrip, rstrip bool // it swallows white space on that side
	singleWord     bool // it counts only where it touches no word
}

// addedTokens are the tokens that are looked for at every place of a text. They are a trie, so that the time for it does not
// grow with their number.
type addedTokens struct {
	list  []addedToken
	nodes []trieNode // the root is nodes[0]
	begin [256]bool  // the bytes that a token begins with
}

// A trieNode is reached by some bytes. The bytes that may follow lead to other nodes.
type trieNode struct {
	token int32 // index of the list plus one; 0: no token ends here
	bytes []byte
	nodes []int32
}

// add takes in a token. Of two with the same content the first counts.
func (a *addedTokens) add(t addedToken) {
	if len(a.nodes) == 0 {
		a.nodes = []trieNode{{}}
	}
	a.begin[t.content[0]] = true
	at := int32(0)
	for i := range len(t.content) {
		b := t.content[i]
		next, ok := a.nodes[at].follow(b)
		if !ok {
			next = int32(len(a.nodes))
			a.nodes = append(a.nodes, trieNode{})
			a.nodes[at].bytes, a.nodes[at].nodes = append(a.nodes[at].bytes, b), append(a.nodes[at].nodes, next)
		}
		at = next
	}
	if a.nodes[at].token == 0 {
		a.list = append(a.list, t)
		a.nodes[at].token = int32(len(a.list))
	}
}

func (n *trieNode) follow(b byte) (node int32, ok bool) {
	i := bytes.IndexByte(n.bytes, b)
	if i < 0 {
		return 0, false
	}
	return n.nodes[i], true
}

// at is the longest token that text begins with, nil for none.
func (a *addedTokens) at(text string) (longest *addedToken) {
	node := int32(0)
	for i := range len(text) {
		next, ok := a.nodes[node].follow(text[i])
		if !ok {
			break
		}
		if node = next; a.nodes[node].token > 0 {
			longest = &a.list[a.nodes[node].token-1]
		}
	}
	return longest
}

// cut calls token for each added token and plain for the pieces between them, in order. Of the tokens that begin at the same
// place the longest counts.
func (a *addedTokens) cut(p piece, token func(id int32), plain func(piece)) {
	text, from := p.text, 0
	for i := 0; i < len(text) && len(a.list) > 0; {
		if !a.begin[text[i]] {
			i++
			continue
		}
		t := a.at(text[i:])
		if t == nil {
			i++
			continue
		}
		start, end := i, i+len(t.content)
		i = end
		if t.singleWord && touchesWord(text[:start], text[end:]) {
			continue
		}
		if t.lstrip {
			start = max(from, len(strings.TrimRightFunc(text[:start], unicode.IsSpace)))
		}
		if t.rstrip {
			end = len(text) - len(strings.TrimLeftFunc(text[end:], unicode.IsSpace))
		}
		p.cut(span{start: from, end: start}, plain)
		token(t.id)
		from = end
	}
	p.cut(span{start: from, end: len(text)}, plain)
}

// touchesWord says whether what stands before a token ends with a word's character, or what stands behind begins with one.
func touchesWord(before, behind string) bool {
	last, n := utf8.DecodeLastRuneInString(before)
	first, m := utf8.DecodeRuneInString(behind)
	return n > 0 && isWord(last) || m > 0 && isWord(first)
}
