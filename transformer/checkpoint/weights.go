package checkpoint

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"tandem/transformer"
)

// An assembler takes tensors by name and remembers the first error.
type assembler struct {
	names   names
	tensors map[string]tensor
	dtype   transformer.Dtype
	err     error
}

// assemble puts the tensors in their places, which Llama's names stand for, as matrices of a dtype: "" is bf16 where all are stored
// so, else f32. What is left over is an error, but for buffers that files of older releases hold, and for what belongs to no language
// model.
func assemble(c transformer.Config, n names, tensors map[string]tensor, dtype transformer.Dtype) (*transformer.Weights, error) {
	maps.DeleteFunc(tensors, func(name string, _ tensor) bool { return n.skip(name) })
	a := &assembler{names: n, tensors: tensors, dtype: cmp.Or(dtype, storedDtype(tensors))}
	q, kv := c.Heads*c.HeadDim, c.KVHeads*c.HeadDim
	w := &transformer.Weights{Config: c, Dtype: a.dtype}
	w.Embed = a.matrix("model.embed_tokens.weight", c.Vocab, c.Hidden)
	w.Norm = a.vector("model.norm.weight", c.Hidden)
	if c.Tied {
		delete(tensors, n.Replace("lm_head.weight")) // some files store the same matrix twice
	} else {
		w.Head = a.matrix("lm_head.weight", c.Vocab, c.Hidden)
	}
	for i := range c.Layers {
		at := func(part string) string { return fmt.Sprintf("model.layers.%d.%s", i, part) }
		l := transformer.LayerWeights{
			AttnNorm: a.vector(at("input_layernorm.weight"), c.Hidden),
			Q:        a.matrix(at("self_attn.q_proj.weight"), q, c.Hidden),
			K:        a.matrix(at("self_attn.k_proj.weight"), kv, c.Hidden),
			V:        a.matrix(at("self_attn.v_proj.weight"), kv, c.Hidden),
			O:        a.matrix(at("self_attn.o_proj.weight"), c.Hidden, q),
			MLPNorm:  a.vector(at("post_attention_layernorm.weight"), c.Hidden),
			Gate:     a.matrix(at("mlp.gate_proj.weight"), c.Intermediate, c.Hidden),
			Up:       a.matrix(at("mlp.up_proj.weight"), c.Intermediate, c.Hidden),
			Down:     a.matrix(at("mlp.down_proj.weight"), c.Hidden, c.Intermediate),
		}
		if c.QKVBias {
			l.QBias = a.vector(at("self_attn.q_proj.bias"), q)
			l.KBias = a.vector(at("self_attn.k_proj.bias"), kv)
			l.VBias = a.vector(at("self_attn.v_proj.bias"), kv)
		}
		if c.OBias {
			l.OBias = a.vector(at("self_attn.o_proj.bias"), c.Hidden)
		}
		if c.MLPBias {
			l.GateBias = a.vector(at("mlp.gate_proj.bias"), c.Intermediate)
			l.UpBias = a.vector(at("mlp.up_proj.bias"), c.Intermediate)
			l.DownBias = a.vector(at("mlp.down_proj.bias"), c.Hidden)
		}
		if c.QKNorm {
			l.QNorm = a.vector(at("self_attn.q_norm.weight"), c.HeadDim)
			l.KNorm = a.vector(at("self_attn.k_norm.weight"), c.HeadDim)
		}
		w.Layers = append(w.Layers, l)
		if a.err != nil {
			return nil, a.err
		}
	}
	if a.err != nil {
		return nil, a.err
	}
	for _, name := range slices.Sorted(maps.Keys(tensors)) {
		if !strings.HasSuffix(name, ".rotary_emb.inv_freq") {
			return nil, fmt.Errorf("tensor %q has no place in this architecture: config.json is of another model", name)
		}
	}
	return w, nil
}

// take removes a tensor of the given shape.
func (a *assembler) take(name string, shape ...int) tensor {
	name = a.names.Replace(name)
	t, ok := a.tensors[name]
	delete(a.tensors, name)
	if a.err == nil && !ok {
		a.err = fmt.Errorf("tensor %q is missing", name)
	}
	if a.err == nil && !slices.Equal(t.shape, shape) {
		a.err = fmt.Errorf("tensor %q has shape %v; config.json wants %v", name, t.shape, shape)
	}
	if a.err != nil {
		return tensor{}
	}
	return t
}

func (a *assembler) matrix(name string, rows, cols int) transformer.Matrix {
	t := a.take(name, rows, cols)
	if a.err != nil {
		return transformer.Matrix{}
	}
	return t.Matrix(a.dtype, t.name, rows, cols)
}

// vector is a tensor of one dimension, which is copied as float32 and must be finite.
func (a *assembler) vector(name string, n int) (numbers []float32) {
	t := a.take(name, n)
	if a.err == nil {
		numbers, a.err = t.Matrix(transformer.F32, t.name, 1, n).Vector()
	}
	return numbers
}
