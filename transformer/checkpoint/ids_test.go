package checkpoint_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tandem/transformer"
	"tandem/transformer/checkpoint"
)

// TestSpecialIDs: a mask is an added token and no end of a text, wherever the ends are named. Where generation_config.json names
// ends they replace those of config.json, as in transformers' generate.
func TestSpecialIDs(t *testing.T) {
	const end, mask = 257, 258
	p := readParity(t)
	for _, c := range []struct {
		name       string
		changes    map[string]any
		generation string // "": no such file
		ends       []int32
		want       string // the error
	}{
		{"dream", nil, "", []int32{end}, ""},
		{"dream", nil, `{"eos_token_id": [256, 257], "temperature": 0.2, "new_key": {}}`, []int32{256, end}, ""},
		{"dream", nil, `{"eos_token_id": 256}`, []int32{256}, ""},
		{"dream", nil, `{"eos_token_id": null, "pad_token_id": 0}`, []int32{end}, ""},
		{"dream", nil, `{}`, []int32{end}, ""},
		{"llama", nil, `{"eos_token_id": [257, 258]}`, []int32{end, mask}, ""},
		{"dream", nil, `{"eos_token_id": "end"}`, nil, "generation_config.json: bad value in eos_token_id: want a token id"},
		{"dream", nil, `{"eos_token_id": 264}`, nil, "generation_config.json: config: end token 264 lies outside the vocabulary of 264"},
		{"dream", nil, `{"pad_token_id": 1`, nil, "generation_config.json: unexpected end"},
		{"dream", nil, `{"eos_token_id": 258}`, nil, "mask token 258 also ends a text"},
		{"dream", map[string]any{"mask_token_id": end}, "", nil, "mask token 257 also ends a text"},
		{"dream", map[string]any{"mask_token_id": 72}, "", nil, `mask token 72 is no added token of tokenizer.json but "i", which text may hold`},
		{"dream", map[string]any{"mask_token_id": 263}, "", nil, `mask token 263 is no added token of tokenizer.json but ""`},
		{"stable-diffcoder", map[string]any{"mask_token_id": nil}, "", nil, "mask token 5 is no added token"},
		{"qwen3", map[string]any{"mask_token_id": end}, "", nil, "mask token 257 also ends a text"},
	} {
		dir := p.find(t, c.name).folder(t, c.changes)
		if c.generation != "" {
			if err := os.WriteFile(filepath.Join(dir, "generation_config.json"), []byte(c.generation), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		m, err := checkpoint.Load(dir, "")
		switch {
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n")):
			t.Errorf("%s, %v, %s: %v, want one line with %q", c.name, c.changes, c.generation, err, c.want)
		case c.want == "" && err != nil:
			t.Errorf("%s, %s: %v", c.name, c.generation, err)
		case c.want == "" && !slices.Equal(m.Config.EOSTokens, c.ends):
			t.Errorf("%s, %s: ends %v, want %v", c.name, c.generation, m.Config.EOSTokens, c.ends)
		}
	}
}

// TestLayouts: a wrapped model's tensors are found under the names of published files and under those of transformers in memory; what
// belongs to the images is skipped, and nothing else is.
func TestLayouts(t *testing.T) {
	p := readParity(t)
	want, err := checkpoint.Load(p.find(t, "mistral3").folder(t, nil), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, new, want string }{
		{"", "", ""},
		{"language_model.model.", "model.language_model.", ""},
		{"language_model.model.norm", "language_model.model.gnome", `tensor "language_model.model.norm.weight" is missing`},
		{"vision_tower.", "fission_tower.", `tensor "fission_tower.`},
		{"language_model.model.", "languages_model.", `tensor "language_model.model.embed_tokens.weight" is missing`},
	} {
		dir := p.find(t, "mistral3").folder(t, nil)
		path := filepath.Join(dir, "model.safetensors")
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		changed := rewriteHeader(func(h string) string {
			h = strings.ReplaceAll(h, c.old, c.new)
			if c.want == "" && c.old != "" {
				h = strings.ReplaceAll(h, "language_model.lm_head", "lm_head")
			}
			return h
		})(data)
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, changed, 0o600); err != nil {
			t.Fatal(err)
		}
		m, err := checkpoint.Load(dir, "")
		switch {
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, want %q", c.new, err, c.want)
		case c.want == "" && (err != nil || !slices.Equal(numbers(t, m.Weights.Layers[2].Down), numbers(t, want.Weights.Layers[2].Down))):
			t.Errorf("%s: %v, or other numbers", c.new, err)
		}
	}
}

// numbers are all of a matrix, wherever they lie.
func numbers(t *testing.T, m transformer.Matrix) []float32 {
	t.Helper()
	all, err := transformer.NewRowReader(transformer.F32).Read(&m, 0, m.Rows)
	if err != nil {
		t.Fatal(err)
	}
	return all.F32
}
