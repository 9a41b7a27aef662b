package gguf

import (
	"fmt"
	"math"

	"tandem/transformer"
	"tandem/transformer/checkpoint/rope"
)

// Keys of scaled rotary embeddings and of windows, behind the architecture's name and a point.
const (
	keyScaling     = "rope.scaling.type"
	keyFactor      = "rope.scaling.factor"
	keyOriginal    = "rope.scaling.original_context_length"
	keyAttnFactor  = "rope.scaling.attn_factor"
	keyYaRNFactor  = "rope.scaling.yarn_attn_factor"
	keyYaRNMix     = "rope.scaling.yarn_ext_factor"
	keyYaRNLog     = "rope.scaling.yarn_log_multiplier"
	keyBetaFast    = "rope.scaling.yarn_beta_fast"
	keyBetaSlow    = "rope.scaling.yarn_beta_slow"
	keyFinetuned   = "rope.scaling.finetuned"
	keyQueryScale  = "attention.temperature_scale"
	keyWindow      = "attention.sliding_window"
	keyWindowsAt   = "attention.sliding_window_pattern"
	tensorDivisors = "rope_freqs.weight"
)

// scalingKeys are read where the scaling is another one than none.
var scalingKeys = []string{keyFactor, keyOriginal, keyAttnFactor, keyYaRNFactor, keyYaRNMix, keyYaRNLog, keyBetaFast, keyBetaSlow}

// scaling is the type of the scaling. As for llama.cpp a factor without a type is linear.
func (f *File) scaling() (string, error) {
	missing := "none"
	if _, ok := f.metadata[f.Architecture+"."+keyFactor]; ok {
		missing = "linear"
	}
	return f.metadata.text(f.Architecture+"."+keyScaling, missing)
}

// rope is how positions are rotated: by the metadata, or by a tensor of divisors, as the converter writes llama3's.
func (r *reader) rope(c transformer.Config) (out transformer.Rope) {
	kind, err := r.file.scaling()
	r.keep(err)
	if r.file.has(tensorDivisors) {
		if kind == "yarn" {
			r.keep(fmt.Errorf("rotary embeddings scaled by %q and by tensor %q are not supported: only one of them is", kind, tensorDivisors))
		}
		out.Divisors = r.divisors(c.HeadDim / 2)
	}
	if kind == "none" || r.err != nil {
		return out
	}
	factor := r.float(keyFactor, 0)
	if !(factor > 0 && factor <= math.MaxFloat32) {
		r.keep(fmt.Errorf("rotary embeddings scaled by %q need key %q above 0, not %g: convert the model again", kind, r.key(keyFactor), factor))
		return out
	}
	switch kind {
	case "linear":
		out.Divisors = product(rope.Linear(c.HeadDim, factor), out.Divisors)
	case "yarn":
		out = r.yarn(c, factor)
	default:
		r.keep(fmt.Errorf("rotary embeddings scaled by %q are not supported; supported are none, linear, yarn, and llama3 by its tensor", kind))
	}
	return out
}

// yarn is YaRN as llama.cpp has it: with yarn_log_multiplier m the magnitude is divided by that of m [llama-context.cpp].
func (r *reader) yarn(c transformer.Config, factor float64) (out transformer.Rope) {
	original := r.size(keyOriginal, max(c.MaxPositions, 1))
	y := rope.YaRN{Factor: factor, Original: float64(original), BetaFast: r.float(keyBetaFast, 32), BetaSlow: r.float(keyBetaSlow, 1), Truncate: true}
	if mix := r.float(keyYaRNMix, 1); mix != 1 || !(y.BetaFast >= y.BetaSlow && y.BetaSlow > 0) {
		r.keep(fmt.Errorf("rotary embeddings scaled by \"yarn\" with %s %g, beta %g and %g are not supported", keyYaRNMix, mix, y.BetaFast, y.BetaSlow))
		return out
	}
	out.Divisors = y.Divisors(c.RopeTheta, c.HeadDim)
	out.Scale = rope.Magnitude(factor, 1) * r.float(keyAttnFactor, 1) * r.float(keyYaRNFactor, 1)
	if m := r.float(keyYaRNLog, 0); m != 0 {
		out.Scale /= rope.Magnitude(factor, m)
	}
	if !(out.Scale > 0 && out.Scale <= math.MaxFloat32) {
		r.keep(fmt.Errorf("rotary embeddings scaled by \"yarn\" have the magnitude %g: convert the model again", out.Scale))
	}
	return out
}

// divisors reads the tensor of divisors, one for each pair of a head.
func (r *reader) divisors(pairs int) []float64 {
	t, _ := r.file.tensor(tensorDivisors)
	if len(t.Shape) != 1 || t.Shape[0] != pairs {
		r.keep(fmt.Errorf("rotary embeddings scaled by \"llama3\": tensor %q has shape %v; the metadata want [%d]", tensorDivisors, t.Shape, pairs))
		return nil
	}
	numbers, out := make([]float32, pairs), make([]float64, pairs)
	t.Type.unpack(numbers, t.Data)
	for i, n := range numbers {
		if out[i] = float64(n); !(n > 0 && n <= math.MaxFloat32) {
			r.keep(fmt.Errorf("rotary embeddings scaled by \"llama3\": tensor %q holds %g: convert the model again", tensorDivisors, n))
		}
	}
	return out
}

// product multiplies divisors; nil are ones.
func product(a, b []float64) []float64 {
	for i := range b {
		a[i] *= b[i]
	}
	return a
}

// layers are what single layers do otherwise: a window, no rotation. It is nil where none does.
func (r *reader) layers(family family, c transformer.Config) []transformer.LayerKind {
	window := 0
	if _, ok := r.file.metadata[r.key(keyWindow)]; ok && family.window {
		window = r.size(keyWindow, 0)
	}
	at, err := value(r.file.metadata, r.key(keyWindowsAt), array{})
	r.keep(err)
	if n := at.raw; n != nil && (at.kind != typeBool || at.len() != c.Layers) {
		r.keep(fmt.Errorf("key %q has not one of true and false for each of %d layers, which is not supported", r.key(keyWindowsAt), c.Layers))
		return nil
	}
	if window == 0 && family.ropeEvery == 0 || r.err != nil {
		return nil
	}
	kinds := make([]transformer.LayerKind, c.Layers)
	for i := range kinds {
		if at.raw == nil || at.at(i) == true {
			kinds[i].Window = window
		}
		kinds[i].NoRope = family.ropeEvery > 0 && (i+1)%family.ropeEvery == 0
	}
	return kinds
}
