package gguf

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"tandem/transformer"
)

// An assembler takes tensors by name and remembers the first error.
type assembler struct {
	file   *File
	config transformer.Config
	dtype  transformer.Dtype
	left   map[string]bool // tensors that have no place yet
	err    error
}

// Weights puts the tensors in the core's places. Dtype "" is bf16 where all matrices are stored so, else f32. The matrices stay
// in the file and live until Close: a backend converts each number once, when it packs them. Vectors are copied.
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
	delete(a.left, tensorDivisors) // Config has read it
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

// layer is one transformer block.
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
	if c.OBias {
		l.OBias = a.vector(at("attn_output.bias"), c.Hidden)
	}
	if c.MLPBias {
		l.GateBias = a.vector(at("ffn_gate.bias"), c.Intermediate)
		l.UpBias = a.vector(at("ffn_up.bias"), c.Intermediate)
		l.DownBias = a.vector(at("ffn_down.bias"), c.Hidden)
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
func (a *assembler) vector(name string, n int) (numbers []float32) {
	t, ok := a.take(name, n)
	if ok {
		numbers, a.err = t.matrix(transformer.F32, 1, n, nil).Vector()
	}
	return numbers
}

func (a *assembler) matrix(name string, rows, cols int) transformer.Matrix {
	return a.ordered(name, rows, cols, nil)
}

// ordered is a matrix whose row r the file has at order(r); nil is the same order.
func (a *assembler) ordered(name string, rows, cols int, order func(row int) int) transformer.Matrix {
	t, ok := a.take(name, rows, cols)
	if !ok {
		return transformer.Matrix{}
	}
	return t.matrix(a.dtype, rows, cols, order)
}

// matrix is the tensor as a matrix, still packed, of weights of a dtype.
func (t Tensor) matrix(d transformer.Dtype, rows, cols int, order func(row int) int) transformer.Matrix {
	format := transformer.Dtype(strings.ToLower(t.Type.String()))
	packed := transformer.Stored{Format: format, Data: t.Data, Order: order, Unpack: t.Type.unpack}
	return packed.Matrix(d, fmt.Sprintf("tensor %q", t.Name), rows, cols)
}
