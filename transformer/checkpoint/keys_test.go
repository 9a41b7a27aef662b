package checkpoint

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"tandem/transformer"
)

// A file is a config.json that a test changes.
type file map[string]any

// transformers are the configs of testdata/parity, and transformers' defaults by architecture.
func transformers(t *testing.T) (configs map[string]file, defaults map[string]file) {
	t.Helper()
	data, err := os.ReadFile("testdata/parity/cases.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Defaults map[string]file
		Cases    []struct {
			Name   string
			Config file
		}
	}
	if err := json.Unmarshal(data, &golden); err != nil {
		t.Fatal(err)
	}
	configs = map[string]file{}
	for _, c := range golden.Cases {
		configs[c.Name] = c.Config
	}
	return configs, golden.Defaults
}

func (f file) parse(t *testing.T) (transformer.Config, error) {
	t.Helper()
	data, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	return parseConfig(data)
}

// with is a copy with other keys; nil removes one.
func (f file) with(changes file) file {
	f = maps.Clone(f)
	for key, value := range changes {
		if f[key] = value; value == nil {
			delete(f, key)
		}
	}
	return f
}

// other is another value of the same kind as one of a config.
func other(value any) any {
	switch v := value.(type) {
	case bool:
		return !v
	case float64:
		return 2*v + 1
	case string:
		return "other"
	case []any:
		return v[1:]
	}
	return 3
}

// TestKeys: every key that transformers or published code writes is read: somewhere another value gives another Config or is
// refused. Those that are known to change nothing change nothing anywhere.
func TestKeys(t *testing.T) {
	configs, _ := transformers(t)
	configs["qwen2-rule"] = configs["qwen2-window"].with(file{"layer_types": nil})
	configs["smollm3-rule"] = configs["smollm3"].with(file{"no_rope_layers": nil})
	read := map[string]bool{"bos_token_id": true, "pad_token_id": true} // only checked against the vocabulary
	seen := map[string]bool{}
	for name, config := range configs {
		if config["text_config"] != nil {
			continue // TestWrapped
		}
		want, err := config.parse(t)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		try := func(key string, changes file) {
			got, err := config.with(changes).parse(t)
			seen[key], read[key] = true, read[key] || err != nil || !reflect.DeepEqual(got, want)
		}
		f := families[config["architectures"].([]any)[0].(string)]
		for key, value := range config {
			if scaling, ok := value.(map[string]any); ok {
				for inner, v := range scaling {
					try(fmt.Sprint(scaling["rope_type"], "/", inner), file{key: file(scaling).with(file{inner: other(v)})})
				}
				continue
			}
			if own, known := plain(plainKeys, f.keys)[key]; !known || own != "" || f.uses(key) || key == "architectures" {
				try(key, file{key: other(value)})
			} else if got, err := config.with(file{key: other(value)}).parse(t); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %s %v instead of %v gives %+v, %v", name, key, other(value), value, got, err)
			}
		}
	}
	for key := range seen {
		if !read[key] {
			t.Errorf("another %s changes nothing anywhere", key)
		}
	}
	if len(seen) < 60 {
		t.Errorf("%d keys", len(seen))
	}
}

