package checkpoint

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"tandem/transformer"
	"tandem/transformer/strictjson"
)

// A family is what an architecture's name says about the computation.
type family struct {
	qkvBias, qkNorm bool
	shifted         bool // diffusion logits of row i-1 predict position i
}

// families are the architectures that the core computes, by the name in config.json.
var families = map[string]family{
	"LlamaForCausalLM":          {},
	"Qwen2ForCausalLM":          {qkvBias: true},
	"Qwen3ForCausalLM":          {qkNorm: true},
	"DreamModel":                {qkvBias: true, shifted: true},
	"Fast_dLLM_QwenForCausalLM": {qkvBias: true, shifted: true},
	"SDARForCausalLM":           {qkNorm: true},
}

// A config is config.json: what the core uses, then what it checks.
type config struct {
	Architectures []string `json:"architectures"`
	Vocab         *int     `json:"vocab_size"`
	Hidden        *int     `json:"hidden_size"`
	Intermediate  *int     `json:"intermediate_size"`
	Layers        *int     `json:"num_hidden_layers"`
	Heads         *int     `json:"num_attention_heads"`
	KVHeads       *int     `json:"num_key_value_heads"`
	HeadDim       *int     `json:"head_dim"`
	MaxPositions  *int     `json:"max_position_embeddings"`
	NormEps       *float32 `json:"rms_norm_eps"`
	RopeTheta     *float64 `json:"rope_theta"`
	Tied          bool     `json:"tie_word_embeddings"`
	EOS           ids      `json:"eos_token_id"`
	BOS           ids      `json:"bos_token_id"`
	Pad           ids      `json:"pad_token_id"`
	Mask          *int32   `json:"mask_token_id"`
	BlockSizes    []int    `json:"bd_sizes"`
	BlockSize     *int     `json:"bd_size"`
	BlockLength   *int     `json:"block_size"`

	Activation    string         `json:"hidden_act"`
	AttentionBias *bool          `json:"attention_bias"`
	MLPBias       bool           `json:"mlp_bias"`
	RopeScaling   jsontext.Value `json:"rope_scaling"`
	Sliding       bool           `json:"use_sliding_window"`
	LayerTypes    []string       `json:"layer_types"`
}

// harmless are keys of published files that change nothing in the computation.
var harmless = strings.Fields(`_name_or_path attention_dropout attn_implementation auto_map dtype full_attn_token_id
	initializer_range max_window_layers model_type pretraining_tp sliding_window torch_dtype
	transformers_version use_cache output_attentions output_hidden_states debug ep_size fuse_cross_entropy
	trust_remote_code text_model`)

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

// parseConfig turns config.json into a Config and refuses what the core does not compute.
func parseConfig(data []byte) (transformer.Config, error) {
	var c config
	if err := strictjson.Unmarshal(data, &c); err != nil {
		return transformer.Config{}, err
	}
	if err := unknownKey(data); err != nil {
		return transformer.Config{}, err
	}
	if len(c.Architectures) != 1 {
		return transformer.Config{}, fmt.Errorf("architectures names %d; want one of %s", len(c.Architectures), known())
	}
	f, ok := families[c.Architectures[0]]
	if !ok {
		return transformer.Config{}, fmt.Errorf("architecture %q is not supported; supported are %s", c.Architectures[0], known())
	}
	if err := c.supported(f); err != nil {
		return transformer.Config{}, err
	}
	if err := c.sizes(); err != nil {
		return transformer.Config{}, err
	}
	if err := c.tokens(); err != nil {
		return transformer.Config{}, err
	}
	out := transformer.Config{
		Layers: *c.Layers, Hidden: *c.Hidden, Intermediate: *c.Intermediate, Heads: *c.Heads, KVHeads: or(c.KVHeads, *c.Heads),
		HeadDim: or(c.HeadDim, *c.Hidden / *c.Heads), Vocab: *c.Vocab, MaxPositions: or(c.MaxPositions, 0),
		RopeTheta: or(c.RopeTheta, 10000), NormEps: or(c.NormEps, 1e-6), QKVBias: f.qkvBias, QKNorm: f.qkNorm, Tied: c.Tied,
		MaskToken: or(c.Mask, -1), EOSTokens: c.EOS, BlockSizes: c.BlockSizes, Shifted: f.shifted,
	}
	if size := max(or(c.BlockSize, 0), or(c.BlockLength, 0)); size > 0 && len(out.BlockSizes) == 0 {
		out.BlockSizes = []int{size}
	}
	return out, out.Validate()
}

