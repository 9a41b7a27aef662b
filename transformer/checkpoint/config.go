package checkpoint

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"tandem/transformer"
	"tandem/transformer/strictjson"
)

// A config is what the core uses of config.json, in transformers' spelling. A pointer is nil where the key is missing or null.
type config struct {
	Vocab        *int     `json:"vocab_size"`
	Embeddings   *int     `json:"embedding_size"` // LLaDA: rows of the embedding, in place of vocab_size
	Hidden       *int     `json:"hidden_size"`
	Intermediate *int     `json:"intermediate_size"`
	Layers       *int     `json:"num_hidden_layers"`
	Heads        *int     `json:"num_attention_heads"`
	KVHeads      *int     `json:"num_key_value_heads"`
	HeadDim      *int     `json:"head_dim"`
	MaxPositions *int     `json:"max_position_embeddings"`
	NormEps      *float32 `json:"rms_norm_eps"`
	Tied         *bool    `json:"tie_word_embeddings"`
	EOS          ids      `json:"eos_token_id"`
	BOS          ids      `json:"bos_token_id"`
	Pad          ids      `json:"pad_token_id"`

	RopeTheta      *float64       `json:"rope_theta"`
	RopeScaling    jsontext.Value `json:"rope_scaling"`    // transformers 4
	RopeParameters jsontext.Value `json:"rope_parameters"` // transformers 5
	Original       *float64       `json:"original_max_position_embeddings"`

	Mask        *int32 `json:"mask_token_id"`
	BlockSizes  []int  `json:"bd_sizes"` // Tandem's own
	BlockSize   *int   `json:"bd_size"`
	BlockLength *int   `json:"block_size"`
	Causal      bool   `json:"use_regular_causal"` // I-DLM

	LayerTypes []string `json:"layer_types"`

	particular

	keys map[string]jsontext.Value // of the file
}

// particular are the keys that only some families read; see core.reads.
type particular struct {
	AttentionBias bool  `json:"attention_bias"`
	MLPBias       bool  `json:"mlp_bias"`
	QKNorm        bool  `json:"qk_norm"`
	Sliding       bool  `json:"use_sliding_window"`
	Window        *int  `json:"sliding_window"`
	FullLayers    *int  `json:"max_window_layers"`
	RopeLayers    []int `json:"no_rope_layers"` // 1: rotated
	RopeInterval  *int  `json:"no_rope_layer_interval"`
}

// has says whether the file has a key, be it null.
func (c config) has(key string) bool {
	_, ok := c.keys[key]
	return ok
}

// ids is one token id or a list of them.
type ids []int32

func (v *ids) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	list := d.PeekKind() == '['
	var one *int32
	var into any = &one
	if list {
		into = (*[]int32)(v)
	}
	if err := json.UnmarshalDecode(d, into); err != nil {
		return errors.New("want a token id or a list of them")
	}
	if one != nil {
		*v = ids{*one}
	}
	return nil
}

// findFamily looks up the architecture of config.json. It returns the family and the keys that describe its language model.
func findFamily(data []byte) (family, map[string]jsontext.Value, error) {
	var keys map[string]jsontext.Value
	if err := strictjson.Unmarshal(data, &keys); err != nil {
		return family{}, nil, err
	}
	var names struct {
		Architectures []string `json:"architectures"`
	}
	if err := strictjson.Unmarshal(data, &names); err != nil {
		return family{}, nil, err
	}
	if len(names.Architectures) != 1 {
		return family{}, nil, fmt.Errorf("architectures names %d; want one of %s", len(names.Architectures), known())
	}
	f, ok := families[names.Architectures[0]]
	if !ok {
		return family{}, nil, fmt.Errorf("architecture %q is not supported; supported are %s", names.Architectures[0], known())
	}
	if f.text != nil {
		return f.unwrap(keys)
	}
	return f, keys, nil
}

func known() string { return strings.Join(slices.Sorted(maps.Keys(families)), ", ") }

// unwrap is the family of the model under text_config, with the tensor names of the one around it.
func (f family) unwrap(outer map[string]jsontext.Value) (family, map[string]jsontext.Value, error) {
	var keys map[string]jsontext.Value
	var inner struct {
		Type string `json:"model_type"`
	}
	text, ok := outer["text_config"]
	if !ok {
		return family{}, nil, errors.New("text_config is missing, which describes the language model")
	}
	if err := cmp.Or(strictjson.Unmarshal(text, &keys), strictjson.Unmarshal(text, &inner)); err != nil {
		return family{}, nil, fmt.Errorf("text_config: %w", err)
	}
	i := slices.Index(f.text, inner.Type)
	if i < 0 || i%2 != 0 {
		return family{}, nil, fmt.Errorf("text_config: model_type %q is not supported; supported are %s and %s", inner.Type, f.text[0], f.text[2])
	}
	model := families[f.text[i+1]]
	model.layouts, model.skips = f.layouts, f.skips
	if tied, ok := outer["tie_word_embeddings"]; ok {
		keys["tie_word_embeddings"] = tied
	}
	return model, keys, nil
}

