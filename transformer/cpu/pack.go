package cpu

import (
	"cmp"
	"fmt"
	"unsafe"

	"tandem/transformer"
)

// A packed matrix holds panels.
type packed struct {
	layout *layout
	data   unsafe.Pointer // [panels][depth*16] numbers
	stride int            // bytes from panel to panel
	panels int
	depth  int       // padded K
	bias   []float32 // [panels*16], padded like the rows; nil without
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
	gateUp            packed    // panels of gate and up, interleaved: 16 columns of each
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
	layout *layout
	memory *arena
	err    error
}

// pack lays out all weights, which are valid.
func pack(w *transformer.Weights, l *layout) (*model, error) {
	c, m := w.Config, &model{}
	p := &packer{layout: l, memory: &m.memory}
	m.embed, m.norm = p.matrix(w.Embed), p.vector(w.Norm)
	m.head = &m.embed
	if !c.Tied {
		head := p.matrix(w.Head)
		m.head = &head
	}
	for i := range w.Layers {
		m.layers = append(m.layers, p.layer(c, &w.Layers[i]))
	}
	if p.err != nil {
		m.memory.free()
		return nil, fmt.Errorf("cpu: %w", p.err)
	}
	return m, nil
}

func (p *packer) layer(c transformer.Config, w *transformer.LayerWeights) layer {
	l := layer{
		attnNorm: p.vector(w.AttnNorm),
		mlpNorm:  p.vector(w.MLPNorm),
		qkv:      p.stack(c.HeadDim, w.Q, w.K, w.V),
		o:        p.matrix(w.O),
		gateUp:   p.interleave(w.Gate, w.Up),
		down:     p.matrix(w.Down),
	}
	if c.QKVBias {
		l.bias = p.bias(c.HeadDim, w.QBias, w.KBias, w.VBias)
	}
	if c.OBias {
		l.o.bias = p.bias(c.Hidden, w.OBias)
	}
	if c.MLPBias {
		l.gateUp.bias, l.down.bias = p.alternate(w.GateBias, w.UpBias), p.bias(c.Hidden, w.DownBias)
	}
	if c.QKNorm {
		l.qNorm, l.kNorm = p.vector(w.QNorm), p.vector(w.KNorm)
	}
	return l
}

// vector copies a vector into the arena, where kernels expect all their memory.
func (p *packer) vector(v []float32) []float32 {
	to, err := carve[float32](p.memory, len(v))
	p.err = cmp.Or(p.err, err)
	copy(to, v)
	return to
}

// bias concatenates biases and pads every head to whole panels, like the rows of qkv.
func (p *packer) bias(d int, parts ...[]float32) []float32 {
	var out []float32
	for _, part := range parts {
		for ; len(part) > 0; part = part[d:] {
			out = append(out, part[:d]...)
			out = append(out, make([]float32, roundUp(d, lanes)-d)...)
		}
	}
	return p.vector(out)
}

// alternate pads biases of the same length like the rows of interleaved matrices: 16 numbers of each, then the next of each.
func (p *packer) alternate(parts ...[]float32) []float32 {
	n := len(parts[0])
	out := make([]float32, roundUp(n, lanes)*len(parts))
	for i, part := range parts {
		for at := 0; at < n; at += lanes {
			copy(out[at*len(parts)+i*lanes:], part[at:min(at+lanes, n)])
		}
	}
	return p.vector(out)
}

// matrix packs one matrix.
func (p *packer) matrix(m transformer.Matrix) packed { return p.stack(m.Rows, m) }

// stack packs matrices of the same K one after another. Every group of rows is padded to whole panels.
func (p *packer) stack(group int, ms ...transformer.Matrix) packed {
	out := p.reserve(group, ms)
	panel := 0
	for i := range ms {
		for start := 0; start < ms[i].Rows; start += group {
			panel += p.fill(out, panel, 1, &ms[i], start, start+group)
		}
	}
	return out
}

// interleave packs matrices of the same shape: a panel of each, then the next panel of each.
func (p *packer) interleave(ms ...transformer.Matrix) packed {
	out := p.reserve(ms[0].Rows, ms)
	for i := range ms {
		p.fill(out, i, len(ms), &ms[i], 0, ms[i].Rows)
	}
	return out
}

// reserve makes room for the panels of matrices whose groups of rows are padded.
func (p *packer) reserve(group int, ms []transformer.Matrix) packed {
	out := packed{layout: p.layout, depth: p.layout.padded(ms[0].Cols)}
	out.stride = p.layout.bytes(out.depth)
	for i := range ms {
		out.panels += ms[i].Rows / group * roundUp(group, lanes) / lanes
	}
	data, err := p.memory.bytes(out.panels * out.stride)
	p.err = cmp.Or(p.err, err)
	out.data = unsafe.Pointer(unsafe.SliceData(data))
	return out
}

// fill packs the rows from, …, to-1 of m into panels first, first+step, …, and returns their number.
func (p *packer) fill(out packed, first, step int, m *transformer.Matrix, from, to int) (panels int) {
	for row := from; row < to && out.data != nil; row += lanes {
		p.layout.pack(out.from(first+panels*step), m, row, min(lanes, to-row))
		panels++
	}
	return panels
}

// row reads row r of a packed matrix back as float32: the embedding of a token.
func (p *packed) row(r int, to []float32) { p.layout.unpack(p.from(r/lanes), r%lanes, to) }
