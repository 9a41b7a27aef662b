package checkpoint

import (
	"bytes"
	"encoding/json"
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
	Vocab         int      `json:"vocab_size"`
	Hidden        int      `json:"hidden_size"`
	Intermediate  int      `json:"intermediate_size"`
	Layers        int      `json:"num_hidden_layers"`
	Heads         int      `json:"num_attention_heads"`
	KVHeads       int      `json:"num_key_value_heads"`
	HeadDim       int      `json:"head_dim"`
	MaxPositions  int      `json:"max_position_embeddings"`
	NormEps       float32  `json:"rms_norm_eps"`
	RopeTheta     float64  `json:"rope_theta"`
	Tied          bool     `json:"tie_word_embeddings"`
	EOS           ids      `json:"eos_token_id"`
	Mask          *int32   `json:"mask_token_id"`
	BlockSizes    []int    `json:"bd_sizes"`
	BlockSize     int      `json:"bd_size"`
	BlockLength   int      `json:"block_size"`

	Activation    string          `json:"hidden_act"`
	AttentionBias *bool           `json:"attention_bias"`
	MLPBias       bool            `json:"mlp_bias"`
	RopeScaling   json.RawMessage `json:"rope_scaling"`
	Sliding       bool            `json:"use_sliding_window"`
	LayerTypes    []string        `json:"layer_types"`
}

// harmless are keys of published files that change nothing in the computation.
var harmless = strings.Fields(`_name_or_path attention_dropout attn_implementation auto_map bos_token_id dtype full_attn_token_id
	initializer_range max_window_layers model_type pad_token_id pretraining_tp sliding_window torch_dtype
	transformers_version use_cache output_attentions output_hidden_states debug ep_size fuse_cross_entropy
	trust_remote_code text_model`)

// ids is one token id or a list of them.
type ids []int32

func (v *ids) UnmarshalJSON(data []byte) error {
	if bytes.Equal(data, []byte("null")) {
		return nil
	}
	if err := json.Unmarshal(data, (*[]int32)(v)); err == nil {
		return nil
	}
	var one int32
	if err := json.Unmarshal(data, &one); err != nil {
		return errors.New("want a token id or a list of them")
	}
	*v = ids{one}
	return nil
}

// parseConfig turns config.json into a Config and refuses what the core does not compute.
func parseConfig(data []byte) (transformer.Config, error) {
	var c config
	if err := json.Unmarshal(data, &c); err != nil {
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
	out := transformer.Config{
		Layers: c.Layers, Hidden: c.Hidden, Intermediate: c.Intermediate, Heads: c.Heads, KVHeads: c.KVHeads, HeadDim: c.HeadDim,
		Vocab: c.Vocab, MaxPositions: c.MaxPositions, RopeTheta: c.RopeTheta, NormEps: c.NormEps, QKVBias: f.qkvBias,
		QKNorm: f.qkNorm, Tied: c.Tied, MaskToken: -1, EOSTokens: c.EOS, BlockSizes: c.BlockSizes, Shifted: f.shifted,
	}
	if out.KVHeads == 0 {
		out.KVHeads = out.Heads
	}
	if out.HeadDim == 0 && out.Heads > 0 {
		out.HeadDim = out.Hidden / out.Heads
	}
	if out.RopeTheta == 0 {
		out.RopeTheta = 10000
	}
	if c.Mask != nil {
		out.MaskToken = *c.Mask
	}
	if size := max(c.BlockSize, c.BlockLength); size > 0 && len(out.BlockSizes) == 0 {
		out.BlockSizes = []int{size}
	}
	return out, out.Validate()
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
	var all map[string]json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil {
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
	data, err := json.Marshal(config{RopeScaling: json.RawMessage("null")})
	if err != nil {
		panic(err)
	}
	var all map[string]any
	if err := json.Unmarshal(data, &all); err != nil {
		panic(err)
	}
	return slices.Collect(maps.Keys(all))
}()

func known() string { return strings.Join(slices.Sorted(maps.Keys(families)), ", ") }
