package cpu

import (
	"context"
	"unsafe"

	"tandem/transformer"
)

// Forward runs the passes; see transformer.Session.
func (s *session) Forward(ctx context.Context, passes []transformer.Pass) ([][]transformer.Guess, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := s.prepare(passes); err != nil {
		return nil, err
	}
	if s.plan.rows > 0 {
		s.backend.pool.run(s.run, s.held)
	}
	s.passes = nil
	return s.out[:len(passes)], nil
}

// Hold keeps the caller on the processors of thread 0; see transformer.Hold.
func (s *session) Hold() (release func()) {
	leave := s.backend.pool.hold()
	s.held = true
	return func() {
		s.held = false
		leave()
	}
}

// forward is the transformer, walked by all threads in step: thread takes its share of every line and sync waits
// for the others' shares. Rows go through in chunks, so that scratch memory is bounded; all keys and values of a
// layer are stored before any row attends.
func (s *session) forward(thread int) {
	m, k, c := s.backend.model, s.backend.kernels, s.config
	sync := s.backend.pool.barrier.wait

	s.embed(thread)
	sync()
	for i := range m.layers {
		l := &m.layers[i]
		for from := 0; from < s.plan.rows; from += chunk {
			to := min(from+chunk, s.plan.rows)
			s.norm(thread, from, to, l.attnNorm)
			sync()
			s.gemm(thread, pointer(s.qkv), s.qkvStride(), s.normed, &l.qkv, to-from, false)
			sync()
			s.rotateAndStore(thread, i, from, to)
			sync()
		}
		for from := 0; from < s.plan.rows; from += chunk {
			to := min(from+chunk, s.plan.rows)
			s.attend(thread, i, from, to)
			sync()
			s.gemm(thread, s.residual(from), s.width(), s.attn, &l.o, to-from, true)
			sync()
			s.norm(thread, from, to, l.mlpNorm)
			sync()
			s.gateUp(thread, l, to-from)
			sync()
			s.gemm(thread, s.residual(from), s.width(), s.hidden, &l.down, to-from, true)
			sync()
		}
	}
	for from := 0; from < len(s.wanted); from += headChunk {
		wanted := s.wanted[from:min(from+headChunk, len(s.wanted))]
		lo, hi := share(len(wanted), 1, thread, s.backend.pool.threads)
		for i := lo; i < hi; i++ {
			k.norm(s.normed.at(i), s.normed.stride, s.residual(int(wanted[i].row)), s.width(), 1, c.Hidden, m.norm, c.NormEps)
		}
		sync()
		s.gemm(thread, pointer(s.logits), roundUp(c.Vocab, lanes), s.normed, m.head, len(wanted), false)
		sync()
		for i := lo; i < hi; i++ {
			s.guess(&s.workers[thread], wanted[i], i)
		}
		sync()
	}
}

func pointer(f []float32) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(f)) }

// width is the row stride of the residual stream, qkvStride that of s.qkv, in float32.
func (s *session) width() int { return roundUp(s.config.Hidden, lanes) }
func (s *session) qkvStride() int {
	return (s.config.Heads + 2*s.config.KVHeads) * roundUp(s.config.HeadDim, lanes)
}

// residual is the residual stream from one row on; residualRow is one row of it, [D].
func (s *session) residual(row int) unsafe.Pointer { return pointer(s.x[row*s.width():]) }
func (s *session) residualRow(row int) []float32   { return s.x[row*s.width():][:s.config.Hidden] }

// embed looks the rows' tokens up: x = E[token].
func (s *session) embed(thread int) {
	from, to := share(s.plan.rows, 1, thread, s.backend.pool.threads)
	for i := from; i < to; i++ {
		s.backend.model.embed.row(int(s.rows[i].token), s.residualRow(i))
	}
}

// norm: normed = x / rms(x) * weight.
func (s *session) norm(thread, from, to int, weight []float32) {
	lo, hi := share(to-from, 1, thread, s.backend.pool.threads)
	if lo < hi {
		s.backend.kernels.norm(s.normed.at(lo), s.normed.stride, s.residual(from+lo), s.width(), hi-lo, s.config.Hidden,
			weight, s.config.NormEps)
	}
}

