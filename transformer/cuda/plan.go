package cuda

import (
	"fmt"
	"math/bits"
	"unsafe"

	"tandem/transformer"
)

// The Go twins of what a forward uploads; see common.cu.
type (
	head struct{ rows, tiles, wants, _ int32 }
	row  struct{ token, sequence, pos, reach int32 }
	// tileOf is a tile of 16 query rows.
	tileOf struct {
		row, first, count, sequence, reach int32
		_                                  [3]int32
	}
	want struct {
		seed     uint64
		row, pos int32
		temp     float32
		topK     int32
		topP     float32
		from, to int32
		_        int32
	}
)

// A shape is all that the launches of a forward depend on: flags, and sizes rounded up to powers of two. Forwards of the same
// shape are the same launches.
type shape struct {
	rows, tiles, wants, bans int
	splits                   int   // of attention; 1: a warp takes all of them
	cut                      bool  // some pass has a top-k or top-p
	order                    order // in a decoding on the device
}

// An order says which forward of a decoding on the device this is.
type order uint8

const (
	oneForward   order = iota // part of none
	firstForward              // its pass comes from the host, as that of oneForward
	laterForward              // its pass was written by unmask.cu
)

// Offsets in the upload: a head, then lists.
func (s shape) rowsAt() int64  { return int64(unsafe.Sizeof(head{})) }
func (s shape) tilesAt() int64 { return s.rowsAt() + int64(s.rows)*int64(unsafe.Sizeof(row{})) }
func (s shape) wantsAt() int64 { return s.tilesAt() + int64(s.tiles)*int64(unsafe.Sizeof(tileOf{})) }
func (s shape) bansAt() int64  { return s.wantsAt() + int64(s.wants)*int64(unsafe.Sizeof(want{})) }
func (s shape) bytes() int64   { return s.bansAt() + int64(s.bans)*4 }

// limits is the largest shape of a session.
func (s *session) limits() shape {
	group := s.config.Heads / s.config.KVHeads
	return shape{rows: s.capacity, tiles: s.capacity*group/16 + s.sequences, wants: s.capacity, bans: s.sequences * s.config.Vocab,
		splits: (s.slots + split - 1) / split}
}

// A plan says what the next launches compute: the passes from, …, to-1 of a forward.
type plan struct {
	limits   shape
	shape    shape
	count    head
	raw      bool // some pass wants its logits
	from, to int
	wanted   []place // where the guesses go
}

// A place is where a guess goes: guess index of a pass.
type place struct{ pass, index int }

// prepare checks all passes and notes what they write. On an error nothing has changed.
func (s *session) prepare(passes []transformer.Pass) error {
	if len(passes) > s.sequences {
		return fmt.Errorf("cuda: %d passes for a session of %d sequences", len(passes), s.sequences)
	}
	for i := range passes {
		if err := passes[i].Check(s.written[i], s.slots, s.config.Vocab); err != nil {
			return fmt.Errorf("cuda: pass %d: %w", i, err)
		}
	}
	s.guesses = s.guesses[:0]
	for i := range passes {
		p := &passes[i]
		n := len(s.guesses)
		s.guesses = s.guesses[:n+len(p.Want)]
		s.out[i] = s.guesses[n:]
		if len(p.Tokens) > 0 {
			s.written[i] = max(s.written[i], p.Start+len(p.Tokens))
		}
	}
	return nil
}

// group takes passes, from s.plan.to on, as long as their rows fit into one run of the launches, and lists them in pinned
// memory. Sequences do not depend on each other, so the grouping changes no result. False: the passes that it took have no
// rows.
func (s *session) group(passes []transformer.Pass) bool {
	p := &s.plan
	p.from, p.count, p.raw, p.wanted = p.to, head{}, false, p.wanted[:0]
	size, splits, group := shape{splits: 1}, 1, s.config.Heads/s.config.KVHeads
	for ; p.to < len(passes) && size.rows+len(passes[p.to].Tokens) <= s.capacity; p.to++ {
		pass := &passes[p.to]
		n := len(pass.Tokens)
		size.rows, size.tiles, size.wants = size.rows+n, size.tiles+(n*group+15)/16, size.wants+len(pass.Want)
		if n == 0 {
			continue
		}
		splits = max(splits, (pass.Reach(n-1, s.written[p.to])+split-1)/split)
		if len(pass.Want) > 0 {
			size.bans += len(pass.Ban)
			size.cut = size.cut || pass.Temp > 0 && (pass.TopK > 0 || pass.TopP > 0 && pass.TopP < 1)
			p.raw = p.raw || pass.Logits != nil
		}
	}
	p.count = head{rows: int32(size.rows), tiles: int32(size.tiles), wants: int32(size.wants)}
	p.shape = shape{rows: power(size.rows, 8, p.limits.rows), tiles: power(size.tiles, 1, p.limits.tiles), wants: power(size.wants, 1, p.limits.wants),
		bans: power(size.bans, 1, p.limits.bans), splits: 1, cut: size.cut}
	p.shape.splits = s.splits(splits, p.shape.rows)
	s.list(passes)
	return size.rows > 0
}

// splits is how many blocks share the attention of a tile that reaches over n splits: n of them with few rows, since these
// alone would leave most multiprocessors idle, otherwise one.
func (s *session) splits(n, rows int) int {
	if n = power(n, 1, s.plan.limits.splits); n*roundUp(rows, 8) <= parts && rows <= block {
		return n
	}
	return 1
}

// power is the next power of two from n on, but at least least and at most max(most, n); 0 for 0.
func power(n, least, most int) int {
	if n == 0 {
		return 0
	}
	return min(max(1<<bits.Len(uint(n-1)), least), max(most, n))
}

// list writes the plan's rows, tiles, wants and bans into pinned memory.
func (s *session) list(passes []transformer.Pass) {
	p, at := &s.plan, s.plan.shape
	list[head](&s.host, 0, 1)[0] = p.count
	rows, tiles := list[row](&s.host, at.rowsAt(), at.rows), list[tileOf](&s.host, at.tilesAt(), at.tiles)
	wants, bans := list[want](&s.host, at.wantsAt(), at.wants), list[int32](&s.host, at.bansAt(), at.bans)
	group := s.config.Heads / s.config.KVHeads
	n, t, w, b := 0, 0, 0, 0
	for i := p.from; i < p.to; i++ {
		pass := &passes[i]
		first := n
		for j, token := range pass.Tokens {
			rows[n] = row{token, int32(i), int32(pass.Start + j), int32(pass.Reach(j, s.written[i]))}
			n++
		}
		for from := 0; from < len(pass.Tokens)*group; from += 16 {
			count := min(16, len(pass.Tokens)*group-from)
			last := pass.Reach((from+count-1)/group, s.written[i])
			tiles[t] = tileOf{row: int32(first), first: int32(from), count: int32(count), sequence: int32(i), reach: int32(last)}
			t++
		}
		banned := b
		if len(pass.Want) > 0 {
			b += copy(bans[b:], pass.Ban)
		}
		for j, r := range pass.Want {
			wants[w] = want{seed: pass.Seed, row: int32(first + r), pos: int32(pass.Start + r), temp: pass.Temp, topK: int32(min(pass.TopK, s.config.Vocab)),
				topP: pass.TopP, from: int32(banned), to: int32(b)}
			p.wanted = append(p.wanted, place{i, j})
			w++
		}
	}
}
