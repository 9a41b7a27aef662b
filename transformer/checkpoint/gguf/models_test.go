package gguf_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"

	"tandem/transformer"
	"tandem/transformer/checkpoint"
	"tandem/transformer/cpu"
)

// A model is what transformers makes of a small file of testdata/models.py.
type model struct {
	Whole  bool // the rows attend to the whole sequence
	Tokens []int32
	Rows   []int
	Logits []byte
}

func models(t *testing.T) map[string]model {
	t.Helper()
	data, err := os.ReadFile("testdata/models.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden map[string]model
	if err := json.Unmarshal(data, &golden); err != nil {
		t.Fatal(err)
	}
	if len(golden) != 5 {
		t.Fatalf("%d models, want 5", len(golden))
	}
	return golden
}

// TestModels: the logits of each architecture are transformers', in f32 nearly and in bf16 roughly.
func TestModels(t *testing.T) {
	for name, want := range models(t) {
		for dtype, tolerance := range map[transformer.Dtype]float64{transformer.F32: 1e-5, transformer.BF16: 1e-2} {
			m, err := checkpoint.Load("testdata/"+name+".gguf", dtype)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if m.Weights.Dtype != dtype || m.Name != name || len(m.SHA256()) != 64 || m.Parameters == 0 {
				t.Errorf("%s: dtype %q, name %q, hash %q, %d parameters", name, m.Weights.Dtype, m.Name, m.SHA256(), m.Parameters)
			}
			logits := forward(t, m, want)
			var off, all float64
			for i, got := range logits {
				ref := float64(math.Float32frombits(binary.LittleEndian.Uint32(want.Logits[4*i:])))
				off += (float64(got) - ref) * (float64(got) - ref)
				all += ref * ref
			}
			if distance := math.Sqrt(off / all); !(distance <= tolerance) {
				t.Errorf("%s in %s: the logits are off by %.3g, more than %g", name, dtype, distance, tolerance)
			}
		}
	}
}

// forward computes the logits of the model's rows.
func forward(t *testing.T, m *checkpoint.Model, want model) []float32 {
	t.Helper()
	backend, err := cpu.New(m.Weights, cpu.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer backend.Close()
	session, err := backend.Open(1, len(want.Tokens))
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	pass := transformer.Pass{Tokens: want.Tokens, Span: 1, Want: want.Rows, Logits: make([]float32, len(want.Rows)*m.Config.Vocab)}
	if want.Whole {
		pass.Span = 0
	}
	if _, err := session.Forward(context.Background(), []transformer.Pass{pass}); err != nil {
		t.Fatal(err)
	}
	return pass.Logits
}

// TestConfigs: what the metadata say reaches the Config and the tokenizer.
func TestConfigs(t *testing.T) {
	for name := range models(t) {
		m, err := checkpoint.Load("testdata/"+name+".gguf", "")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want := transformer.Config{Name: name, Layers: 2, Hidden: 64, Intermediate: 96, Heads: 4, KVHeads: 2, HeadDim: 16, Vocab: 288,
			MaxPositions: 512, RopeTheta: 5e5, NormEps: 1e-5, MaskToken: -1, EOSTokens: []int32{260}}
		text, dtype := []int32{'a', 259, 258, 260, 261}, transformer.F32
		switch name {
		case "llama":
			want.Tied = true
		case "qwen2":
			want.QKVBias = true
		case "qwen3":
			want.QKNorm, want.Tied = true, true
		case "dream":
			want.QKVBias, want.Shifted, want.MaskToken, want.Attention = true, true, 261, transformer.WholeSequence
		case "llada":
			want.MaskToken, want.Attention, dtype = 261, transformer.WholeSequence, transformer.BF16
			text = slices.Insert(text, 0, 260) // add_bos_token
		}
		if got := m.Config; !equal(got, want) || !equal(m.Weights.Config, want) || m.Weights.Dtype != dtype {
			t.Errorf("%s: %+v in %s, want %+v", name, got, m.Weights.Dtype, want)
		}
		before, after := m.Tokenizer.Frame()
		if got := slices.Concat(before, m.Tokenizer.Encode("a hehell<|end|><|mask|>"), after); !slices.Equal(got, text) {
			t.Errorf("%s: tokens %v, want %v", name, got, text)
		}
		if own, err := checkpoint.LoadTokenizer("testdata/" + name + ".gguf"); err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got := own.Encode("a hehell<|end|><|mask|>"); !slices.Equal(slices.Concat(before, got, after), text) {
			t.Errorf("%s: tokens %v of the tokenizer alone, want %v", name, got, text)
		}
		if piece := m.Tokenizer.Piece(270); piece != nil {
			t.Errorf("%s: the unused id 270 stands for %q", name, piece)
		}
	}
}

// equal compares configs, which have slices.
func equal(a, b transformer.Config) bool {
	left, _ := json.Marshal(a)
	right, _ := json.Marshal(b)
	return string(left) == string(right)
}