// TestLayers: what transformers writes for each layer is what follows from the other keys.
func TestLayers(t *testing.T) {
	configs, _ := transformers(t)
	for name, without := range map[string]file{
		"qwen2-window": {"layer_types": nil}, "qwen3-window": {"layer_types": nil}, "smollm3": {"layer_types": nil, "no_rope_layers": nil},
		"smollm3-window": {"layer_types": nil},
	} {
		want, err := configs[name].parse(t)
		got, err2 := configs[name].with(without).parse(t)
		if err != nil || err2 != nil || want.Kinds == nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v; want %+v, %v", name, got.Kinds, err2, want.Kinds, err)
		}
	}
	all := []transformer.LayerKind{{Window: 8}, {Window: 8}, {Window: 8}}
	for _, name := range []string{"mistral-window", "ministral", "ministral3-window"} {
		if got, err := configs[name].with(file{"layer_types": nil}).parse(t); err != nil || !slices.Equal(got.Kinds, all) {
			t.Errorf("%s: %+v, %v", name, got.Kinds, err)
		}
	}
	for name, want := range map[string]int{"qwen2-window": 4096, "mistral-window": 4096, "ministral": 4096, "ministral3-window": 0} {
		got, err := configs[name].with(file{"layer_types": nil, "sliding_window": nil}).parse(t)
		if err != nil || (want == 0) != (got.Kinds == nil) || want > 0 && got.Kinds[2].Window != want {
			t.Errorf("%s without sliding_window: %+v, %v, want %d", name, got.Kinds, err, want)
		}
	}
}

// TestDefaults: a key that is missing takes transformers' default.
func TestDefaults(t *testing.T) {
	configs, defaults := transformers(t)
	if len(defaults) != 7 {
		t.Errorf("%d architectures have defaults, want 7", len(defaults))
	}
	for architecture, want := range defaults {
		f := families[architecture]
		got := file{"eps": float64(f.missing.eps), "kv_heads": float64(f.missing.kvHeads), "head_dim": float64(f.missing.headDim),
			"tied": f.missing.tied, "window": float64(f.missing.window), "end": 0.}
		got["eps"] = want["eps"]
		if float32(want["eps"].(float64)) != f.missing.eps {
			got["eps"] = f.missing.eps
		}
		if len(f.end) > 0 {
			got["end"] = float64(f.end[0])
		}
		rope := want["rope"]
		delete(want, "rope")
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: defaults %v, want %v", architecture, got, want)
		}
		// Without the key the rotation is that of the default's parameters.
		config := configs["llama"].with(file{"architectures": []string{architecture}, "rope_parameters": nil, "no_rope_layer_interval": nil})
		if f.qkvBias || f.qkNorm {
			config = config.with(file{"mlp_bias": nil})
		}
		missing, err := config.parse(t)
		given, err2 := config.with(file{"rope_parameters": rope}).parse(t)
		if err != nil || err2 != nil || !reflect.DeepEqual(missing.Rope, given.Rope) || missing.RopeTheta != given.RopeTheta {
			t.Errorf("%s: rope %+v and %g, want %+v and %g (%v, %v)", architecture, missing.Rope, missing.RopeTheta, given.Rope, given.RopeTheta, err, err2)
		}
	}
	bare, err := configs["qwen3"].with(file{"rms_norm_eps": nil, "head_dim": nil, "num_attention_heads": 32, "num_key_value_heads": nil}).parse(t)
	if err != nil || bare.NormEps != 1e-6 || bare.HeadDim != 128 || bare.KVHeads != 32 {
		t.Errorf("%+v, %v", bare, err)
	}
	null, err := configs["qwen3"].with(file{"head_dim": json.RawMessage("null"), "num_key_value_heads": json.RawMessage("null")}).parse(t)
	if err != nil || null.HeadDim != 8 || null.KVHeads != 4 {
		t.Errorf("%+v, %v", null, err)
	}
}

// TestTransformers4: what transformers 4 writes is read as what transformers 5 writes.
func TestTransformers4(t *testing.T) {
	configs, _ := transformers(t)
	data, err := os.ReadFile("testdata/parity/configs4.json")
	if err != nil {
		t.Fatal(err)
	}
	var old map[string]file
	if err := json.Unmarshal(data, &old); err != nil || len(old) < 14 {
		t.Fatalf("%d configs, %v", len(old), err)
	}
	for name, config := range old {
		got, err := config.parse(t)
		want, err2 := configs[name].parse(t)
		if err != nil || err2 != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v; want %+v, %v", name, got, err, want, err2)
		}
		if config["rope_theta"] == nil || config["rope_parameters"] != nil {
			t.Errorf("%s is not of transformers 4", name)
		}
	}
}

