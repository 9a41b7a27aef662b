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
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// A Tokenizer is safe for use by many goroutines.
type Tokenizer struct {
	ids         map[string]int32 // raw bytes -> id, tokens of the model
	pieces      [][]byte         // id -> raw bytes; nil where an id is unused
	bytes       [256]int32       // byte -> id
	merges      map[uint64]merge // pairOf(left, right)
	added       [2]addedTokens   // looked for before and after normalisation
	addedIDs    map[string]int32
	stages      []stage // pre-tokenizer: each splits the pieces of the one before
	nfc         bool
	wholePieces bool // ignore_merges: a piece that is a token needs no merging
}

// Encode returns the tokens of text. Added tokens are recognised where their text stands, and no others (such as a
// beginning-of-sequence token) are put in.
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
