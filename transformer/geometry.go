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
	"qwen3-8b": {Layers: 36, Hidden: 4096, Intermediate: 12288, Heads: 32, KVHeads: 8, HeadDim: 128, Vocab: 151936,
		MaxPositions: 40960, RopeTheta: 1e6, QKNorm: true},
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
// the Qwen models of their names. An unknown name is an error that lists the known ones.
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
