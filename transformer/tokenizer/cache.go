package tokenizer

import (
	"hash/maphash"
	"slices"
	"strings"
	"sync/atomic"
)

// A candidate is a merge of two tokens that was queued: order is its rank, above the symbol that it is at.
type candidate struct {
	order           uint64
	id, left, right int32
}

// A queue is a heap of candidates, the lowest order first. It is container/heap without interfaces, in which pushing allocates.
type queue []candidate

func (q *queue) push(c candidate) {
	h := append(*q, c)
	i := len(h) - 1
	for i > 0 && h[(i-1)/2].order > c.order {
		h[i] = h[(i-1)/2]
		i = (i - 1) / 2
	}
	h[i] = c
	*q = h
}

func (q *queue) pop() candidate {
	h := *q
	top, c := h[0], h[len(h)-1]
	h = h[:len(h)-1]
	i := 0
	for 2*i+1 < len(h) {
		child := 2*i + 1
		if child+1 < len(h) && h[child+1].order < h[child].order {
			child++
		}
		if h[child].order >= c.order {
			break
		}
		h[i] = h[child]
		i = child
	}
	if len(h) > 0 {
		h[i] = c
	}
	*q = h
	return top
}

// A cache remembers the tokens of words: at most one word for each of its slots. It is safe for use by many goroutines.
type cache struct {
	seed  maphash.Seed
	slots []atomic.Pointer[cached]
}

type cached struct {
	word string
	ids  []int32
}

// The slots of a cache, and the bytes of the longest word that it remembers: some 2 MB in all.
const (
	cacheSlots   = 1 << 14
	longestWords = 64
)

func newCache() cache {
	return cache{seed: maphash.MakeSeed(), slots: make([]atomic.Pointer[cached], cacheSlots)}
}

func (c *cache) slot(word string) *atomic.Pointer[cached] {
	return &c.slots[maphash.String(c.seed, word)%cacheSlots]
}

// get returns a word's tokens, which must not be changed.
func (c *cache) get(word string) (ids []int32, ok bool) {
	if len(word) > longestWords {
		return nil, false
	}
	if hit := c.slot(word).Load(); hit != nil && hit.word == word {
		return hit.ids, true
	}
	return nil, false
}

// put remembers a word's tokens in place of another's.
func (c *cache) put(word string, ids []int32) {
	if len(word) <= longestWords {
		c.slot(word).Store(&cached{word: strings.Clone(word), ids: slices.Clone(ids)})
	}
}