// gemm: out[rows, N] = in[rows, K] · wᵀ + bias, or added to out. Threads take pieces of the panels.
func (s *session) gemm(thread int, out unsafe.Pointer, ldc int, in operands, w *packed, rows int, add bool) {
	s.backend.pool.divide(w.panels, s.piece(w.panels, rows), thread, func(from, to int) {
		s.product(offset(out, from*lanes), ldc, in, w, rows, from, to, add)
	})
}

// product is the part of gemm that the panels from…to of w yield. A bias is in out already when the product is added to it.
func (s *session) product(out unsafe.Pointer, ldc int, in operands, w *packed, rows, from, to int, add bool) {
	if w.bias != nil {
		for i := range rows {
			putBias(f32s(offset(out, i*ldc), (to-from)*lanes), w.bias[from*lanes:to*lanes], add)
		}
		add = true
	}
	s.backend.kernels.gemm(out, ldc, in.data, in.stride, w.from(from), w.stride, rows, to-from, w.depth, add)
}

// putBias sets a row to a bias, or adds it.
func putBias(row, bias []float32, add bool) {
	if !add {
		copy(row, bias)
		return
	}
	for i, b := range bias {
		row[i] += b
	}
}

// piece is how many panels a thread takes at once: few while the weights stream by, but where many rows pass by them,
// so many that these do not have to come from afar too often.
func (s *session) piece(panels, rows int) int {
	if rows <= 64 {
		return 4
	}
	return max(4, roundUp(panels/s.backend.pool.threads/4, 2))
}

// rotateAndStore: q, k, v = qkv + bias; q and k are normed (Qwen3) and, but for NoPE layers, rotated; q is scaled by its
// position (Ministral 3); k and v enter their slots.
func (s *session) rotateAndStore(thread, layer, from, to int) {
	c, k, l := s.config, s.backend.kernels, &s.backend.model.layers[layer]
	half, group := c.HeadDim/2, c.Heads/c.KVHeads
	h, rotated := &s.workers[thread].qkv, !c.Kind(layer).NoRope
	*h = qkvArgs{
		bias: pointer(l.bias), qNorm: pointer(l.qNorm), kNorm: pointer(l.kNorm),
		queryGroup: len(s.rows) * group * s.query.row, queryHead: s.query.row,
		keyHead: s.keyHead, keyPanel: s.keyPanel, valueHead: s.valueHead, valuePanel: s.valuePanel,
		heads: c.Heads, kvHeads: c.KVHeads, d: c.HeadDim, dp: roundUp(c.HeadDim, lanes), eps: c.NormEps,
	}
	lo, hi := share(to-from, 1, thread, s.backend.pool.threads)
	for i := lo; i < hi; i++ {
		r := s.rows[from+i]
		h.slot = int(r.pos)
		h.x, h.query = pointer(s.qkv[i*s.qkvStride():]), s.queryRow(0, from+i, 0)
		h.queryScale = float32(c.Rope.QueryScale(h.slot))
		if rotated {
			h.cos, h.sin = pointer(s.cos[h.slot*half:]), pointer(s.sin[h.slot*half:])
		}
		h.keys, h.values = s.head(layer, int(r.sequence), 0)
		k.qkvEpilogue(h)
	}
}

// queryRow is the query of one head: [K][rows*G, dk].
func (s *session) queryRow(kv, row, head int) unsafe.Pointer {
	group := s.config.Heads / s.config.KVHeads
	return s.query.at((kv*len(s.rows)+row)*group + head)
}

// gateUp: hidden = silu(gate) * up, in strips that stay in the thread's cache between the two steps.
func (s *session) gateUp(thread int, l *layer, rows int) {
	k, w := s.backend.kernels, &s.workers[thread]
	step := max(strip/lanes/min(rows, stripRows)/2*2, 2)
	s.backend.pool.divide(l.gateUp.panels, min(step, s.piece(l.gateUp.panels, rows)), thread, func(from, to int) {
		panels := to - from
		for r := 0; r < rows; r += stripRows {
			n := min(stripRows, rows-r)
			s.product(pointer(w.strip), panels*lanes, s.normed.after(r), &l.gateUp, n, from, to, false)
			k.swiglu(s.hidden.after(r), from/2*lanes, pointer(w.strip), panels*lanes, n, panels/2)
		}
	})
}
