package cpu

import "unsafe"

// attend: attn = softmax(q·kᵀ / √d) · v for the rows from…to. A task is one tile of query rows of one key/value
// head: all heads of a group share its keys, so a single token already fills several rows. Tasks go round the
// threads; which thread does one changes nothing in it.
func (s *session) attend(thread, layer, from, to int) {
	group, threads := s.config.Heads/s.config.KVHeads, s.backend.pool.threads
	task := 0
	for lo := from; lo < to; {
		hi := lo + 1
		for hi < to && s.rows[hi].sequence == s.rows[lo].sequence {
			hi++
		}
		for q := lo * group; q < hi*group; q += tile {
			for kv := range s.config.KVHeads {
				if task%threads == thread {
					s.attendTile(thread, layer, kv, q, min(q+tile, hi*group), from)
				}
				task++
			}
		}
		lo = hi
	}
}

// attendTile attends the query rows q0…q1 (row*G + head within the group) of one sequence to its keys.
func (s *session) attendTile(thread, layer, kv, q0, q1, from int) {
	c, k, w := s.config, s.backend.kernels, &s.workers[thread]
	group, n := c.Heads/c.KVHeads, q1-q0
	dp, dk := roundUp(c.HeadDim, lanes), s.query.stride
	stride := w.probs.stride
	keys, values := s.head(layer, int(s.rows[q0/group].sequence), kv)
	first, slots := s.bounds(w, layer, group, q0, n)
	keys, values = unsafe.Add(keys, first/lanes*s.keyPanel), unsafe.Add(values, s.backend.kv.bytes(first))
	padded := s.backend.kv.padded(slots)

	k.gemmKV(pointer(w.scores), stride, s.queryRow(kv, 0, q0), dk, keys, s.keyPanel, n, (slots+lanes-1)/lanes, dk,
		false)
	k.softmax(w.probs, pointer(w.scores), stride, w.floor[:n], w.reach[:n], w.inv[:n], padded, s.scale())
	k.gemmKV(pointer(w.mixed), dp, w.probs.data, stride, values, s.valuePanel, n, dp/lanes, padded, false)
	k.storeAttention(s.attn.at(q0/group-from), s.attn.stride, pointer(w.mixed), dp, w.inv[:n], kv, q0, group, c.HeadDim)
}

// bounds says which slots a tile reads: from first on, a multiple of the layout's depth, so many. The floors and reaches of its n
// query rows are counted from there.
func (s *session) bounds(w *worker, layer, group, q0, n int) (first, slots int) {
	kind := s.config.Kind(layer)
	first = kind.Floor(int(s.rows[q0/group].pos)) / s.backend.kv.depth * s.backend.kv.depth // rows ascend
	for i := range n {
		r := s.rows[(q0+i)/group]
		w.floor[i], w.reach[i] = int32(kind.Floor(int(r.pos))-first), r.reach-int32(first)
		slots = max(slots, int(w.reach[i]))
	}
	return first, slots
}
