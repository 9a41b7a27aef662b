// Package tokenizer turns text into the token ids of a checkpoint, and ids into text: byte-level BPE, as the tokenizer.json
// files of the GPT-2, Llama-3 and Qwen families describe it.
//
//  1. Parse reads tokenizer.json. What it does not implement is an error of one line. New takes the parts as other formats
//     store them (vocabulary.go).
//  2. Encode finds the added tokens of the text ("<|endoftext|>") and normalises the rest to NFC where the file says so. It
//     splits that into words (split.go) and merges bytes within each word (bpe.go).
//  3. Decode joins the bytes of the tokens. Nothing is dropped: a mask that is left in the ids stands in the text.
package tokenizer

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// A Tokenizer is safe for use by many goroutines.
type Tokenizer struct {
	ids         map[string]int32 // raw bytes -> id, tokens of the model
	pieces      [][]byte         // id -> raw bytes; nil where an id is unused
	bytes       [256]int32       // byte -> id; -1: the vocabulary lacks it
	merges      map[uint64]merge // pairOf(left, right)
	added       [2]addedTokens   // looked for before and after normalisation
	addedIDs    map[string]int32
	stages      []stage // pre-tokenizer: each splits the pieces of the one before
	nfc         bool
	before      []int32 // what stands before a whole text
	after       []int32 // and behind it
	wholePieces bool    // ignore_merges: a piece that is a token needs no merging
}

// Encode returns the token ids of text. The text of an added token becomes that token. Nothing is put around the text: see Frame.
func (t *Tokenizer) Encode(text string) []int32 {
	out := make([]int32, 0, len(text)/3+1)
	t.added[0].cut(text, func(raw string, id int32) {
		if id >= 0 {
			out = append(out, id)
			return
		}
		if t.nfc {
			raw = norm.NFC.String(raw)
		}
		t.added[1].cut(raw, func(plain string, id int32) {
			if id >= 0 {
				out = append(out, id)
				return
			}
			t.split(plain, 0, func(piece string) { out = t.bpe(out, piece) })
		})
	})
	return out
}

// split sends text through the stages from n on.
func (t *Tokenizer) split(text string, n int, do func(piece string)) {
	if n == len(t.stages) {
		do(text)
		return
	}
	t.stages[n](text, func(piece string) { t.split(piece, n+1, do) })
}

// Decode returns the text of token ids, added tokens included. Tokens may end within a character of UTF-8, and then the text
// does, too. An unused id becomes U+FFFD.
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

// Piece returns the bytes of one token, which must not be changed. It is nil for an unused id.
func (t *Tokenizer) Piece(id int32) []byte {
	if id < 0 || int(id) >= len(t.pieces) {
		return nil
	}
	return t.pieces[id]
}

// ID returns the id of a token: of an added one by its text, such as "<|mask|>", of another one by its bytes. ok says whether
// there is such a token.
func (t *Tokenizer) ID(token string) (id int32, ok bool) {
	if id, ok = t.addedIDs[token]; ok {
		return id, true
	}
	id, ok = t.ids[token]
	return id, ok
}

// Added says whether an id is that of an added token, which no other text becomes.
func (t *Tokenizer) Added(id int32) bool {
	for _, added := range t.addedIDs {
		if added == id {
			return true
		}
	}
	return false
}

// Size is the highest id plus one. A model's vocabulary may be larger: many are padded for speed.
func (t *Tokenizer) Size() int { return len(t.pieces) }
