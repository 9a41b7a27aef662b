package transformer

import (
	"fmt"
	"sort"
	"strings"
)

// geometries are shapes of published checkpoints, for measuring speed without downloading one. They name no mask
// and no end token: random weights have nothing to say.
var geometries = map[string]Config{
	"tiny": {Layers: 6, Hidden: 256, Intermediate: 768, Heads: 4, KVHeads: 2, HeadDim: 64, Vocab: 2048,
		MaxPositions: 512, RopeTheta: 1e4, QKNorm: true, Tied: true},
	"qwen2.5-0.5b": {Layers: 24, Hidden: 896, Intermediate: 4864, Heads: 14, KVHeads: 2, HeadDim: 64, Vocab: 151936,
		MaxPositions: 32768, RopeTheta: 1e6, QKVBias: true, Tied: true},
	"qwen2.5-1.5b": {Layers: 28, Hidden: 1536, Intermediate: 8960, Heads: 12, KVHeads: 2, HeadDim: 128, Vocab: 151936,
		MaxPositions: 32768, RopeTheta: 1e6, QKVBias: true, Tied: true},
	"qwen2.5-7b": {Layers: 28, Hidden: 3584, Intermediate: 18944, Heads: 28, KVHeads: 4, HeadDim: 128, Vocab: 152064,
		MaxPositions: 32768, RopeTheta: 1e6, QKVBias: true},
	"qwen3-0.6b": {Layers: 28, Hidden: 1024, Intermediate: 3072, Heads: 16, KVHeads: 8, HeadDim: 128, Vocab: 151936,
		MaxPositions: 40960, RopeTheta: 1e6, QKNorm: true, Tied: true},
	"qwen3-1.7b": {Layers: 28, Hidden: 2048, Intermediate: 6144, Heads: 16, KVHeads: 8, HeadDim: 128, Vocab: 151936,
		MaxPositions: 40960, RopeTheta: 1e6, QKNorm: true, Tied: true},
	"qwen3-4b": {Layers: 36, Hidden: 2560, Intermediate: 9728, Heads: 32, KVHeads: 8, HeadDim: 128, Vocab: 151936,
		MaxPositions: 40960, RopeTheta: 1e6, QKNorm: true, Tied: true},
	"qwen3-8b": {Layers: 36, Hidden: 4096, Intermediate: 12288, Heads: 32, KVHeads: 8, HeadDim: 128, Vocab: 151936,
		MaxPositions: 40960, RopeTheta: 1e6, QKNorm: true},
	"smollm2-135m": {Layers: 30, Hidden: 576, Intermediate: 1536, Heads: 9, KVHeads: 3, HeadDim: 64, Vocab: 49152,
		MaxPositions: 8192, RopeTheta: 1e5, Tied: true},
	"smollm2-360m": {Layers: 32, Hidden: 960, Intermediate: 2560, Heads: 15, KVHeads: 5, HeadDim: 64, Vocab: 49152,
		MaxPositions: 8192, RopeTheta: 1e5, Tied: true},
	"smollm2-1.7b": {Layers: 24, Hidden: 2048, Intermediate: 8192, Heads: 32, KVHeads: 32, HeadDim: 64, Vocab: 49152,
		MaxPositions: 8192, RopeTheta: 130000, Tied: true},
	"llama-3.2-1b": {Layers: 16, Hidden: 2048, Intermediate: 8192, Heads: 32, KVHeads: 8, HeadDim: 64, Vocab: 128256,
		MaxPositions: 131072, RopeTheta: 5e5, Tied: true},
	"llama-3.2-3b": {Layers: 28, Hidden: 3072, Intermediate: 8192, Heads: 24, KVHeads: 8, HeadDim: 128, Vocab: 128256,
		MaxPositions: 131072, RopeTheta: 5e5, Tied: true},
	"llama-3.1-8b": {Layers: 32, Hidden: 4096, Intermediate: 14336, Heads: 32, KVHeads: 8, HeadDim: 128, Vocab: 128256,
		MaxPositions: 131072, RopeTheta: 5e5},
	"mistral-7b": {Layers: 32, Hidden: 4096, Intermediate: 14336, Heads: 32, KVHeads: 8, HeadDim: 128, Vocab: 32768,
		MaxPositions: 32768, RopeTheta: 1e6},
	"seed-coder-8b": {Layers: 32, Hidden: 4096, Intermediate: 14336, Heads: 32, KVHeads: 8, HeadDim: 128, Vocab: 155136,
		MaxPositions: 32768, RopeTheta: 5e5},
	"llada-8b": {Layers: 32, Hidden: 4096, Intermediate: 12288, Heads: 32, KVHeads: 32, HeadDim: 128, Vocab: 126464,
		MaxPositions: 4096, RopeTheta: 5e5},
}

// Geometries lists the names that Geometry knows, sorted.
func Geometries() []string {
	names := make([]string, 0, len(geometries))
	for name := range geometries {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// Geometry returns the shape of a published model. "tiny" is the shape of the embedded checkpoint; the others are
// the models of their names, with rotary embeddings that are not scaled. An unknown name is an error that lists the known ones.
func Geometry(name string) (Config, error) {
	c, ok := geometries[name]
	if !ok {
		return Config{}, fmt.Errorf("unknown geometry %q; known are %s", name, strings.Join(Geometries(), ", "))
	}
	c.Name, c.NormEps, c.MaskToken = name, 1e-6, -1
	return c, nil
}

// Parameters counts the numbers of a model: matrices, norms and biases; a tied head counts once.
func Parameters(c Config) int64 {
	d, q, kv, f := int64(c.Hidden), int64(c.Heads*c.HeadDim), int64(c.KVHeads*c.HeadDim), int64(c.Intermediate)
	layer := 2*d*q + 2*d*kv + 3*d*f + 2*d
	if c.QKVBias {
		layer += q + 2*kv
	}
	if c.OBias {
		layer += d
	}
	if c.MLPBias {
		layer += 2*f + d
	}
	if c.QKNorm {
		layer += 2 * int64(c.HeadDim)
	}
	total := int64(c.Layers)*layer + d + int64(c.Vocab)*d
	if !c.Tied {
		total += int64(c.Vocab) * d
	}
	return total
}
