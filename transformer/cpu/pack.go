package cpu

import (
	"fmt"
	"unsafe"

	"tandem/transformer"
)

// Layout. A matrix [N, K] is cut into panels of 16 rows (output columns of x·Wᵀ), zero-padded:
//
//	f32:  [N/16][K][16]       16 outputs of one k side by side
//	bf16: [N/16][K/2][16][2]  16 outputs of two k, as the dot-product and tile instructions read them
//
// A kernel streams a panel from front to end. K is padded to depth(K) so that no kernel has a remainder over k.
const lanes = 16

// depth is K padded for a dtype: whole tiles for bf16, whole cache lines of operands for f32.
func depth(d transformer.Dtype, k int) int {
	if d == transformer.BF16 {
		return roundUp(k, 32)
	}
	return roundUp(k, 16)
}

// A packed matrix holds panels.
type packed struct {
	data   unsafe.Pointer // [panels][depth*16] numbers
	stride int            // bytes from panel to panel
	panels int
	depth  int // padded K
	cols   int // N, unpadded
}

// from is the packed matrix from one panel on.
func (p *packed) from(panel int) unsafe.Pointer { return unsafe.Add(p.data, panel*p.stride) }

// A layer's packed weights. D hidden, H query heads, K key/value heads, d head dim, F intermediate.
type layer struct {
	attnNorm, mlpNorm []float32 // [D]
	qkv               packed    // [H*d + K*d + K*d, D], each head padded to panels
	bias              []float32 // [(H+2K)*dp], nil without QKVBias
	qNorm, kNorm      []float32 // [d], nil without QKNorm
	o                 packed    // [D, H*d]
	gateUp            packed    // panels of gate and up take turns: 16 columns of each
	down              packed    // [D, F]
}

type model struct {
	memory arena
	embed  packed // [Vocab, D]; also the head when tied
	head   *packed
	layers []layer
	norm   []float32 // [D]
}

// A packer repacks matrices and remembers the first error.
type packer struct {
	dtype  transformer.Dtype
	memory *arena
	err    error
}

// pack checks the shapes and lays out all weights.
func pack(w *transformer.Weights) (*model, error) {
	c, m := w.Config, &model{}
	if w.Dtype != transformer.F32 && w.Dtype != transformer.BF16 {
		return nil, fmt.Errorf("cpu: weights of dtype %q; need %q or %q", w.Dtype, transformer.F32, transformer.BF16)
	}
	if len(w.Layers) != c.Layers {
		return nil, fmt.Errorf("cpu: %d layers of weights; the config says %d", len(w.Layers), c.Layers)
	}
	p := &packer{dtype: w.Dtype, memory: &m.memory}
	q, kv, f := c.Heads*c.HeadDim, c.KVHeads*c.HeadDim, c.Intermediate
	m.embed = p.matrix("embedding", c.Vocab, c.Hidden, w.Embed)
	m.norm = p.vector("final norm", c.Hidden, w.Norm)
	m.head = &m.embed
	if !c.Tied {
		head := p.matrix("head", c.Vocab, c.Hidden, w.Head)
		m.head = &head
	}
	for i := range w.Layers {
		lw := &w.Layers[i]
		at := func(s string) string { return fmt.Sprintf("layer %d: %s", i, s) }
		l := layer{
			attnNorm: p.vector(at("attention norm"), c.Hidden, lw.AttnNorm),
			mlpNorm:  p.vector(at("mlp norm"), c.Hidden, lw.MLPNorm),
			qkv: p.stack(c.HeadDim, [][2]int{{q, c.Hidden}, {kv, c.Hidden}, {kv, c.Hidden}},
				[]string{at("q"), at("k"), at("v")}, lw.Q, lw.K, lw.V),
			o:      p.matrix(at("o"), c.Hidden, q, lw.O),
			gateUp: p.stack(0, [][2]int{{f, c.Hidden}, {f, c.Hidden}}, []string{at("gate"), at("up")}, lw.Gate, lw.Up),
			down:   p.matrix(at("down"), c.Hidden, f, lw.Down),
		}
		if c.QKVBias {
			l.bias = p.bias(c.HeadDim, p.vector(at("q bias"), q, lw.QBias), p.vector(at("k bias"), kv, lw.KBias),
				p.vector(at("v bias"), kv, lw.VBias))
		}
		if c.QKNorm {
			l.qNorm = p.vector(at("q norm"), c.HeadDim, lw.QNorm)
			l.kNorm = p.vector(at("k norm"), c.HeadDim, lw.KNorm)
		}
		m.layers = append(m.layers, l)
	}
	if p.err != nil {
		m.memory.free()
		return nil, p.err
	}
	return m, nil
}