// TestOriginal: the positions that llama3 and yarn stretch are the key's outside, as some files have it, then the one among the
// parameters, then all of the model's.
func TestOriginal(t *testing.T) {
	const key = "original_max_position_embeddings"
	configs, _ := transformers(t)
	for _, name := range []string{"llama-yarn", "llama-llama3"} {
		config, scaling := configs[name], file(configs[name]["rope_parameters"].(map[string]any))
		with := func(outer, inner any) transformer.Config {
			got, err := config.with(file{key: outer, "rope_parameters": scaling.with(file{key: inner, "truncate": false})}).parse(t)
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		if !reflect.DeepEqual(with(64, 16), with(nil, 64)) || !reflect.DeepEqual(with(nil, nil), with(nil, 128)) || reflect.DeepEqual(with(nil, 64), with(nil, 128)) {
			t.Errorf("%s: %v, %v, %v", name, with(64, 16).Rope, with(nil, nil).Rope, with(nil, 128).Rope)
		}
	}
}

// TestWrapped: the keys under text_config are read as those of the architecture that its model_type names.
func TestWrapped(t *testing.T) {
	configs, _ := transformers(t)
	wrapped := configs["mistral3"]
	got, err := wrapped.parse(t)
	want, err2 := configs["ministral3"].parse(t)
	if err != nil || err2 != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v; want %+v, %v", got, err, want, err2)
	}
	text := file(wrapped["text_config"].(map[string]any))
	tied, err := wrapped.with(file{"tie_word_embeddings": true}).parse(t)
	if err != nil || !tied.Tied {
		t.Errorf("tied: %+v, %v", tied, err)
	}
	for want, config := range map[string]file{
		"text_config is missing":                              wrapped.with(file{"text_config": nil}),
		`text_config: model_type "gemma"`:                     wrapped.with(file{"text_config": text.with(file{"model_type": "gemma"})}),
		`unknown key "experts"`:                               wrapped.with(file{"text_config": text.with(file{"experts": 8})}),
		"text_config: bad value in model_type: want a string": wrapped.with(file{"text_config": text.with(file{"model_type": 1})}),
	} {
		if _, err := config.parse(t); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestRefusedConfigs is the table of configs with which the core would compute something else, each with its one line.
func TestRefusedConfigs(t *testing.T) {
	configs, _ := transformers(t)
	scaling := func(kind string, more file) file {
		return file{"rope_parameters": map[string]any(file{"rope_type": kind, "rope_theta": 1e4, "factor": 4, "original_max_position_embeddings": 16,
			"low_freq_factor": 1, "high_freq_factor": 4}.with(more))}
	}
	for _, c := range []struct {
		name    string
		changes file
		want    string
	}{
		{"llama", file{"architectures": []string{"MambaForCausalLM"}, "clip": 1}, `architecture "MambaForCausalLM" is not supported; supported are `},
		{"llama", file{"clip_qkv": 8, "alibi": true, "z\n": 1}, `unknown keys "alibi", "clip_qkv", "z\n": they may change the computation`},
		{"llama", file{"rope_interleaved": true}, "rope_interleaved true is not supported, only false"},
		{"llama", file{"hidden_act": "gelu"}, `hidden_act "gelu" is not supported, only "silu"`},
		{"llama", file{"partial_rotary_factor": 0.5}, "partial_rotary_factor 0.5 is not supported, only 1"},
		{"llama", file{"quantization_config": file{"bits": 4}}, `quantization_config {"bits":4} is not supported, only null`},
		{"llama", file{"no_rope_layers": []int{1, 0, 1}}, "no_rope_layers [1,0,1] is not supported, only null"},
		{"llama", scaling("dynamic", nil), `rope_parameters: rope_type "dynamic" is not supported; supported are default, linear, llama3 and yarn`},
		{"llama", scaling("longrope", nil), `rope_type "longrope" is not supported`},
		{"llama", scaling("linear", file{"factor": nil}), `factor is missing, which rope_type "linear" needs`},
		{"llama", scaling("linear", file{"factor": 0}), "factor must be at least 1e-06, not 0"},
		{"llama", scaling("yarn", file{"beta_fast": 0.5}), "beta_fast 0.5 must not be below beta_slow 1"},
		{"llama", scaling("yarn", file{"attention_factor": -1}), "attention_factor must be above 0, not -1"},
		{"llama", scaling("yarn", file{"original_max_position_embeddings": 0}), "original_max_position_embeddings must be at least 1, not 0"},
		{"llama", scaling("llama3", file{"low_freq_factor": nil}), "low_freq_factor is missing"},
		{"llama", scaling("llama3", file{"high_freq_factor": 1}), "high_freq_factor 1 must be above low_freq_factor 1"},
		{"llama", scaling("linear", file{"partial_rotary_factor": 0.5}), "only the rotation of whole heads by halves is"},
		{"llama", scaling("linear", file{"short_factor": []int{1}, "mrope_section": 1}), `rope_parameters: unknown keys "mrope_section", "short_factor"`},
		{"llama", scaling("linear", file{"rope_theta": 0.5}), "rope_theta must be at least 1, not 0.5"},
		{"llama", file{"rope_parameters": file{"full_attention": file{"rope_theta": 1e4}, "sliding_attention": file{"rope_theta": 1e6}}}, "sliding_attention differs from full_attention"},
		{"llama", file{"layer_types": []string{"full_attention", "sliding_attention", "full_attention"}}, "layer_types has sliding_attention, but"},
		{"llama", file{"layer_types": []string{"full_attention", "chunked_attention", "full_attention"}}, `layer_types "chunked_attention" is not supported`},
		{"llama", file{"layer_types": []string{"full_attention"}}, "layer_types names 1 layers, num_hidden_layers is 3"},
		{"qwen2-window", file{"use_sliding_window": false}, "layer_types has sliding_attention, but the other keys turn it off"},
		{"mistral-window", file{"layer_types": []string{"full_attention", "sliding_attention", "full_attention"}}, "layer_types has full_attention, but sliding_window is for all layers"},
		{"smollm3", file{"no_rope_layers": []int{1, 0}}, "no_rope_layers names 2 layers, num_hidden_layers is 3"},
		{"smollm3", file{"no_rope_layer_interval": 0}, "no_rope_layer_interval must be positive, not 0"},
		{"ministral3", file{"rope_parameters": file{"llama_4_scaling_beta": 0.1}}, "original_max_position_embeddings is missing"},
		{"dream", file{"block_size": 32}, "a block size of 32 contradicts the architecture"},
		{"dream", file{"use_mrope": true}, "use_mrope true is not supported, only false"},
		{"dream", file{"mask_token_id": nil}, "mask_token_id is missing, and 151666, which this architecture's models have, lies outside the vocabulary of 264"},
		{"llada", file{"include_qkv_bias": true}, "include_qkv_bias true is not supported, only false"},
		{"llada", file{"block_type": nil}, "block_type is missing: write the one"},
		{"llada", file{"activation_type": nil}, "activation_type is missing: write the one"},
		{"llada", file{"activation_type": "swiglu"}, `activation_type "swiglu" is not supported, only "silu"`},
		{"llada", file{"n_layers": 0}, "n_layers must be positive, not 0"},
	} {
		_, err := configs[c.name].with(c.changes).parse(t)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s with %v: %v, want one line with %q", c.name, c.changes, err, c.want)
		}
	}
}

// TestChangesNothing: keys that transformers 4 and 5 and others write and that change nothing refuse nothing.
func TestChangesNothing(t *testing.T) {
	configs, _ := transformers(t)
	want, err := configs["llama"].parse(t)
	if err != nil {
		t.Fatal(err)
	}
	got, err := configs["llama"].with(file{"unk_token_id": 0, "is_llama_config": true, "rope_interleaved": false, "transformers.js_config": file{"dtype": "q4"},
		"_attn_implementation_autoset": true, "partial_rotary_factor": 1.0, "quantization_config": json.RawMessage("null"), "sliding_window": 4096,
		"rope_parameters": file{"full_attention": file{"rope_theta": 1e4}}, "layer_types": []string{"full_attention", "full_attention", "full_attention"}}).parse(t)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
	for _, theta := range []string{"10000.0", "1e4"} { // as Python writes floats, and as people do
		one := json.RawMessage(`{"rope_theta": ` + theta + `, "rope_type": "default"}`)
		got, err := configs["llama"].with(file{"rope_parameters": file{"full_attention": one, "sliding_attention": one}}).parse(t)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("rope_theta %s for each type of layer: %+v, %v, want %+v", theta, got, err, want)
		}
	}
}

