package tokenizer

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// readModel takes over the vocabulary and the merges.
func (b *builder) readModel(f *file) error {
	if many := f.unmerged(); many > 0 {
		return fmt.Errorf("no merges, but %d tokens of several bytes that no text would ever become: "+
			"merges is empty or missing; fetch it again", many)
	}
	m := f.Model
	b.model.fallback, b.model.fuse, b.model.wholePieces, b.model.unknown = m.ByteFallback, m.FuseUnknown, m.IgnoreMerges, -1
	b.model.words = newCache()
	if m.Unknown != nil {
		id, ok := m.Vocab[*m.Unknown]
		if !ok {
			return fmt.Errorf("unk_token %q is not in the vocabulary", *m.Unknown)
		}
		b.model.unknown = id
	}
	b.model.ids = make(map[string]int32, len(m.Vocab))
	for entry, id := range m.Vocab {
		if entry == "" {
			return fmt.Errorf("token %d is empty", id)
		}
		if err := b.setName(id, entry); err != nil {
			return err
		}
		b.model.take(entry, id)
	}
	if err := b.model.readSingles(m); err != nil {
		return err
	}
	return b.model.readMerges(m)
}

// take enters a token under what it is in a text. One of other characters than byte-level ones is an added token that the
// vocabulary lists, too; merges do not reach it.
func (m *bpe) take(entry string, id int32) {
	if !m.byteLevel {
		m.ids[entry] = id
	} else if raw, ok := rawBytes(entry); ok {
		m.ids[string(raw)] = id
	}
}

// readSingles finds the tokens of single bytes and characters. A vocabulary may lack some (SmolLM2's lacks 21 bytes): as in
// Hugging Face's tokenizers, text loses them, or they become the unknown token where the file names one. None lacks printable
// ASCII.
func (m *bpe) readSingles(f *model) error {
	lacking := 0
	for i := range m.bytes {
		text := string([]byte{byte(i)})
		if !m.byteLevel {
			text = fmt.Sprintf("<0x%02X>", i)
		}
		id, ok := m.ids[text]
		switch {
		case ok:
			m.bytes[i] = id
			continue
		case m.byteLevel && i >= ' ' && i <= '~':
			return fmt.Errorf("vocabulary has no token for byte 0x%02x, so it is not byte-level", i)
		}
		m.bytes[i] = -1
		lacking++
	}
	if m.byteLevel {
		return nil
	}
	if lacking == len(m.bytes) {
		return errors.New("byte_fallback, but the vocabulary has no token of a byte, such as <0x0A>: fetch it again")
	}
	m.chars = map[rune]int32{}
	for text, id := range m.ids {
		if r, width := utf8.DecodeRuneInString(text); width == len(text) {
			m.chars[r] = id
		}
	}
	return nil
}

// readMerges takes the merges, and finds where a text may be cut.
func (m *bpe) readMerges(f *model) error {
	m.merges = make(map[uint64]merge, len(f.Merges))
	cuts := !m.byteLevel && !m.wholePieces
	m.joined = map[[2]rune]bool{}
	for rank, p := range f.Merges {
		left, ok1 := f.Vocab[p[0]]
		right, ok2 := f.Vocab[p[1]]
		id, ok3 := f.Vocab[p[0]+p[1]]
		if !ok1 || !ok2 || !ok3 {
			return fmt.Errorf("merge %d, %q + %q, uses a token that is not in the vocabulary", rank, p[0], p[1])
		}
		m.merges[pairOf(left, right)] = merge{rank: int32(rank), id: id}
		last, _ := utf8.DecodeLastRuneInString(p[0])
		if first, _ := utf8.DecodeRuneInString(p[1]); strings.ContainsRune(wordStarts, first) {
			m.joined[[2]rune{last, first}] = true
		}
		cuts = cuts && !m.stands(p[0], left) && !m.stands(p[1], right)
	}
	for _, r := range wordStarts {
		// An unknown that is waiting is told to end by a character of the vocabulary alone.
		if _, known := m.chars[r]; cuts && (known || slices.Min(m.bytes[:]) >= 0) {
			m.cuts += string(r)
		}
	}
	return nil
}

// stands says whether a token is one that stands for other characters than its name has: the unknown one, or a byte's.
func (m *bpe) stands(name string, id int32) bool {
	_, isByte := byteOfName(name)
	return isByte || id == m.unknown
}