func (p *packer) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf("cpu: "+format, args...)
	}
}

// vector copies a vector of known length.
func (p *packer) vector(name string, n int, v []float32) []float32 {
	if len(v) != n {
		p.fail("%s has %d numbers; want %d", name, len(v), n)
		return make([]float32, n)
	}
	return p.copy(v)
}

// copy copies a vector into the arena, where kernels expect all their memory.
func (p *packer) copy(v []float32) []float32 {
	to, err := carve[float32](p.memory, len(v))
	if err != nil {
		p.fail("%w", err)
		return nil
	}
	copy(to, v)
	return to
}

// bias concatenates biases and pads every head to whole panels, like the rows of qkv.
func (p *packer) bias(d int, parts ...[]float32) (out []float32) {
	for _, part := range parts {
		for ; len(part) > 0; part = part[d:] {
			out = append(out, part[:d]...)
			out = append(out, make([]float32, roundUp(d, lanes)-d)...)
		}
	}
	return p.copy(out)
}

// matrix packs one matrix.
func (p *packer) matrix(name string, rows, cols int, m transformer.Matrix) packed {
	return p.stack(rows, [][2]int{{rows, cols}}, []string{name}, m)
}

// stack packs several matrices of the same K into one. Every group of rows is padded to whole panels and the
// matrices follow each other; group 0 lets their panels take turns instead.
func (p *packer) stack(group int, shapes [][2]int, names []string, ms ...transformer.Matrix) packed {
	k := shapes[0][1]
	out := packed{depth: depth(p.dtype, k)}
	out.stride = out.depth * lanes * p.dtype.Size()
	for i, m := range ms {
		rows, cols := shapes[i][0], shapes[i][1]
		n := len(m.F32)
		if p.dtype == transformer.BF16 {
			n = len(m.BF16)
		}
		if m.Rows != rows || m.Cols != cols || n != rows*cols {
			p.fail("%s is [%d, %d] with %d numbers of %s; want [%d, %d]", names[i], m.Rows, m.Cols, n, p.dtype, rows, cols)
			return out
		}
		g := group
		if g == 0 {
			g = rows
		}
		out.panels += rows / g * roundUp(g, lanes) / lanes
		out.cols += rows
	}
	data, err := p.memory.bytes(out.panels * out.stride)
	if err != nil {
		p.fail("%w", err)
		return out
	}
	out.data = unsafe.Pointer(unsafe.SliceData(data))
	panel := 0
	for i, m := range ms {
		g, step := group, 1
		if g == 0 {
			g, step, panel = m.Rows, len(ms), i
		}
		for start := 0; start < m.Rows; start += g {
			for row := start; row < start+g; row += lanes {
				p.panel(out.from(panel), out.depth, m, row, min(lanes, start+g-row))
				panel += step
			}
		}
	}
	return out
}

// panel writes rows row…row+n of m as one panel.
func (p *packer) panel(to unsafe.Pointer, depth int, m transformer.Matrix, row, n int) {
	if p.dtype == transformer.BF16 {
		dst := unsafe.Slice((*uint16)(to), depth*lanes)
		for lane := range n {
			for k, v := range m.BF16[(row+lane)*m.Cols : (row+lane+1)*m.Cols] {
				dst[(k/2*lanes+lane)*2+k%2] = v
			}
		}
		return
	}
	dst := unsafe.Slice((*float32)(to), depth*lanes)
	for lane := range n {
		for k, v := range m.F32[(row+lane)*m.Cols : (row+lane+1)*m.Cols] {
			dst[k*lanes+lane] = v
		}
	}
}

// row reads row r of a packed matrix back as float32: the embedding of a token.
func (p *packed) row(dtype transformer.Dtype, r int, to []float32) {
	panel, lane := p.from(r/lanes), r%lanes
	if dtype == transformer.BF16 {
		src := unsafe.Slice((*uint16)(panel), p.depth*lanes)
		for k := range to {
			to[k] = transformer.FromBF16(src[(k/2*lanes+lane)*2+k%2])
		}
		return
	}
	src := unsafe.Slice((*float32)(panel), p.depth*lanes)
	for k := range to {
		to[k] = src[k*lanes+lane]
	}
}
