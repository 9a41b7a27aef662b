package tokenizer

import "container/heap"

// A merge joins two neighbouring tokens into id; lower ranks go first.
type merge struct{ rank, id int32 }

func pairOf(left, right int32) uint64 { return uint64(uint32(left))<<32 | uint64(uint32(right)) }

// bpe appends the tokens of one piece: it starts from single bytes and applies the merge of the lowest rank, the
// leftmost first, until none applies (Sennrich et al., 2016). A heap of candidates over a linked list keeps long
// pieces at n log n.
func (t *Tokenizer) bpe(out []int32, piece string) []int32 {
	if t.wholePieces {
		if id, ok := t.ids[piece]; ok {
			return append(out, id)
		}
	}
	list := make([]node, 0, len(piece))
	for i := range len(piece) {
		if id := t.bytes[piece[i]]; id >= 0 {
			n := int32(len(list))
			list = append(list, node{token: id, prev: n - 1, next: n + 1})
		}
	}
	if len(list) == 0 {
		return out
	}
	list[len(list)-1].next = -1
	queue := make(candidates, 0, len(list))
	consider := func(at int32) {
		if at < 0 || list[at].next < 0 {
			return
		}
		left, right := list[at].token, list[list[at].next].token
		if m, ok := t.merges[pairOf(left, right)]; ok {
			heap.Push(&queue, candidate{merge: m, at: at, left: left, right: right})
		}
	}
	for i := range list {
		consider(int32(i))
	}
	for len(queue) > 0 {
		c := heap.Pop(&queue).(candidate)
		l := &list[c.at]
		if l.token != c.left || l.next < 0 || list[l.next].token != c.right {
			continue // one of the two has been merged since
		}
		r := l.next
		l.token, l.next = c.id, list[r].next
		list[r].token = -1
		if l.next >= 0 {
			list[l.next].prev = c.at
		}
		consider(l.prev)
		consider(c.at)
	}
	for at := int32(0); at >= 0; at = list[at].next {
		out = append(out, list[at].token)
	}
	return out
}

// A node is a token of a piece; merged-away nodes have token -1.
type node struct{ token, prev, next int32 }

// A candidate is a merge that applied to the nodes at and its successor when it was queued.
type candidate struct {
	merge
	at, left, right int32
}

type candidates []candidate

func (c candidates) Len() int      { return len(c) }
func (c candidates) Swap(i, j int) { c[i], c[j] = c[j], c[i] }
func (c candidates) Less(i, j int) bool {
	return c[i].rank < c[j].rank || c[i].rank == c[j].rank && c[i].at < c[j].at
}
func (c *candidates) Push(x any) { *c = append(*c, x.(candidate)) }
func (c *candidates) Pop() any {
	last := len(*c) - 1
	x := (*c)[last]
	*c = (*c)[:last]
	return x
}
