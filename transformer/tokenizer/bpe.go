package tokenizer

import (
	"strings"
	"sync"
	"unicode/utf8"
)

// A bpe turns words into tokens (Sennrich et al., 2016). It begins with the tokens of single characters, or of single bytes
// where it is byte-level, and applies the merge of the lowest rank, the leftmost first, until none applies.
type bpe struct {
	ids         map[string]int32 // token by its text; by its bytes where byteLevel
	merges      map[uint64]merge // by pairOf(left, right)
	byteLevel   bool
	bytes       [256]int32       // the tokens of single bytes; -1: the vocabulary lacks it
	chars       map[rune]int32   // the tokens of single characters, unless byteLevel
	unknown     int32            // takes the place of what the vocabulary lacks; -1: that is lost
	fuse        bool             // neighbours that it lacks become one unknown
	fallback    bool             // a character that it lacks becomes the tokens of its bytes, unless it lacks one of these
	wholePieces bool             // ignore_merges: a piece that is a token needs no merging
	cuts        string           // characters before which a text may be cut into words, unless the one before is joined to it
	joined      map[[2]rune]bool // the neighbours that a merge may join, the right one of which is of cuts
	words       cache
}

// A merge joins two neighbouring tokens into id; lower ranks go first.
type merge struct{ rank, id int32 }

func pairOf(left, right int32) uint64 { return uint64(uint32(left))<<32 | uint64(uint32(right)) }

// wordStarts are what words begin with where pieces are whole texts: SentencePiece's space, and a new line.
const wordStarts = "▁\n"

// piece appends the tokens of a piece. Where pieces are whole texts, it cuts them into words at places that no merge crosses,
// so that the words can be remembered.
func (m *bpe) piece(out []int32, text string) []int32 {
	from := 0
	for at := 1; at < len(text) && m.cuts != ""; at++ {
		if text[at] != '\n' && text[at] != wordStarts[0] {
			continue
		}
		next, _ := utf8.DecodeRuneInString(text[at:])
		if !strings.ContainsRune(m.cuts, next) {
			continue
		}
		if before, _ := utf8.DecodeLastRuneInString(text[from:at]); !m.joined[[2]rune{before, next}] {
			out = m.word(out, text[from:at])
			from = at
		}
	}
	return m.word(out, text[from:])
}

// word appends the tokens of a word.
func (m *bpe) word(out []int32, text string) []int32 {
	if ids, ok := m.words.get(text); ok {
		return append(out, ids...)
	}
	from := len(out)
	out = m.merge(out, text)
	m.words.put(text, out[from:])
	return out
}

// A symbol is a token of a word under way; of merged ones the right one has token -1.
type symbol struct{ token, prev, next int32 }

// scratch is what merging a word needs.
type scratch struct {
	list  []symbol
	queue queue
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

func (m *bpe) merge(out []int32, text string) []int32 {
	if m.wholePieces {
		if id, ok := m.ids[text]; ok {
			return append(out, id)
		}
	}
	s := scratches.Get().(*scratch)
	defer scratches.Put(s)
	s.list, s.queue = s.list[:0], s.queue[:0]
	m.symbols(s, text)
	if len(s.list) == 0 {
		return out
	}
	s.list[len(s.list)-1].next = -1
	for i := range s.list {
		m.consider(s, int32(i))
	}
	for len(s.queue) > 0 {
		m.apply(s, s.queue.pop())
	}
	for at := int32(0); at >= 0; at = s.list[at].next {
		out = append(out, s.list[at].token)
	}
	return out
}

// consider queues the merge of the symbol at and its successor, if there is one.
func (m *bpe) consider(s *scratch, at int32) {
	if at < 0 || s.list[at].next < 0 {
		return
	}
	left, right := s.list[at].token, s.list[s.list[at].next].token
	if c, ok := m.merges[pairOf(left, right)]; ok {
		s.queue.push(candidate{order: uint64(c.rank)<<32 | uint64(at), id: c.id, left: left, right: right})
	}
}

// apply joins two symbols, unless one of them has been merged since the merge was queued. As in Hugging Face's tokenizers the
// merge goes on where the two are others by now, but become the same token.
func (m *bpe) apply(s *scratch, c candidate) {
	at := int32(uint32(c.order))
	l := &s.list[at]
	if l.token < 0 || l.next < 0 {
		return
	}
	r := l.next
	if right := s.list[r].token; l.token != c.left || right != c.right {
		if now, ok := m.merges[pairOf(l.token, right)]; !ok || now.id != c.id {
			return
		}
	}
	l.token, l.next = c.id, s.list[r].next
	s.list[r].token = -1
	if l.next >= 0 {
		s.list[l.next].prev = at
	}
	m.consider(s, l.prev)
	m.consider(s, at)
}

// symbols lists the tokens that a word begins with.
func (m *bpe) symbols(s *scratch, text string) {
	waiting := int32(-1) // an unknown that may grow
	for i := 0; i < len(text); {
		width, id := m.single(text[i:])
		switch {
		case id >= 0:
			s.add(&waiting)
			s.list = append(s.list, symbol{token: id})
		case m.fallback && m.hasBytes(text[i:i+width]):
			for _, b := range []byte(text[i : i+width]) {
				s.list = append(s.list, symbol{token: m.bytes[b]})
			}
		case m.unknown >= 0:
			if !m.fuse {
				s.add(&waiting)
			}
			waiting = m.unknown
		}
		i += width
	}
	s.add(&waiting)
	for i := range s.list {
		s.list[i].prev, s.list[i].next = int32(i-1), int32(i+1)
	}
}

// add takes the unknown that is waiting, if one is.
func (s *scratch) add(waiting *int32) {
	if *waiting >= 0 {
		s.list = append(s.list, symbol{token: *waiting})
		*waiting = -1
	}
}

// single is the token of the first byte or character, -1 where there is none.
func (m *bpe) single(text string) (width int, id int32) {
	if m.byteLevel {
		return 1, m.bytes[text[0]]
	}
	r, width := utf8.DecodeRuneInString(text)
	if id, ok := m.chars[r]; ok && (r != utf8.RuneError || width > 1) {
		return width, id
	}
	return width, -1
}

func (m *bpe) hasBytes(text string) bool {
	for i := range len(text) {
		if m.bytes[text[i]] < 0 {
			return false
		}
	}
	return true
}
