package gguf

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"tandem/transformer"
)

// A family is what an architecture's name says about the computation.
type family struct {
	qkvBias, qkNorm bool
	permuted        bool // llama.cpp has the rows of q and k in pairs, for its interleaved rotary embedding; see permuted
	diffusion       bool // trained to fill in masks, with attention to the whole sequence
	shifted         bool // diffusion logits of row i-1 predict position i
	window          bool // layers may have a window
	queryScale      bool // attention.temperature_scale scales the queries, by the positions of the training
	ropeEvery       int  // every so manyth layer is not rotated; 0: all are
}

// families are the architectures that the core computes, by llama.cpp's names. Mistral and SmolLM 2 are llama, Ministral 3 is
// mistral3.
var families = map[string]family{
	"llama":    {permuted: true, window: true},
	"mistral3": {permuted: true, window: true, queryScale: true},
	"smollm3":  {permuted: true, ropeEvery: 4},
	"qwen2":    {qkvBias: true, window: true},
	"qwen3":    {qkNorm: true, window: true},
	"dream":    {qkvBias: true, diffusion: true, shifted: true},
	"llada":    {permuted: true, diffusion: true},
}

// Keys of the architecture, behind its name and a point.
const (
	keyLayers       = "block_count"
	keyContext      = "context_length"
	keyHidden       = "embedding_length"
	keyIntermediate = "feed_forward_length"
	keyHeads        = "attention.head_count"
	keyKVHeads      = "attention.head_count_kv"
	keyKeyLength    = "attention.key_length"
	keyValueLength  = "attention.value_length"
	keyEps          = "attention.layer_norm_rms_epsilon"
	keyCausal       = "attention.causal"
	keyTheta        = "rope.freq_base"
	keyRopeDims     = "rope.dimension_count"
	keyVocab        = "vocab_size"
)

// usedKeys are the keys of an architecture that Config reads, or that change nothing with what it accepts.
var usedKeys = []string{keyLayers, keyContext, keyHidden, keyIntermediate, keyHeads, keyKVHeads, keyKeyLength, keyValueLength, keyEps,
	keyCausal, keyTheta, keyRopeDims, keyScaling, keyFinetuned, keyVocab}

// Config is the model's blueprint. What the core does not compute is an error.
func (f *File) Config() (transformer.Config, error) {
	family, err := f.family()
	if err != nil {
		return transformer.Config{}, err
	}
	if err := f.unknownKeys(); err != nil {
		return transformer.Config{}, err
	}
	ids, err := f.special()
	if err != nil {
		return transformer.Config{}, err
	}
	r := &reader{file: f}
	heads := r.size(keyHeads, 0)
	hidden := r.size(keyHidden, 0)
	c := transformer.Config{
		Layers: r.size(keyLayers, 0), Hidden: hidden, Intermediate: r.size(keyIntermediate, 0), Heads: heads, KVHeads: r.size(keyKVHeads, heads),
		HeadDim: r.size(keyKeyLength, hidden/max(heads, 1)), Vocab: r.size(keyVocab, f.tokens()), MaxPositions: r.size(keyContext, 0),
		RopeTheta: r.float(keyTheta, 10000), NormEps: float32(r.float(keyEps, 0)),
		QKVBias: family.qkvBias || f.has("blk.0.attn_q.bias"), QKNorm: family.qkNorm, Tied: !f.has("output.weight"),
		MaskToken: ids.Mask, EOSTokens: ids.EOS, Shifted: family.shifted,
	}
	if family.diffusion {
		c.Shifted = r.flag("diffusion.shift_logits", family.shifted)
	}
	c.OBias, c.MLPBias = f.has("blk.0.attn_output.bias"), f.has("blk.0.ffn_up.bias")
	c.Rope, c.Kinds = r.rope(c), r.layers(family, c)
	if beta := r.float(keyQueryScale, 0); beta != 0 {
		c.Rope.QueryBeta, c.Rope.QueryFrom = beta, r.size(keyOriginal, max(c.MaxPositions, 1))
	}
	if c.MaskToken >= 0 && family.diffusion {
		c.Attention = transformer.WholeSequence
	}
	r.check(family, c)
	if r.err != nil {
		return transformer.Config{}, r.err
	}
	return c, c.Validate()
}