// config turns the keys of a language model into a Config and refuses what the core does not compute.
func (f family) config(keys map[string]jsontext.Value) (transformer.Config, error) {
	for i := 0; i < len(f.spells); i += 2 {
		if value, ok := keys[f.spells[i]]; ok {
			delete(keys, f.spells[i])
			keys[f.spells[i+1]] = value
		}
	}
	out, err := f.read(keys)
	if err != nil && f.spells != nil {
		own := slices.Clone(f.spells)
		slices.Reverse(own) // transformers' spelling, then its own
		return out, errors.New(strings.NewReplacer(own...).Replace(err.Error()))
	}
	return out, err
}

// read is config for keys in transformers' spelling.
func (f family) read(keys map[string]jsontext.Value) (out transformer.Config, err error) {
	if err := f.checkKeys(keys); err != nil {
		return out, err
	}
	data, err := json.Marshal(keys)
	if err != nil {
		return out, err
	}
	c := config{keys: keys}
	if err := strictjson.Unmarshal(data, &c); err != nil {
		return out, err
	}
	if err := c.sizes(); err != nil {
		return out, err
	}
	out = transformer.Config{
		Layers: *c.Layers, Hidden: *c.Hidden, Intermediate: *c.Intermediate, Heads: *c.Heads, KVHeads: f.kvHeads(c),
		HeadDim: or(c.HeadDim, f.headDim(c)), Vocab: c.vocab(), MaxPositions: or(c.MaxPositions, 0), NormEps: or(c.NormEps, f.missing.eps),
		Tied: or(c.Tied, f.missing.tied), QKNorm: f.qkNorm || f.uses("qk_norm") && c.QKNorm, MLPBias: f.uses("mlp_bias") && c.MLPBias,
	}
	out.OBias = f.uses("attention_bias") && c.AttentionBias
	out.QKVBias = f.qkvBias || out.OBias
	if out.Rope, out.RopeTheta, err = f.rope(c, out.HeadDim); err != nil {
		return out, err
	}
	if out.Kinds, err = f.kinds(c); err != nil {
		return out, err
	}
	if err := f.special(c, &out); err != nil {
		return out, err
	}
	return out, out.Validate()
}

// or is the value of a key, or else what transformers takes where the key is missing.
func or[T any](value *T, missing T) T {
	if value == nil {
		return missing
	}
	return *value
}

func (c config) vocab() int { return or(c.Embeddings, or(c.Vocab, 0)) }

// headDim is the size of a head where head_dim is missing.
func (f family) headDim(c config) int {
	if f.missing.headDim > 0 && !c.has("head_dim") {
		return f.missing.headDim
	}
	return *c.Hidden / *c.Heads
}

// kvHeads is how many there are: null stands for as many as heads, which a missing key does only in some families.
func (f family) kvHeads(c config) int {
	if f.missing.kvHeads > 0 && !c.has("num_key_value_heads") {
		return f.missing.kvHeads
	}
	return or(c.KVHeads, *c.Heads)
}

// sizes reports a size that is missing or that no model has. A key that may be missing may not be 0.
func (c config) sizes() error {
	for _, s := range []struct {
		key    string
		value  *int
		needed bool
	}{
		{"vocab_size", c.Vocab, c.Embeddings == nil}, {"embedding_size", c.Embeddings, false}, {"hidden_size", c.Hidden, true},
		{"intermediate_size", c.Intermediate, true}, {"num_hidden_layers", c.Layers, true}, {"num_attention_heads", c.Heads, true},
		{"num_key_value_heads", c.KVHeads, false}, {"head_dim", c.HeadDim, false}, {"max_position_embeddings", c.MaxPositions, false},
		{"bd_size", c.BlockSize, false}, {"block_size", c.BlockLength, false}, {"sliding_window", c.Window, false},
		{"no_rope_layer_interval", c.RopeInterval, false},
	} {
		switch {
		case s.value == nil && s.needed:
			return fmt.Errorf("%s is missing: %s", s.key, mend)
		case s.value != nil && *s.value < 1:
			return fmt.Errorf("%s must be positive, not %d: %s", s.key, *s.value, mend)
		case s.value != nil && *s.value > transformer.MaxSize:
			return fmt.Errorf("%s is %d, above %d: %s", s.key, *s.value, transformer.MaxSize, mend)
		}
	}
	switch {
	case c.NormEps != nil && *c.NormEps <= 0:
		return fmt.Errorf("rms_norm_eps must be positive, not %g: %s", *c.NormEps, mend)
	case slices.ContainsFunc(c.BlockSizes, func(n int) bool { return n < 1 }):
		return errors.New("bd_sizes holds a block size below 1")
	}
	return nil
}

// mend is what to do about a bad number.
const mend = "write the one that the model was trained with, or fetch config.json again"
