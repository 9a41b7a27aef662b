package gguf_test

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"tandem/transformer"
	"tandem/transformer/checkpoint"
)

// TestScaled: scaled rotary embeddings, windows, biases and scaled queries give transformers' logits, as in the same checkpoints in
// Hugging Face's format: their Configs are equal, but for names.
func TestScaled(t *testing.T) {
	data, err := os.ReadFile("../testdata/parity/cases.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Tokens []int32
		Rows   []int
		Cases  []struct {
			Name, Weights string
			Config        json.RawMessage
		}
	}
	if err := json.Unmarshal(data, &golden); err != nil {
		t.Fatal(err)
	}
	tested := 0
	for _, c := range golden.Cases {
		path := "testdata/scaled-" + c.Name + ".gguf"
		if _, err := os.Stat(path); err != nil {
			continue
		}
		tested++
		m, err := checkpoint.Load(path, transformer.F32)
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		dir := t.TempDir()
		if err := os.WriteFile(dir+"/config.json", c.Config, 0o600); err != nil {
			t.Fatal(err)
		}
		for to, from := range map[string]string{"tokenizer.json": "tokenizer.json", "model.safetensors": c.Weights + ".safetensors"} {
			text, err := os.ReadFile("../testdata/parity/" + from)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(dir+"/"+to, text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := checkpoint.Load(dir, transformer.F32)
		if err != nil {
			t.Fatal(err)
		}
		m.Config.Name, want.Config.Name = "", ""
		for _, rope := range []*transformer.Rope{&m.Config.Rope, &want.Config.Rope} { // the tensor and the magnitude are float32's
			for i, d := range rope.Divisors {
				rope.Divisors[i] = math.Round(d*1e5) / 1e5
			}
			rope.Scale, rope.QueryBeta = math.Round(rope.Scale*1e5)/1e5, math.Round(rope.QueryBeta*1e5)/1e5
		}
		m.Config.NormEps = want.Config.NormEps
		if !equal(m.Config, want.Config) {
			t.Errorf("%s: %+v, want %+v", c.Name, m.Config, want.Config)
		}
		pass := model{Tokens: golden.Tokens, Rows: golden.Rows}
		got, reference := forward(t, m, pass), forward(t, want, pass)
		var off, all float64
		for i := range got {
			off += math.Pow(float64(got[i]-reference[i]), 2)
			all += math.Pow(float64(reference[i]), 2)
		}
		if distance := math.Sqrt(off / all); !(distance <= 1e-5) {
			t.Errorf("%s: the logits are off by %.3g", c.Name, distance)
		}
	}
	if tested != 6 {
		t.Errorf("%d files, want 6", tested)
	}
}
