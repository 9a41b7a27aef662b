// Package tokenizer turns text into the token ids of a checkpoint and back: byte-level BPE, as tokenizer.json files
// of the GPT-2, Llama-3 and Qwen families describe it.
//
//  1. Parse reads tokenizer.json and refuses, in one line, whatever it does not implement.
//  2. Encode cuts the text at added tokens ("<|endoftext|>"), normalises the rest to NFC where the file says so,
//     splits it into words (split.go) and merges bytes within each word (bpe.go).
//  3. Decode joins the bytes that the tokens stand for. Nothing is dropped: a mask that was left over shows.
package tokenizer

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// A Tokenizer is safe for use by many goroutines.
type Tokenizer struct {
	ids         map[string]int32 // raw bytes -> id, tokens of the model
	pieces      [][]byte         // id -> raw bytes; nil where an id is unused
	bytes       [256]int32       // byte -> id
	merges      map[uint64]merge // pairOf(left, right)
	added       []addedToken     // longest first
	addedIDs    map[string]int32
	stages      []stage // pre-tokenizer: each splits the pieces of the one before
	nfc         bool
	wholePieces bool // ignore_merges: a piece that is a token needs no merging
}

// An addedToken is found in the text before anything else happens to it.
type addedToken struct {
	content        string
	id             int32
	lstrip, rstrip bool // it swallows white space on that side
	normalized     bool // it is looked for after normalisation
}

// Encode returns the tokens of text. Added tokens are recognised where their text stands, and no others (such as a
// beginning-of-sequence token) are put in.
func (t *Tokenizer) Encode(text string) []int32 {
	out := make([]int32, 0, len(text)/3+1)
	t.cut(text, false, func(raw string, id int32) {
		if id >= 0 {
			out = append(out, id)
			return
		}
		if t.nfc {
			raw = norm.NFC.String(raw)
		}
		t.cut(raw, true, func(plain string, id int32) {
			if id >= 0 {
				out = append(out, id)
				return
			}
			t.split(plain, 0, func(piece string) { out = t.bpe(out, piece) })
		})
	})
	return out
}

// cut calls do for each added token (with its id) and for the text between them (with -1), in order. Of the tokens
// that begin at the same place the longest counts.
func (t *Tokenizer) cut(text string, normalized bool, do func(text string, id int32)) {
	from := 0
	for i := 0; i < len(text); {
		a := t.addedAt(text[i:], normalized)
		if a == nil {
			i++
			continue
		}
		end, plain := i+len(a.content), text[from:i]
		if a.lstrip {
			plain = strings.TrimRightFunc(plain, unicode.IsSpace)
		}
		if plain != "" {
			do(plain, -1)
		}
		do("", a.id)
		if a.rstrip {
			end = len(text) - len(strings.TrimLeftFunc(text[end:], unicode.IsSpace))
		}
		from, i = end, end
	}
	if from < len(text) {
		do(text[from:], -1)
	}
}

func (t *Tokenizer) addedAt(text string, normalized bool) *addedToken {
	for i := range t.added {
		if a := &t.added[i]; a.normalized == normalized && strings.HasPrefix(text, a.content) {
			return a
		}
	}
	return nil
}

// split sends text through the stages from n on.
func (t *Tokenizer) split(text string, n int, do func(piece string)) {
	if n == len(t.stages) {
		do(text)
		return
	}
	t.stages[n](text, func(piece string) { t.split(piece, n+1, do) })
}

// Decode returns the text of the tokens, added ones included. Tokens may end inside a character; then so does the
// text. Ids that stand for nothing become U+FFFD.
func (t *Tokenizer) Decode(ids []int32) string {
	var b strings.Builder
	for _, id := range ids {
		if p := t.Piece(id); p != nil {
			b.Write(p)
		} else {
			b.WriteRune(utf8.RuneError)
		}
	}
	return b.String()
}

// Piece returns the bytes of one token, which must not be changed; nil if the id stands for nothing.
func (t *Tokenizer) Piece(id int32) []byte {
	if id < 0 || int(id) >= len(t.pieces) {
		return nil
	}
	return t.pieces[id]
}

// ID returns the id of a token given as plain text: an added token such as "<|mask|>" or the bytes of another.
func (t *Tokenizer) ID(token string) (id int32, ok bool) {
	if id, ok = t.addedIDs[token]; ok {
		return id, true
	}
	id, ok = t.ids[token]
	return id, ok
}

// Size is one more than the highest id. A model's vocabulary may be larger, padded for speed.
func (t *Tokenizer) Size() int { return len(t.pieces) }
