package checkpoint_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"tandem/transformer"
	"tandem/transformer/checkpoint"
	"tandem/transformer/cpu"
)

// A parityCase is a checkpoint of testdata/parity/parity.py and what transformers computes with it.
type parityCase struct {
	Name    string
	Weights string
	Config  map[string]any
	Passes  []struct {
		Span   int
		Logits string // tensor of logits.safetensors
	}
}

type parity struct {
	Tokens []int32
	Rows   []int
	Cases  []parityCase
}

func readParity(t *testing.T) (p parity) {
	t.Helper()
	data, err := os.ReadFile("testdata/parity/cases.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

// find is the case of a name.
func (p parity) find(t *testing.T, name string) parityCase {
	t.Helper()
	for _, c := range p.Cases {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("no case %q", name)
	return parityCase{}
}

// folder lays out the case's checkpoint, with changes of its config; nil removes a key.
func (c parityCase) folder(t *testing.T, changes map[string]any) string {
	t.Helper()
	config := map[string]any{}
	for _, keys := range []map[string]any{c.Config, changes} {
		for key, value := range keys {
			config[key] = value
			if _, changed := changes[key]; changed && value == nil {
				delete(config, key)
			}
		}
	}
	text, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "config.json"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, from := range map[string]string{"tokenizer.json": "tokenizer.json", "model.safetensors": c.Weights + ".safetensors"} {
		to, err := filepath.Abs(filepath.Join("testdata/parity", from))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// run computes the rows' logits in one pass, or where from is positive in two, the second of which begins there.
func (p parity) run(t *testing.T, b transformer.Backend, span, from int) []float32 {
	t.Helper()
	session, err := b.Open(1, len(p.Tokens))
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	var out []float32
	for start, end := 0, from; start < len(p.Tokens); start, end = end, len(p.Tokens) {
		if end == 0 {
			end = len(p.Tokens)
		}
		pass := transformer.Pass{Tokens: p.Tokens[start:end], Start: start, Span: span}
		for _, row := range p.Rows {
			if start <= row && row < end {
				pass.Want = append(pass.Want, row-start)
			}
		}
		pass.Logits = make([]float32, len(pass.Want)*b.Config().Vocab)
		if _, err := session.Forward(t.Context(), []transformer.Pass{pass}); err != nil {
			t.Fatal(err)
		}
		out = append(out, pass.Logits...)
	}
	return out
}

// TestParity: the logits of every family are transformers', for causal passes, whole sequences and blocks, and so are those of a
// pass that goes on over stored keys and values.
func TestParity(t *testing.T) {
	p, golden := readParity(t), readF32(t, "testdata/parity/logits.safetensors")
	for _, c := range p.Cases {
		t.Run(c.Name, func(t *testing.T) {
			for dtype, most := range map[transformer.Dtype]float64{transformer.F32: 1e-4, transformer.BF16: 1e-2} {
				m, err := checkpoint.Load(c.folder(t, nil), dtype)
				if err != nil {
					t.Fatal(err)
				}
				for _, kernels := range cpu.Kernels(dtype) {
					b, err := cpu.New(m.Weights, cpu.Options{Threads: 1, Kernels: kernels})
					if err != nil {
						t.Fatal(err)
					}
					for _, pass := range c.Passes {
						for _, from := range []int{0, 40} {
							if from > 0 && pass.Span == 0 {
								continue // the first rows attend to all
							}
							if d := distance(p.run(t, b, pass.Span, from), golden[pass.Logits]); !(d <= most) {
								t.Errorf("%s, %s, span %d from %d: relative L2 %.2g, want at most %.0g", dtype, kernels, pass.Span, from, d, most)
							}
						}
					}
					if err := b.Close(); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
}
