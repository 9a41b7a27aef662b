package cpu

import (
	"cmp"
	"fmt"
	"sync"
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
	layout  *layout
	memory  *arena
	readers []*transformer.RowReader // one for each goroutine
	err     error
}

func newPacker(l *layout, d transformer.Dtype, memory *arena, threads int) *packer {
	p := &packer{layout: l, memory: memory}
	for range threads {
		p.readers = append(p.readers, transformer.NewRowReader(d))
	}
	return p
}

// pack lays out all weights, which are valid, on so many goroutines. Of matrices that are stored in another form each goroutine
// converts a panel at a time.
func pack(w *transformer.Weights, l *layout, threads int) (*model, error) {
	m := &model{}
	p := newPacker(l, w.Dtype, &m.memory, threads)
	p.model(m, w)
	if p.err != nil {
		m.memory.free()
		return nil, fmt.Errorf("cpu: %w", p.err)
	}
	return m, nil
}

// packedSize is the bytes that pack will take: the same steps, with memory that is only counted.
func packedSize(w *transformer.Weights, l *layout) int64 {
	m := &model{memory: arena{counts: true}}
	newPacker(l, w.Dtype, &m.memory, 0).model(m, w)
	return m.memory.total
}

func (p *packer) model(m *model, w *transformer.Weights) {
	c := w.Config
	m.embed, m.norm = p.matrix(w.Embed), p.vector(w.Norm)
	m.head = &m.embed
	if !c.Tied {
		head := p.matrix(w.Head)
		m.head = &head
	}
	for i := range w.Layers {
		m.layers = append(m.layers, p.layer(c, &w.Layers[i]))
	}
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

// bias concatenates biases and pads every d numbers of them to whole panels, as stack pads groups of rows.
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

// A part is up to 16 rows of a matrix, which become a panel.
type part struct {
	matrix *transformer.Matrix
	row, n int
}

// stack packs matrices of the same K one after another. Every group of rows is padded to whole panels.
func (p *packer) stack(group int, ms ...transformer.Matrix) packed {
	var parts []part
	for i := range ms {
		for start := 0; start < ms[i].Rows; start += group {
			for row := start; row < start+group; row += lanes {
				parts = append(parts, part{&ms[i], row, min(lanes, start+group-row)})
			}
		}
	}
	return p.fill(parts)
}

// interleave packs matrices of the same shape: a panel of each, then the next panel of each.
func (p *packer) interleave(ms ...transformer.Matrix) packed {
	var parts []part
	for row := 0; row < ms[0].Rows; row += lanes {
		for i := range ms {
			parts = append(parts, part{&ms[i], row, min(lanes, ms[i].Rows-row)})
		}
	}
	return p.fill(parts)
}

// fill packs parts of matrices of the same K into panels, on all goroutines.
func (p *packer) fill(parts []part) packed {
	out := packed{layout: p.layout, panels: len(parts), depth: p.layout.padded(parts[0].matrix.Cols)}
	out.stride = p.layout.bytes(out.depth)
	data, err := p.memory.bytes(out.panels * out.stride)
	if out.data, p.err = unsafe.Pointer(unsafe.SliceData(data)), cmp.Or(p.err, err); p.err != nil || p.memory.counts {
		return out
	}
	var wait sync.WaitGroup
	errs, n := make([]error, len(p.readers)), len(p.readers)
	for i, reader := range p.readers {
		wait.Go(func() { errs[i] = out.pack(parts, len(parts)*i/n, len(parts)*(i+1)/n, reader) })
	}
	wait.Wait()
	p.err = cmp.Or(errs...)
	return out
}

// pack packs the parts from one to before another.
func (p *packed) pack(parts []part, from, to int, reader *transformer.RowReader) error {
	for panel := from; panel < to; panel++ {
		part := parts[panel]
		rows, err := reader.Read(part.matrix, part.row, part.n)
		if err != nil {
			return err
		}
		p.layout.pack(p.from(panel), &rows)
	}
	return nil
}

// row reads row r of a packed matrix back as float32: the embedding of a token.
func (p *packed) row(r int, to []float32) { p.layout.unpack(p.from(r/lanes), r%lanes, to) }
