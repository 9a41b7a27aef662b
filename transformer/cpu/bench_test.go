package cpu

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"tandem/transformer"
)

// embedded has the geometry of the model that comes with the program.
var embedded = transformer.Config{Name: "embedded", Layers: 6, Hidden: 256, Intermediate: 768, Heads: 4, KVHeads: 2,
	HeadDim: 64, Vocab: 2048, RopeTheta: 1e4, NormEps: 1e-6, QKNorm: true, Tied: true, MaskToken: -1}

// BenchmarkForward measures forwards of every kernel set: blocks of the embedded geometry behind 160 written slots, and
// of qwen2.5-0.5b a decoded token, a batch of 16, a block of 32 rows and a prefill of 512.
func BenchmarkForward(b *testing.B) {
	large, err := transformer.Geometry("qwen2.5-0.5b")
	if err != nil {
		b.Fatal(err)
	}
	for _, m := range []struct {
		config transformer.Config
		dtype  transformer.Dtype
		past   int
		shapes [][3]int // sequences, rows of each, wanted of each
	}{
		{embedded, transformer.BF16, 160, [][3]int{{1, 1, 1}, {1, 4, 4}, {1, 8, 8}, {1, 16, 16}, {1, 32, 32}, {16, 1, 1}}},
		{embedded, transformer.F32, 160, [][3]int{{1, 1, 1}, {1, 32, 32}}},
		{large, transformer.BF16, 256, [][3]int{{1, 1, 1}, {16, 1, 1}, {1, 32, 32}, {1, 32, 1}, {1, 512, 1}}},
		{large, transformer.F32, 256, [][3]int{{1, 1, 1}, {1, 512, 1}}},
	} {
		w := transformer.Random(m.config, m.dtype, 1)
		for _, k := range Kernels(m.dtype) {
			if k == "portable" && m.config.Hidden > embedded.Hidden {
				continue // minutes
			}
			for _, s := range m.shapes {
				name := fmt.Sprintf("%s-%s/%s/%dx%d-want%d", m.config.Name, m.dtype, k, s[0], s[1], s[2])
				b.Run(name, func(b *testing.B) { benchForward(b, w, k, m.past, s) })
			}
		}
	}
}

func benchForward(b *testing.B, w *transformer.Weights, kernels string, past int, shape [3]int) {
	slots := past + shape[1]
	s := open(b, w, Options{Kernels: kernels}, shape[0], slots)
	prompts, passes := make([]transformer.Pass, shape[0]), make([]transformer.Pass, shape[0])
	for i := range passes {
		prompts[i] = transformer.Pass{Tokens: make([]int32, past), Span: 1}
		passes[i] = transformer.Pass{Tokens: make([]int32, shape[1]), Start: past, Span: 0}
		for j := range shape[2] {
			passes[i].Want = append(passes[i].Want, shape[1]-1-j)
		}
		if shape[1] > past { // a prefill
			prompts[i].Tokens, passes[i].Start, passes[i].Span = prompts[i].Tokens[:1], 0, 1
		}
	}
	if _, err := s.Forward(b.Context(), prompts); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Forward(b.Context(), passes); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSample draws a token of a vocabulary of Qwen2.5's size, as one thread does beside each decoded token.
func BenchmarkSample(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, spread := range []float64{0.6, 3} { // of random weights, and of trained ones
		logits := make([]float32, 151936)
		for i := range logits {
			logits[i] = float32(spread * r.NormFloat64())
		}
		top := slices.Index(logits, slices.Max(logits))
		for _, p := range []transformer.Pass{{Temp: 1}, {Temp: 0.7, TopK: 20}, {Temp: 0.8, TopP: 0.95}, {Temp: 0.7, TopK: 20, TopP: 0.8}} {
			b.Run(fmt.Sprintf("spread%g/temp%g-k%d-p%g", spread, p.Temp, p.TopK, p.TopP), func(b *testing.B) {
				var t worker
				for b.Loop() {
					p.Seed++
					t.sample(&p, 7, logits, top)
				}
			})
		}
	}
}