// or is the value of a key, or else what Hugging Face takes where the key is missing.
func or[T any](value *T, missing T) T {
	if value == nil {
		return missing
	}
	return *value
}

// sizes reports a size that is missing or that no model has. A key that may be missing may not be 0.
func (c config) sizes() error {
	for _, s := range []struct {
		key    string
		value  *int
		needed bool
	}{
		{"vocab_size", c.Vocab, true}, {"hidden_size", c.Hidden, true}, {"intermediate_size", c.Intermediate, true},
		{"num_hidden_layers", c.Layers, true}, {"num_attention_heads", c.Heads, true}, {"num_key_value_heads", c.KVHeads, false},
		{"head_dim", c.HeadDim, false}, {"max_position_embeddings", c.MaxPositions, false}, {"bd_size", c.BlockSize, false},
		{"block_size", c.BlockLength, false},
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
	case c.RopeTheta != nil && *c.RopeTheta < 1:
		return fmt.Errorf("rope_theta must be at least 1, not %g: %s", *c.RopeTheta, mend)
	case c.NormEps != nil && *c.NormEps <= 0:
		return fmt.Errorf("rms_norm_eps must be positive, not %g: %s", *c.NormEps, mend)
	}
	return nil
}

// mend is what to do about a bad number.
const mend = "write the one that the model was trained with, or fetch config.json again"

// tokens reports an id outside the vocabulary. Older files write -1 for a padding that they do not have.
func (c config) tokens() error {
	for _, t := range []struct {
		name string
		ids  ids
	}{{"eos", c.EOS}, {"bos", c.BOS}, {"pad", c.Pad}, {"mask", ids{or(c.Mask, 0)}}} {
		for _, id := range t.ids {
			if none := t.name == "pad" && id == -1; !none && (id < 0 || int(id) >= *c.Vocab) {
				return fmt.Errorf("%s_token_id: %s token %d lies outside the vocabulary of %d: %s", t.name, t.name, id, *c.Vocab, mend)
			}
		}
	}
	return nil
}

// supported reports a setting with which the core would compute something else than the model.
func (c config) supported(f family) error {
	switch {
	case c.Activation != "silu" && c.Activation != "":
		return fmt.Errorf("hidden_act %q is not supported, only silu", c.Activation)
	case len(c.RopeScaling) > 0 && !bytes.Equal(c.RopeScaling, []byte("null")):
		return errors.New("rope_scaling is not supported: only plain rotary embeddings are")
	case c.Sliding:
		return errors.New("use_sliding_window is not supported: only full attention is")
	case c.MLPBias:
		return errors.New("mlp_bias is not supported")
	case c.AttentionBias != nil && *c.AttentionBias != f.qkvBias:
		return fmt.Errorf("attention_bias %v is not supported for %s", *c.AttentionBias, c.Architectures[0])
	case slices.ContainsFunc(c.BlockSizes, func(n int) bool { return n < 1 }):
		return errors.New("bd_sizes holds a block size below 1")
	}
	for _, t := range c.LayerTypes {
		if t != "full_attention" {
			return fmt.Errorf("layer_types %q is not supported, only full_attention", t)
		}
	}
	return nil
}

// unknownKey reports a key that is neither used nor known to be harmless.
func unknownKey(data []byte) error {
	var all map[string]jsontext.Value
	if err := strictjson.Unmarshal(data, &all); err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if !slices.Contains(usedKeys, key) && !slices.Contains(harmless, key) {
			return fmt.Errorf("unknown key %q: it may change the computation; remove it if it does not", key)
		}
	}
	return nil
}

// usedKeys are the keys of the type config.
var usedKeys = func() (keys []string) {
	for _, field := range reflect.VisibleFields(reflect.TypeFor[config]()) {
		keys = append(keys, field.Tag.Get("json"))
	}
	return keys
}()

func known() string { return strings.Join(slices.Sorted(maps.Keys(families)), ", ") }
