// Package tokenizer turns text into the token ids of a checkpoint, and ids into text, exactly as Hugging Face's tokenizers does:
// BPE, byte-level or with byte_fallback, as the tokenizer.json files of the GPT-2, Llama, Qwen, Mistral, DeepSeek and Gemma
// families describe it.
//
//  1. Parse reads tokenizer.json (file.go, parse.go, model.go). What it does not implement is an error of one line. New takes
//     the parts as other formats store them (vocabulary.go).
//  2. Encode finds the added tokens of the text, such as "<|endoftext|>" (added.go), and normalizes the rest (normalize.go).
//  3. It splits that into pieces (split.go) by patterns, which are compiled (pattern.go, class.go, match.go, repeat.go), and
//     merges bytes or characters within each piece (bpe.go), unless it remembers the piece (cache.go).
//  4. Decode joins what the tokens stand for (decode.go). Nothing is dropped: a mask that is left in the ids stands in the text.
//  5. Frame is what stands around a whole text, such as BOS (post.go).
//
// Which characters are letters, numbers and so on is a table of its own, since Unicode versions differ (unicode.go).
//
// To add a split pattern, nothing is to be done as long as pattern.go reads its syntax; what is missing there, an error names.
// A new kind of component is a case of newStages, newNormalizer, decoder.append or frame, and a case of
// testdata/features.py.
//
// Go strings may hold bytes that are no UTF-8, which Hugging Face's cannot. Encode keeps them: such a byte is split as U+FFFD is,
// and becomes the token of that byte.
package tokenizer

import (
	"strings"
	"unicode/utf8"
)

// A Tokenizer is safe for use by many goroutines.
type Tokenizer struct {
	added         [2]addedTokens // looked for before and after normalization
	addedIDs      map[string]int32
	normalizers   []normalizer
	stages        []stage // pre-tokenizer: each splits the pieces of the one before
	model         bpe
	pieces        [][]byte         // id -> bytes; nil where an id is unused
	leading       map[int32]string // what a token stands for at the beginning of a text, where that is something else
	strip         string           // is dropped from the beginning of a text, at most so many times
	times         int
	before, after []int32 // what stands around a whole text
}

// Encode returns the token ids of text. The text of an added token becomes that token. Nothing is put around the text: see Frame.
func (t *Tokenizer) Encode(text string) []int32 {
	out := make([]int32, 0, len(text)/3+1)
	token := func(id int32) { out = append(out, id) }
	split := func(p piece) { out = t.model.piece(out, p.text) }
	for i := len(t.stages) - 1; i >= 0; i-- {
		stage, next := t.stages[i], split
		split = func(p piece) { stage(p, next) }
	}
	t.added[0].cut(piece{text: text, first: true}, token, func(p piece) {
		p.text = t.normalize(p.text)
		t.added[1].cut(p, token, split)
	})
	return out
}

func (t *Tokenizer) normalize(text string) string {
	for _, n := range t.normalizers {
		text = n(text)
	}
	return text
}

// Decode returns the text of token ids, added tokens included. Tokens may end within a character of UTF-8, and then the text
// does, too. An unused id becomes U+FFFD.
func (t *Tokenizer) Decode(ids []int32) string {
	var b strings.Builder
	for i, id := range ids {
		switch leading, ok := t.leading[id]; {
		case i == 0 && ok:
			b.WriteString(leading)
		case t.Piece(id) != nil:
			b.Write(t.Piece(id))
		default:
			b.WriteRune(utf8.RuneError)
		}
	}
	text := b.String()
	for i := 0; i < t.times && strings.HasPrefix(text, t.strip); i++ {
		text = text[len(t.strip):]
	}
	return text
}

// Piece returns the bytes of one token, which must not be changed. It is nil for an unused id.
func (t *Tokenizer) Piece(id int32) []byte {
	if id < 0 || int(id) >= len(t.pieces) {
		return nil
	}
	return t.pieces[id]
}

// ID returns the id of a token: of an added one by its text, such as "<|mask|>", of another one by its bytes, or, where the
// tokenizer is not byte-level, by its name in the vocabulary. ok says whether there is such a token.
func (t *Tokenizer) ID(token string) (id int32, ok bool) {
	if id, ok = t.addedIDs[token]; ok {
		return id, true
	}
	id, ok = t.model.ids[token]
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
