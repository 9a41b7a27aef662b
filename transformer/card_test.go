package transformer_test

import (
	"fmt"
	"math"
	"testing"

	"tandem/transformer"
)

// little has 2 layers of matrices [4,8] q, [2,8] k, [2,8] v, [8,4] o, 3 x [16,8]: 32+16+16+32+384 = 480 numbers, and
// norms of 8+8; a vocabulary of 32 x 8 = 256; a final norm of 8.
var little = transformer.Config{Layers: 2, Hidden: 8, Intermediate: 16, Heads: 2, KVHeads: 1, HeadDim: 2, Vocab: 32,
	RopeTheta: 1e4, Tied: true}

// The numbers are worked out by hand in the comments.
func TestCard(t *testing.T) {
	untied, qwen2, qwen3 := little, little, little
	untied.Tied = false
	qwen2.QKVBias = true // 4+2+2 biases a layer
	qwen3.QKNorm = true  // 2+2 gains a layer
	one := transformer.Shape{Rows: 1, Reach: 10, Want: 1, Causal: true}
	for _, c := range []struct {
		name                     string
		config                   transformer.Config
		dtype                    transformer.Dtype
		shape                    transformer.Shape
		parameters, bytes, flops int64
	}{
		// 2*480 + 2*16 + 256 + 8 = 1256. Bytes: (960+256)*4 + 40*4 + one embedding 32 + 10 slots of 2*2*2*4 = 32.
		// FLOPs: 2*(960+256) + 4 * 2 layers * 2 heads * 2 dims * 10 slots.
		{"token f32", little, transformer.F32, one, 1256, 4864 + 160 + 32 + 320, 2432 + 320},
		// Matrices, embedding, keys and values at half the bytes.
		{"token bf16", little, transformer.BF16, one, 1256, 2432 + 160 + 16 + 160, 2432 + 320},
		// The head is a second 256, but the embedding is only looked up.
		{"untied", untied, transformer.F32, one, 1512, 4864 + 160 + 32 + 320, 2432 + 320},
		{"bias", qwen2, transformer.F32, one, 1272, 4864 + 224 + 32 + 320, 2432 + 320},
		{"q/k norm", qwen3, transformer.F32, one, 1264, 4864 + 192 + 32 + 320, 2432 + 320},
		// Without a wanted row the head is neither read nor multiplied.
		{"no guess", little, transformer.F32, transformer.Shape{Rows: 1, Reach: 10}, 1256, 3840 + 160 + 32 + 320, 1920 + 320},
		// Four causal rows reach 7, 8, 9, 10 slots: 34.
		{"prefill", little, transformer.F32, transformer.Shape{Rows: 4, Reach: 10, Want: 1, Causal: true}, 1256,
			4864 + 160 + 128 + 320, 4*1920 + 512 + 32*34},
		// Four rows of a block reach 10 each; all are wanted.
		{"block", little, transformer.F32, transformer.Shape{Rows: 4, Reach: 10, Want: 4}, 1256,
			4864 + 160 + 128 + 320, 4*2432 + 32*40},
		// Three sequences share the weights and nothing else.
		{"batch", little, transformer.F32, transformer.Shape{Batch: 3, Rows: 1, Reach: 10, Want: 1, Causal: true}, 1256,
			4864 + 160 + 3*(32+320), 3 * (2432 + 320)},
	} {
		card := transformer.Card{Config: c.config, Dtype: c.dtype}
		if got := card.Parameters(); got != c.parameters {
			t.Errorf("%s: %d parameters, want %d", c.name, got, c.parameters)
		}
		if got := card.Bytes(c.shape); got != c.bytes {
			t.Errorf("%s: %d bytes, want %d", c.name, got, c.bytes)
		}
		if got := card.FLOPs(c.shape); got != c.flops {
			t.Errorf("%s: %d FLOPs, want %d", c.name, got, c.flops)
		}
	}
}

// The token of TestCard reads 5376 bytes and takes 2752 operations in f32, 2768 bytes in bf16.
func TestLimits(t *testing.T) {
	all := map[string]float64{transformer.ReadCeiling: 2, transformer.F32Ceiling: 4, transformer.BF16Ceiling: 1, transformer.BF16DotCeiling: 0.5}
	for _, c := range []struct {
		name     string
		dtype    transformer.Dtype
		ceilings map[string]float64
		want     float64 // ns
	}{
		{"bandwidth binds", transformer.F32, all, 2688}, // 5376/2; arithmetic 688
		{"arithmetic binds", transformer.BF16, all, 2752},
		{"no bandwidth", transformer.F32, map[string]float64{transformer.F32Ceiling: 4}, 688},
		{"no arithmetic", transformer.BF16, map[string]float64{transformer.ReadCeiling: 2, transformer.F32Ceiling: 4}, 1384},
		{"nothing measured", transformer.BF16, nil, 0},
	} {
		card := transformer.Card{Config: little, Dtype: c.dtype}
		if got := card.Ideal(1, 10, c.ceilings) * 1e9; math.Abs(got-c.want) > 1e-6 {
			t.Errorf("%s: %g ns, want %g", c.name, got, c.want)
		}
	}
}

// A single token of a model of half a billion parameters reads about a gigabyte in bf16.
func ExampleCard() {
	config, _ := transformer.Geometry("qwen2.5-0.5b")
	card := transformer.Card{Config: config, Dtype: transformer.BF16}
	token := transformer.Shape{Rows: 1, Reach: 1024, Want: 1, Causal: true}
	fmt.Printf("%.0f MB, %.2f GFLOP\n", float64(card.Bytes(token))/1e6, float64(card.FLOPs(token))/1e9)
	fmt.Printf("%.1f tokens/s at 40 GB/s\n", 1/card.Ideal(1, 1024, map[string]float64{transformer.ReadCeiling: 40}))
	// Output:
	// 1001 MB, 1.08 GFLOP
	// 40.0 tokens/s at 40 GB/s
}
