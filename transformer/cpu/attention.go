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
	slots := w.probs.stride
	keys, values := s.head(layer, int(s.rows[q0/group].sequence), kv)
	reach := 0
	for r := q0 / group; r*group < q1; r++ {
		reach = max(reach, int(s.rows[r].reach))
	}
	padded := depth(s.backend.dtype, reach)

	k.gemm(pointer(w.scores), slots, s.queryRow(kv, 0, q0), dk, keys, s.keyPanel, n, (reach+lanes-1)/lanes, dk,
		false)
	for i := range n {
		own := int(s.rows[(q0+i)/group].reach)
		w.inv[i] = k.softmax(w.probs.at(i), w.scores[i*slots:][:padded], own, padded, s.scale())
	}
	k.gemm(pointer(w.mixed), dp, w.probs.data, slots, values, s.valuePanel, n, dp/lanes, padded, false)
	for i := range n {
		r, head := (q0+i)/group, kv*group+(q0+i)%group
		k.scale(unsafe.Add(s.attn.at(r-from), head*c.HeadDim*k.size), w.mixed[i*dp:][:c.HeadDim], w.inv[i])
	}
}
