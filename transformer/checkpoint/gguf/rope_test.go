package gguf

import (
	"encoding/binary"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"tandem/transformer"
	"tandem/transformer/checkpoint/rope"
)

// causal is the tiny model as one of an autoregressive architecture, with two numbers a head and so many layers in the metadata.
func causal(architecture string, layers uint32) draft {
	d := tiny()
	for key, value := range d.metadata {
		if name, own := strings.CutPrefix(key, "llada."); own {
			delete(d.metadata, key)
			d.metadata[architecture+"."+name] = value
		}
	}
	delete(d.metadata, architecture+".attention.causal")
	delete(d.metadata, architecture+".rope.scaling.type")
	delete(d.metadata, keyMask)
	d.metadata["general.architecture"], d.metadata[architecture+".block_count"] = architecture, layers
	return d
}

// TestScalings: metadata of scaled embeddings, windows and layers without a rotation reach the Config, or are refused in one line.
func TestScalings(t *testing.T) {
	const context = "context_length"
	linear := transformer.Rope{Divisors: []float64{4}}
	yarn := func(y rope.YaRN) []float64 { return y.Divisors(1e4, 2) }
	base := rope.YaRN{Factor: 4, Original: 16, BetaFast: 32, BetaSlow: 1, Truncate: true}
	fast := base
	fast.BetaFast, fast.BetaSlow, fast.Original = 0.5, 0.25, 64
	for _, c := range []struct {
		name, architecture string
		set                map[string]any
		freqs              []float32
		want               transformer.Rope
		kinds              []transformer.LayerKind
		refused            string
	}{
		{"plain", "llama", nil, nil, transformer.Rope{}, nil, ""},
		{"linear", "llama", map[string]any{keyScaling: "linear", keyFactor: float32(4)}, nil, linear, nil, ""},
		{"a factor alone", "qwen2", map[string]any{keyFactor: float32(4)}, nil, linear, nil, ""},
		{"freqs", "llama", nil, []float32{8}, transformer.Rope{Divisors: []float64{8}}, nil, ""},
		{"freqs and linear", "llama", map[string]any{keyFactor: float32(4)}, []float32{8}, transformer.Rope{Divisors: []float64{32}}, nil, ""},
		{"yarn", "llama", map[string]any{keyScaling: "yarn", keyFactor: float32(4), keyOriginal: uint32(16)}, nil,
			transformer.Rope{Divisors: yarn(base), Scale: 0.1*math.Log(4) + 1}, nil, ""},
		{"yarn of the context", "qwen3", map[string]any{keyScaling: "yarn", keyFactor: float32(4), context: uint32(16)}, nil,
			transformer.Rope{Divisors: yarn(base), Scale: 0.1*math.Log(4) + 1}, nil, ""},
		{"yarn with all", "mistral3", map[string]any{keyScaling: "yarn", keyFactor: float32(4), keyOriginal: uint32(64), keyBetaFast: float32(0.5),
			keyBetaSlow: float32(0.25), keyYaRNLog: float32(1), keyAttnFactor: float32(0.5), keyYaRNFactor: float32(4), keyYaRNMix: float32(1),
			keyQueryScale: float32(0.5)}, nil, transformer.Rope{Divisors: yarn(fast), Scale: 2, QueryBeta: 0.5, QueryFrom: 64}, nil, ""},
		{"window", "llama", map[string]any{keyWindow: uint32(8)}, nil, transformer.Rope{}, slices.Repeat([]transformer.LayerKind{{Window: 8}}, 5), ""},
		{"no rotation", "smollm3", nil, nil, transformer.Rope{}, []transformer.LayerKind{{}, {}, {}, {NoRope: true}, {}}, ""},

		{"longrope", "llama", map[string]any{keyScaling: "longrope", keyFactor: float32(4)}, nil, transformer.Rope{}, nil, `scaled by "longrope" are not supported`},
		{"no factor", "llama", map[string]any{keyScaling: "linear"}, nil, transformer.Rope{}, nil, `scaled by "linear" need key "llama.rope.scaling.factor" above 0, not 0`},
		{"part of yarn", "llama", map[string]any{keyScaling: "yarn", keyFactor: float32(4), keyOriginal: uint32(16), keyYaRNMix: float32(0.5)}, nil,
			transformer.Rope{}, nil, "yarn_ext_factor 0.5"},
		{"no magnitude", "llama", map[string]any{keyScaling: "yarn", keyFactor: float32(4), keyOriginal: uint32(16), keyAttnFactor: float32(0)}, nil,
			transformer.Rope{}, nil, "have the magnitude 0"},
		{"freqs and yarn", "llama", map[string]any{keyScaling: "yarn", keyFactor: float32(4), keyOriginal: uint32(16)}, []float32{8}, transformer.Rope{}, nil,
			`scaled by "yarn" and by tensor "rope_freqs.weight"`},
		{"two freqs", "llama", nil, []float32{8, 8}, transformer.Rope{}, nil, "has shape [2]; the metadata want [1]"},
		{"pattern", "llama", map[string]any{keyWindow: uint32(8), keyWindowsAt: []int32{2}}, nil, transformer.Rope{}, nil, "has not one of true and false for each of 5 layers"},
		{"queries", "llama", map[string]any{keyQueryScale: float32(0.1)}, nil, transformer.Rope{}, nil, "not supported: llama.attention.temperature_scale"},
		{"three unknown keys", "llama", map[string]any{"expert_count": uint32(8), "logit_scale": float32(2), "rope.scaling.alpha": float32(2)}, nil,
			transformer.Rope{}, nil, "not supported: llama.expert_count, llama.logit_scale, llama.rope.scaling.alpha"},
	} {
		d := causal(c.architecture, 5)
		for key, value := range c.set {
			d.metadata[c.architecture+"."+key] = value
		}
		if c.freqs != nil {
			data, _ := binary.Append(nil, binary.LittleEndian, c.freqs)
			d.tensors = append(d.tensors, draftTensor{tensorDivisors, F32, []uint64{uint64(len(c.freqs))}, data})
		}
		f, err := parse(d.bytes())
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		got, err := f.Config()
		switch {
		case c.refused != "" && (err == nil || !strings.Contains(err.Error(), c.refused) || strings.Contains(err.Error(), "\n")):
			t.Errorf("%s: error %v, want one line with %q", c.name, err, c.refused)
		case c.refused == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.refused == "" && (!reflect.DeepEqual(got.Rope, c.want) || !slices.Equal(got.Kinds, c.kinds)):
			t.Errorf("%s: %+v, %+v, want %+v, %+v", c.name, got.Rope, got.Kinds, c.want, c.kinds)
		}
	}
}