func (f *File) has(tensor string) bool {
	_, ok := f.byName[tensor]
	return ok
}

// family looks the architecture up.
func (f *File) family() (family, error) {
	known, ok := families[f.Architecture]
	if !ok {
		return family{}, fmt.Errorf("architecture %q is not supported; supported are %s", f.Architecture,
			strings.Join(slices.Sorted(maps.Keys(families)), ", "))
	}
	return known, nil
}

// unknownKeys reports the keys of the architecture that Config does not know, all at once.
func (f *File) unknownKeys() error {
	scaling, err := f.scaling()
	if err != nil {
		return err
	}
	used := slices.Clone(usedKeys)
	if scaling != "none" {
		used = append(used, scalingKeys...)
	}
	if families[f.Architecture].window {
		used = append(used, keyWindow, keyWindowsAt)
	}
	if families[f.Architecture].queryScale {
		used = append(used, keyQueryScale)
	}
	var unknown []string
	for _, key := range slices.Sorted(maps.Keys(f.metadata)) {
		if name, own := strings.CutPrefix(key, f.Architecture+"."); own && !slices.Contains(used, name) {
			unknown = append(unknown, key)
		}
	}
	if len(unknown) > 0 {
		return fmt.Errorf("keys that may change the computation are not supported: %s", strings.Join(unknown, ", "))
	}
	return nil
}

// A reader reads an architecture's keys and remembers the first error.
type reader struct {
	file *File
	err  error
}

func (r *reader) keep(err error) {
	if r.err == nil {
		r.err = err
	}
}

// key is the name of an architecture's key in the file.
func (r *reader) key(name string) string { return r.file.Architecture + "." + name }

// size is a positive integer, or else what to take where the key is missing; 0 means that it is needed.
func (r *reader) size(name string, missing int) int {
	n, err := r.file.metadata.integer(r.key(name), int64(missing))
	r.keep(err)
	_, there := r.file.metadata[r.key(name)]
	switch {
	case err != nil:
	case !there && missing == 0 && name != keyContext:
		r.keep(fmt.Errorf("key %q is missing: convert the model again", r.key(name)))
	case there && (n < 1 || n > transformer.MaxSize):
		r.keep(fmt.Errorf("key %q is %d, not between 1 and %d: convert the model again", r.key(name), n, transformer.MaxSize))
		return 0
	}
	return int(n)
}

func (r *reader) float(name string, missing float64) float64 {
	v, err := r.file.metadata.float(r.key(name), missing)
	r.keep(err)
	return v
}

// flag reads a key that no architecture's name stands before.
func (r *reader) flag(key string, missing bool) bool {
	v, err := r.file.metadata.flag(key, missing)
	r.keep(err)
	return v
}

// check reports a setting with which the core would compute something else than the model.
func (r *reader) check(family family, c transformer.Config) {
	if values := r.size(keyValueLength, c.HeadDim); values != c.HeadDim {
		r.keep(fmt.Errorf("keys of %d numbers a head and values of %d are not supported: only the same for both are", c.HeadDim, values))
	}
	if rotated := r.size(keyRopeDims, c.HeadDim); rotated != c.HeadDim {
		r.keep(fmt.Errorf("%d rotated numbers of a head's %d are not supported: only all of them are", rotated, c.HeadDim))
	}
	if causal := r.flag(r.key(keyCausal), !family.diffusion); causal == family.diffusion {
		r.keep(fmt.Errorf("key %q is %v, which is not supported for %s", r.key(keyCausal), causal, r.file.Architecture))
	}
	if family.diffusion && c.MaskToken < 0 {
		r.keep(fmt.Errorf("key %q is missing, without which %s fills nothing in: convert the model again", keyMask, r.file.Architecture))
	}
	if _, there := r.file.metadata[r.key(keyEps)]; !there {
		r.keep(errors.New("key \"" + r.key(keyEps) + "\" is missing: convert the model again"))
	}
}
