package cuda

import (
	"context"
	"fmt"
	"math"
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
	defer s.backend.device.hold()()
	if err := s.backend.device.enter(); err != nil {
		return nil, err
	}
	for s.plan.to = 0; s.plan.to < len(passes); {
		if !s.group(passes) {
			continue
		}
		if err := s.run(passes); err != nil {
			return nil, fmt.Errorf("cuda: forward: %w", err)
		}
		guesses := list[transformer.Guess](&s.host, s.plan.limits.bytes(), len(s.plan.wanted))
		for i, at := range s.plan.wanted {
			s.out[at.pass][at.index] = guesses[i]
		}
	}
	return s.out[:len(passes)], nil
}

// forward puts the planned work on the stream: the transformer from top to bottom. It depends only on the plan's shape, so
// that it can be captured as a graph. Only where raw logits are wanted does it use passes, and then it is not captured.
func (s *session) forward(passes []transformer.Pass) {
	c, m, d, p := s.config, &s.backend.model, s.backend.device, s.plan.shape
	if p.order != laterForward {
		d.copyIn(s.upload, s.host.data, p.bytes())
	}

	launch(d, s.kernel("embed"), 128, grid{p.rows, 1, 1}, 0, embedArgs{head: s.upload, rows: s.upload.at(p.rowsAt()), table: m.table,
		gain: m.layers[0].attnNorm, x: s.x, next: s.next, squares: s.squares, width: int32(c.Hidden), stride: int32(c.Hidden), units: units(c.Hidden)})
	for i := range m.layers {
		l, after := &m.layers[i], m.norm
		if i+1 < len(m.layers) {
			after = m.layers[i+1].attnNorm
		}
		s.product(p.rows, s.qkvProduct(l))
		s.rotate(i, l)
		s.attend(i)
		s.product(p.rows, s.outProduct(l))
		s.product(p.rows, s.gateUpProduct(l))
		s.product(p.rows, s.downProduct(l, after))
	}
	for from := 0; from < p.wants; from += headRows {
		n := min(headRows, p.wants-from)
		s.product(n, s.headProduct(from))
		s.fetchLogits(passes, from, n)
		s.guess(from, n)
	}
	if p.order != oneForward {
		s.unmask()
	} else if p.wants > 0 {
		d.copyOut(unsafe.Add(s.host.data, s.plan.limits.bytes()), s.guessed, int64(p.wants)*int64(unsafe.Sizeof(transformer.Guess{})))
	}
}

// kernel is the kernel of that name for the weights' dtype.
func (s *session) kernel(name string) string { return name + "_" + string(s.backend.dtype) }

// units is a length in units of 32 numbers.
func units(n int) int32 { return int32((n + unit - 1) / unit) }

// columns is how many numbers q, k and v of a row are.
func (s *session) columns() int32 {
	return int32((s.config.Heads + 2*s.config.KVHeads) * s.config.HeadDim)
}

type embedArgs struct {
	head, rows, table, gain, x, next, squares pointer
	width, stride, units, _                   int32
}

type rotateArgs struct {
	head, rows, qkv, qNorm, kNorm, cos, sin, q, keys, values pointer
	heads, kvHeads, d, dp, slots, stride                     int32
	eps                                                      float32
	_                                                        int32
}

// cache is the offset of a layer's keys and of its values, in bytes.
func (s *session) cache(layer int) int64 {
	c := s.config
	return int64(layer*s.sequences*c.KVHeads) * int64(s.padded) * int64(s.dp) * s.backend.format.activations
}

// rotate: QK norm (Qwen3) and, but for NoPE layers, RoPE of q and k; k and v are written into the cache.
func (s *session) rotate(i int, l *layer) {
	c, p, at := s.config, s.plan.shape, s.cache(i)
	cos, sin := s.cos, s.sin
	if c.Kind(i).NoRope {
		cos, sin = s.ones, s.zeros
	}
	launch(s.backend.device, s.kernel("rotate"), 128, grid{(c.Heads + 2*c.KVHeads + 3) / 4, p.rows, 1}, 0, rotateArgs{head: s.upload,
		rows: s.upload.at(p.rowsAt()), qkv: s.qkv, qNorm: l.qNorm, kNorm: l.kNorm, cos: cos, sin: sin, q: s.q, keys: s.keys.at(at),
		values: s.values.at(at), heads: int32(c.Heads), kvHeads: int32(c.KVHeads), d: int32(c.HeadDim), dp: int32(s.dp), slots: int32(s.padded),
		stride: s.columns(), eps: c.NormEps})
}

type attendArgs struct {
	head, rows, tiles, q, keys, values, out, part pointer
	heads, kvHeads, d, dp, slots, units, capacity int32
	scale                                         float32
}

// attend: attended = softmax(q·kᵀ / √d) · v.
func (s *session) attend(i int) {
	c, p := s.config, s.plan.shape
	s.backend.format.attend(s, attendArgs{head: s.upload, rows: s.upload.at(p.rowsAt()), tiles: s.upload.at(p.tilesAt()), q: s.q, keys: s.keys.at(s.cache(i)),
		values: s.values.at(s.cache(i)), out: s.attended, part: s.part, heads: int32(c.Heads), kvHeads: int32(c.KVHeads), d: int32(c.HeadDim),
		dp: int32(s.dp), slots: int32(s.padded), units: units(c.Heads * c.HeadDim), capacity: int32(p.rows),
		scale: float32(1 / math.Sqrt(float64(c.HeadDim)))})
}

type guessArgs struct {
	head, wants, bans, logits, slices, bins, cuts, guesses pointer
	vocab, stride, offset, cut                             int32
}

// guess reduces n rows of logits, those of wants from on, to guesses.
func (s *session) guess(from, n int) {
	d, p, v := s.backend.device, s.plan.shape, s.config.Vocab
	a := guessArgs{head: s.upload, wants: s.upload.at(p.wantsAt()), bans: s.upload.at(p.bansAt()), logits: s.logits, slices: s.slices, bins: s.bins,
		cuts: s.cuts, guesses: s.guessed, vocab: int32(v), stride: int32(v), offset: int32(from)}
	if p.order == laterForward {
		a.bans = s.decode.bans
	}
	if p.bans > 0 {
		launch(d, "guess_ban", 128, grid{n, 1, 1}, 0, a)
	}
	all, warps := grid{(v + sliceSize - 1) / sliceSize, n, 1}, 8*int(unsafe.Sizeof(sliceOf{}))
	if p.cut {
		a.cut = 1
	}
	launch(d, "guess_slices", 256, all, warps, a)
	if p.cut {
		launch(d, "guess_bins", 256, all, 2*cutBins*8, a)
		launch(d, "guess_cut", 1024, grid{n, 1, 1}, (cutList+cutBins+36)*8, a)
		launch(d, "guess_draw", 256, all, warps, a)
	}
	launch(d, "guess_join", 32, grid{n, 1, 1}, 0, a)
}

// fetchLogits copies n rows of raw logits, those of wants from on, to the passes that want them.
func (s *session) fetchLogits(passes []transformer.Pass, from, n int) {
	if !s.plan.raw {
		return
	}
	v := s.config.Vocab
	for i := from; i < min(from+n, len(s.plan.wanted)); i++ {
		at := s.plan.wanted[i]
		if to := passes[at.pass].Logits; to != nil {
			s.backend.device.copyOut(unsafe.Pointer(&to[at.index*v]), s.logits.at(int64(i-from)*int64(v)*4), int64(v)*4)
		}
	}
	if l := &s.backend.device.launcher; l.err == nil {
		l.err = s.backend.device.wait()
	}
}