// TestDiffusion: what a family is decides how its masks are filled in, not the presence of a key.
func TestDiffusion(t *testing.T) {
	configs, _ := transformers(t)
	for _, c := range []struct {
		name    string
		changes file
		want    string // attention, blocks, shift, mask, ends
	}{
		{"sdar", nil, "block-causal [8] false 258 [257]"},
		{"sdar", file{"block_size": nil}, "block-causal [4] false 258 [257]"},
		{"sdar", file{"block_size": nil, "mask_token_id": nil, "eos_token_id": nil, "vocab_size": 151936}, "block-causal [4] false 151669 [151643]"},
		{"sdar", file{"use_regular_causal": true}, "causal [] false 258 [257]"},
		{"fast-dllm", nil, "block-causal [8] true 258 [257]"},
		{"fast-dllm", file{"bd_size": nil}, "block-causal [32] true 258 [257]"},
		{"stable-diffcoder", file{"block_size": nil, "mask_token_id": nil}, "block-causal [4] false 5 [257]"},
		{"dream", nil, "whole-sequence [] true 258 [257]"},
		{"llada", nil, "whole-sequence [] false 258 [257]"},
		{"wedlm", nil, "causal [] false 258 [257]"},
		{"i-dlm", nil, "causal [] false 258 [257]"},
		{"nemotron", nil, " [] false 258 [257]"},
		{"nemotron", file{"mask_token_id": nil, "eos_token_id": nil}, " [] false 100 [11]"},
		{"qwen3", nil, " [] false -1 [257]"},
		{"qwen3", file{"mask_token_id": 258}, " [] false 258 [257]"},
		{"qwen3", file{"mask_token_id": 258, "bd_sizes": []int{4, 8}}, "block-causal [4 8] false 258 [257]"},
		{"qwen3", file{"mask_token_id": 258, "block_size": 16}, "block-causal [16] false 258 [257]"},
		{"qwen3", file{"block_size": 16}, " [16] false -1 [257]"},
		{"llama", file{"eos_token_id": nil}, " [] false -1 [2]"},
		{"smollm3", file{"eos_token_id": nil}, " [] false -1 []"},
	} {
		got, err := configs[c.name].with(c.changes).parse(t)
		if text := fmt.Sprint(got.Attention, " ", got.BlockSizes, got.Shifted, got.MaskToken, got.EOSTokens); err != nil || text != c.want {
			t.Errorf("%s with %v: %s, %v; want %s", c.name, c.changes, text, err, c.want)
		}
	}
	for name, f := range families {
		if f.source == "" || f.models == "" {
			t.Errorf("%s says neither what it stands for nor what it was checked against", name)
		}
		if !slices.ContainsFunc(slices.Collect(maps.Values(configs)), func(c file) bool { return c["architectures"].([]any)[0] == name }) {
			t.Errorf("%s has no checkpoint beside transformers'", name)
		}
	}
}
