package gguf

import (
	"fmt"
	"maps"
	"math"
	"runtime"
	"slices"
	"sync"

	"tandem/transformer"
)

// An assembler unpacks tensors by name and remembers the first error.
type assembler struct {
	file   *File
	config transformer.Config
	dtype  transformer.Dtype
	left   map[string]bool // tensors that have no place yet
	err    error
}

// Weights unpacks the tensors into the core's places. Dtype "" is bf16 where all matrices are stored so, else f32. Each number
// is converted once, on its way from the file; numbers that are not finite in the dtype are an error.
func (f *File) Weights(dtype transformer.Dtype) (*transformer.Weights, error) {
	c, err := f.Config()
	if err != nil {
		return nil, err
	}
	if dtype == "" {
		dtype = f.storedDtype()
	}
	a := &assembler{file: f, config: c, dtype: dtype, left: map[string]bool{}}
	for _, t := range f.Tensors {
		a.left[t.Name] = true
	}
	w := &transformer.Weights{Config: c, Dtype: dtype}
	w.Embed = a.matrix("token_embd.weight", c.Vocab, c.Hidden)
	w.Norm = a.vector("output_norm.weight", c.Hidden)
	if !c.Tied {
		w.Head = a.matrix("output.weight", c.Vocab, c.Hidden)
	}
	for i := 0; i < c.Layers && a.err == nil; i++ {
		w.Layers = append(w.Layers, a.layer(i))
	}
	if a.err != nil {
		return nil, a.err
	}
	if len(a.left) > 0 {
		return nil, fmt.Errorf("tensor %q has no place in architecture %q", slices.Min(slices.Collect(maps.Keys(a.left))), f.Architecture)
	}
	return w, nil
}

// storedDtype is bf16 where all matrices are stored so, else f32.
func (f *File) storedDtype() transformer.Dtype {
	for _, t := range f.Tensors {
		if len(t.Shape) == 2 && t.Type != BF16 {
			return transformer.F32
		}
	}
	return transformer.BF16
}

// layer unpacks one transformer block.
func (a *assembler) layer(i int) transformer.LayerWeights {
	c, at := a.config, func(part string) string { return fmt.Sprintf("blk.%d.%s", i, part) }
	q, kv := c.Heads*c.HeadDim, c.KVHeads*c.HeadDim
	var order func(row int) int
	if families[a.file.Architecture].permuted {
		order = permuted(c.HeadDim)
	}
	l := transformer.LayerWeights{
		AttnNorm: a.vector(at("attn_norm.weight"), c.Hidden),
		Q:        a.ordered(at("attn_q.weight"), q, c.Hidden, order),
		K:        a.ordered(at("attn_k.weight"), kv, c.Hidden, order),
		V:        a.matrix(at("attn_v.weight"), kv, c.Hidden),
		O:        a.matrix(at("attn_output.weight"), c.Hidden, q),
		MLPNorm:  a.vector(at("ffn_norm.weight"), c.Hidden),
		Gate:     a.matrix(at("ffn_gate.weight"), c.Intermediate, c.Hidden),
		Up:       a.matrix(at("ffn_up.weight"), c.Intermediate, c.Hidden),
		Down:     a.matrix(at("ffn_down.weight"), c.Hidden, c.Intermediate),
	}
	if c.QKVBias {
		l.QBias = reorder(a.vector(at("attn_q.bias"), q), order)
		l.KBias = reorder(a.vector(at("attn_k.bias"), kv), order)
		l.VBias = a.vector(at("attn_v.bias"), kv)
	}
	if c.QKNorm {
		l.QNorm = a.vector(at("attn_q_norm.weight"), c.HeadDim)
		l.KNorm = a.vector(at("attn_k_norm.weight"), c.HeadDim)
	}
	return l
}

// permuted is where the file has a row of q or k. The core rotates a head's number i with number i+dim/2, as checkpoints do;
// llama.cpp's llama rotates neighbours, so its converter has put the two next to each other.
func permuted(dim int) func(row int) int {
	return func(row int) int {
		head, i := row/dim*dim, row%dim
		return head + i%(dim/2)*2 + i/(dim/2)
	}
}

// reorder puts a vector in the core's order; nil leaves it.
func reorder(v []float32, order func(int) int) []float32 {
	if order == nil || v == nil {
		return v
	}
	out := make([]float32, len(v))
	for i := range out {
		out[i] = v[order(i)]
	}
	return out
}

// take finds a tensor of the given shape.
func (a *assembler) take(name string, shape ...int) (t Tensor, ok bool) {
	if a.err != nil {
		return t, false
	}
	t, ok = a.file.tensor(name)
	switch {
	case !ok:
		a.err = fmt.Errorf("tensor %q is missing", name)
	case !slices.Equal(t.Shape, shape):
		a.err = fmt.Errorf("tensor %q has shape %v; the metadata want %v", name, t.Shape, shape)
	}
	delete(a.left, name)
	return t, a.err == nil
}

// vector unpacks a tensor of one dimension, which stays f32.
func (a *assembler) vector(name string, n int) []float32 {
	t, ok := a.take(name, n)
	if !ok {
		return nil
	}
	out := make([]float32, n)
	t.Type.unpack(out, t.Data)
	a.check(name, largest(out), transformer.F32)
	return out
}

func (a *assembler) matrix(name string, rows, cols int) transformer.Matrix {
	return a.ordered(name, rows, cols, nil)
}

// ordered unpacks a matrix whose row r the file has at order(r); nil is the same order.
func (a *assembler) ordered(name string, rows, cols int, order func(row int) int) transformer.Matrix {
	t, ok := a.take(name, rows, cols)
	if !ok {
		return transformer.Matrix{}
	}
	m := transformer.NewMatrix(a.dtype, rows, cols)
	workers := min(runtime.GOMAXPROCS(0), rows)
	found := make([]uint32, workers)
	var wait sync.WaitGroup
	for i := range workers {
		wait.Go(func() { found[i] = unpackRows(m, t, order, rows*i/workers, rows*(i+1)/workers) })
	}
	wait.Wait()
	a.check(name, slices.Max(found), a.dtype)
	return m
}

// unpackRows fills the rows from one to before another. It returns the bits of the largest magnitude, as a float32.
func unpackRows(m transformer.Matrix, t Tensor, order func(row int) int, from, to int) (most uint32) {
	bytes, out := t.Type.size(m.Cols), make([]float32, m.Cols)
	for row := from; row < to; row++ {
		source := row
		if order != nil {
			source = order(row)
		}
		t.Type.unpack(out, t.Data[source*bytes:][:bytes])
		most = max(most, largest(out))
		m.Write(row*m.Cols, out)
	}
	return most
}

// The bits of a float32.
const (
	sign     = 1 << 31
	infinity = 255 << 23
)

// largest are the bits of the largest magnitude. Those of infinity and NaN are above all others.
func largest(numbers []float32) (bits uint32) {
	for _, f := range numbers {
		bits = max(bits, math.Float32bits(f)&^sign)
	}
	return bits
}

// check reports a number that is not finite, or will not be in the dtype.
func (a *assembler) check(name string, largest uint32, dtype transformer.Dtype) {
	most := math.Float32frombits(largest)
	switch {
	case largest >= infinity:
		a.err = fmt.Errorf("tensor %q holds %g: the weights are damaged, or their training diverged; fetch them again", name, most)
	case !dtype.Holds(most):
		a.err = fmt.Errorf("tensor %q holds the magnitude %g, which %s cannot: load it as f32", name, most, dtype)
	}
}
