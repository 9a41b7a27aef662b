package checkpoint_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tandem/transformer"
	"tandem/transformer/checkpoint"
	"tandem/transformer/cpu"
)

// TestReferenceLogits compares every kernel set with PyTorch's logits of the same weights, causal and block passes:
// relative L2 distance at most 1e-4 in f32 and 1e-2 in bf16.
func TestReferenceLogits(t *testing.T) {
	var reference struct {
		Model string `json:"model_sha256"`
		Cases []struct {
			Tokens   []int32 `json:"tokens"`
			Span     int     `json:"span"`
			FirstRow int     `json:"first_row"`
			Tensor   string  `json:"tensor"`
		} `json:"cases"`
	}
	data, err := os.ReadFile("testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &reference); err != nil {
		t.Fatal(err)
	}
	rows := readF32(t, "testdata/reference.safetensors")
	for dtype, most := range map[transformer.Dtype]float64{transformer.F32: 1e-4, transformer.BF16: 1e-2} {
		m, err := checkpoint.Embedded(dtype)
		if err != nil {
			t.Fatal(err)
		}
		if m.SHA256() != reference.Model {
			t.Fatalf("the reference logits are of model %s, the embedded one is %s: run transformer/pretrain/reference.py", reference.Model, m.SHA256())
		}
		for _, kernels := range cpu.Kernels(dtype) {
			backend, err := cpu.New(m.Weights, cpu.Options{Threads: 2, Kernels: kernels})
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range reference.Cases {
				want := rows[c.Tensor]
				got := logits(t, backend, c.Tokens, c.Span, c.FirstRow)
				if len(got) != len(want) || len(want) == 0 {
					t.Fatalf("%s: %d logits, want %d", c.Tensor, len(got), len(want))
				}
				if d := distance(got, want); !(d <= most) {
					t.Errorf("%s, %s, %s, span %d: relative L2 %.2g, want at most %.0g", c.Tensor, dtype, kernels, c.Span, d, most)
				}
			}
			if err := backend.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

func logits(t *testing.T, backend transformer.Backend, tokens []int32, span, first int) []float32 {
	t.Helper()
	session, err := backend.Open(1, len(tokens))
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	pass := transformer.Pass{Tokens: tokens, Span: span}
	for row := first; row < first+8; row++ {
		pass.Want = append(pass.Want, row)
	}
	pass.Logits = make([]float32, len(pass.Want)*backend.Config().Vocab)
	if _, err := session.Forward(t.Context(), []transformer.Pass{pass}); err != nil {
		t.Fatal(err)
	}
	return pass.Logits
}

func distance(got, want []float32) float64 {
	var difference, size float64
	for i := range want {
		d := float64(got[i] - want[i])
		difference += d * d
		size += float64(want[i]) * float64(want[i])
	}
	return math.Sqrt(difference / size)
}

// readF32 is a second, simple reader of a safetensors file of f32 tensors.
func readF32(t *testing.T, path string) map[string][]float32 {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	n := binary.LittleEndian.Uint64(data)
	var header map[string]struct {
		Offsets [2]int `json:"data_offsets"`
	}
	if err := json.Unmarshal(data[8:8+n], &header); err != nil {
		t.Fatal(err)
	}
	out := map[string][]float32{}
	for name, s := range header {
		raw := data[8+int(n)+s.Offsets[0] : 8+int(n)+s.Offsets[1]]
		numbers := make([]float32, len(raw)/4)
		if err := binary.Read(bytes.NewReader(raw), binary.LittleEndian, numbers); err != nil {
			t.Fatal(err)
		}
		out[name] = numbers
	}
	return out
}

func TestEmbedded(t *testing.T) {
	m, err := checkpoint.Embedded("")
	if err != nil {
		t.Fatal(err)
	}
	if m.Weights.Dtype != transformer.BF16 || m.Name != "embedded" {
		t.Errorf("%s in %s", m.Name, m.Weights.Dtype)
	}
	if m.Parameters > 8e6 {
		t.Errorf("%d parameters, want at most 8 million", m.Parameters)
	}
	if id, ok := m.Tokenizer.ID("<|mask|>"); !ok || id != m.Config.MaskToken {
		t.Errorf("the tokenizer's mask is %d, the config's %d", id, m.Config.MaskToken)
	}
	if id, ok := m.Tokenizer.ID("<|endoftext|>"); !ok || len(m.Config.EOSTokens) != 1 || id != m.Config.EOSTokens[0] {
		t.Errorf("the tokenizer's end is %d, the config's %v", id, m.Config.EOSTokens)
	}
	again, err := checkpoint.Load("embedded", "")
	if err != nil {
		t.Fatal(err)
	}
	if again.SHA256() != m.SHA256() || again.Parameters != m.Parameters {
		t.Error("the folder's checkpoint is not the embedded one")
	}
}

// A damage changes one file of a copy of a small checkpoint.
type damage struct {
	name, file string
	change     func(data []byte) []byte // nil removes the file
	want       string
}

func edit(old, new string) func([]byte) []byte {
	return func(data []byte) []byte {
		if !bytes.Contains(data, []byte(old)) {
			panic(fmt.Sprintf("%q is not in the file", old))
		}
		return bytes.Replace(data, []byte(old), []byte(new), 1)
	}
}

// rewriteHeader changes the JSON of a safetensors file and its length.
func rewriteHeader(change func(string) string) func([]byte) []byte {
	return func(data []byte) []byte {
		n := binary.LittleEndian.Uint64(data)
		header := change(string(data[8 : 8+n]))
		out := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
		return append(append(out, header...), data[8+n:]...)
	}
}

// spoil sets a number of a bf16 tensor.
func spoil(tensor string, number int, bits uint16) func([]byte) []byte {
	return func(data []byte) []byte {
		n := binary.LittleEndian.Uint64(data)
		var header map[string]struct {
			Offsets [2]int `json:"data_offsets"`
		}
		if err := json.Unmarshal(data[8:8+n], &header); err != nil {
			panic(err)
		}
		binary.LittleEndian.PutUint16(data[8+int(n)+header[tensor].Offsets[0]+2*number:], bits)
		return data
	}
}

// TestBadCheckpoints is the table of broken and hostile ones, each with its one line.
func TestBadCheckpoints(t *testing.T) {
	model, config, tokens := "model.safetensors", "config.json", "tokenizer.json"
	for _, d := range []damage{
		{"no config", config, nil, "config.json is missing"},
		{"no tokenizer", tokens, nil, "tokenizer.json is missing"},
		{"no weights", model, nil, "neither model.safetensors nor"},
		{"config cut off", config, func(b []byte) []byte { return b[:len(b)/2] }, "config.json: unexpected end"},
		{"tokenizer cut off", tokens, func(b []byte) []byte { return b[:len(b)/2] }, "tokenizer.json: "},
		{"architecture", config, edit("Qwen3ForCausalLM", "MambaForCausalLM"), `architecture "MambaForCausalLM" is not supported; supported are`},
		{"no architecture", config, edit(`"Qwen3ForCausalLM"`, ""), "architectures names 0"},
		{"unknown key", config, edit(`"hidden_act"`, `"clip_qkv": 8, "hidden_act"`), `unknown key "clip_qkv"`},
		{"activation", config, edit(`"silu"`, `"gelu"`), `hidden_act "gelu" is not supported`},
		{"rope scaling", config, edit(`"rope_scaling": null`, `"rope_scaling": {"type": "yarn"}`), `rope_scaling: factor is missing, which rope_type "yarn" needs`},
		{"bias", config, edit(`"attention_bias": false`, `"attention_bias": true`), "model.layers.0.self_attn.q_proj.bias\" is missing"},
		{"sliding", config, edit(`"hidden_act"`, `"use_sliding_window": true, "sliding_window": -4, "hidden_act"`), "sliding_window must be positive, not -4"},
		{"no layers", config, edit(`"num_hidden_layers": 6`, `"num_hidden_layers": 0`), "layers must be positive"},
		{"more layers", config, edit(`"num_hidden_layers": 6`, `"num_hidden_layers": 7`), "model.layers.6.input_layernorm.weight\" is missing"},
		{"fewer layers", config, edit(`"num_hidden_layers": 6`, `"num_hidden_layers": 5`), "has no place in this architecture"},
		{"shape", config, edit(`"intermediate_size": 768`, `"intermediate_size": 512`), "has shape [768 256]; config.json wants [512 256]"},
		{"vocabulary", config, edit(`"vocab_size": 2048`, `"vocab_size": 1024`), "tokenizer.json has 2048 entries, config.json's vocab_size is 1024"},
		{"mask", config, edit(`"mask_token_id": 1`, `"mask_token_id": 4096`), "mask token 4096 lies outside"},
		{"end", config, edit(`"eos_token_id": 0`, `"eos_token_id": "end"`), "want a token id"},
		{"no eps", config, edit(`"rms_norm_eps": 1e-06`, `"rms_norm_eps": 0`), "config.json: rms_norm_eps must be positive, not 0: write the one"},
		{"negative eps", config, edit(`"rms_norm_eps": 1e-06`, `"rms_norm_eps": -1`), "rms_norm_eps must be positive, not -1"},
		{"huge eps", config, edit(`"rms_norm_eps": 1e-06`, `"rms_norm_eps": 1e99`), "bad value in rms_norm_eps: value out of range"},
		{"head dim 0", config, edit(`"head_dim": 64`, `"head_dim": 0`), "config.json: head_dim must be positive, not 0: write the one"},
		{"odd head dim", config, edit(`"head_dim": 64`, `"head_dim": 63`), "head dim 63 is odd"},
		{"no key/value heads", config, edit(`"num_key_value_heads": 2`, `"num_key_value_heads": 0`), "num_key_value_heads must be positive, not 0"},
		{"heads beyond an int", config, edit(`"num_attention_heads": 4`, `"num_attention_heads": 6148914691236517206`), "num_attention_heads is 6148914691236517206, above"},
		{"a half", config, edit(`"num_hidden_layers": 6`, `"num_hidden_layers": 6.5`), "bad value in num_hidden_layers: want a whole number"},
		{"no vocabulary", config, edit(`"vocab_size": 2048`, `"vocab_size": null`), "vocab_size is missing"},
		{"theta 0", config, edit(`"rope_theta": 10000.0`, `"rope_theta": 0`), "config.json: rope_theta must be at least 1, not 0"},
		{"tiny theta", config, edit(`"rope_theta": 10000.0`, `"rope_theta": 1e-320`), "rope_theta must be at least 1"},
		{"no positions", config, edit(`"max_position_embeddings": 512`, `"max_position_embeddings": 0`), "max_position_embeddings must be positive, not 0"},
		{"negative positions", config, edit(`"max_position_embeddings": 512`, `"max_position_embeddings": -1`), "max_position_embeddings must be positive, not -1"},
		{"block of 0", config, edit(`"hidden_act"`, `"block_size": 0, "hidden_act"`), "block_size must be positive, not 0"},
		{"negative mask", config, edit(`"mask_token_id": 1`, `"mask_token_id": -7`), "config.json: mask_token_id: mask token -7 lies outside the vocabulary of 2048"},
		{"end outside", config, edit(`"eos_token_id": 0`, `"eos_token_id": [0, 2048]`), "eos_token_id: eos token 2048 lies outside the vocabulary of 2048"},
		{"negative end", config, edit(`"eos_token_id": 0`, `"eos_token_id": -1`), "eos_token_id: eos token -1 lies outside"},
		{"beginning outside", config, edit(`"hidden_act"`, `"bos_token_id": 2048, "hidden_act"`), "bos_token_id: bos token 2048 lies outside"},
		{"padding outside", config, edit(`"pad_token_id": 0`, `"pad_token_id": 5000`), "pad_token_id: pad token 5000 lies outside"},
		{"key twice", config, edit(`"hidden_act"`, `"vocab_size": 2048, "hidden_act"`), `config.json: key "vocab_size" stands twice: keep one of them`},
		{"config of 2 MB", config, func(b []byte) []byte { return append(b, make([]byte, 2<<20)...) }, "are more than the 1048576 that any published model needs"},
		{"tokenizer of 70 MB", tokens, func(b []byte) []byte { return append(b, make([]byte, 70<<20)...) }, "are more than the 67108864 that any published model needs"},
		{"entry twice", tokens, edit(`"vocab": {`, `"vocab": {"ab": 5, "ab": 6, `), `tokenizer.json: tokenizer: not a tokenizer.json: key "ab" stands twice in model/vocab`},
		{"added token outside", tokens, edit(`"added_tokens": [`, `"added_tokens": [{"id": 2048, "content": "<|more|>"}, `), "tokenizer.json has 2049 entries, config.json's vocab_size is 2048"},
		{"no merges", tokens, func(b []byte) []byte { return bytes.Replace(b, []byte(`"merges":`), []byte(`"emerges":`), 1) }, "merges is empty or missing"},
		{"weights cut off", model, func(b []byte) []byte { return b[:len(b)-1000] }, "truncated"},
		{"weights cut in the header", model, func(b []byte) []byte { return b[:100] }, "truncated"},
		{"weights of 3 bytes", model, func(b []byte) []byte { return b[:3] }, "truncated"},
		{"weights too long", model, func(b []byte) []byte { return append(b, 0) }, "too long"},
		{"no safetensors", model, func(b []byte) []byte { return []byte("<!DOCTYPE html><html>not found</html>") }, "not a safetensors file"},
		{"header", model, rewriteHeader(func(h string) string { return strings.Replace(h, "{", "[", 1) }), "header: "},
		{"dtype", model, rewriteHeader(func(h string) string { return strings.Replace(h, "BF16", "I8", 1) }), "dtype I8 is not supported"},
		{"name", model, rewriteHeader(func(h string) string { return strings.Replace(h, "model.norm.weight", "model.norm.wait", 1) }), `"model.norm.weight" is missing`},
		{"tensor twice", model, rewriteHeader(func(h string) string {
			return strings.Replace(h, "{", `{"model.norm.weight": {"dtype": "BF16", "shape": [256], "data_offsets": [0, 512]}, `, 1)
		}), `key "model.norm.weight" stands twice: keep one of them`},
		{"shape twice", model, rewriteHeader(func(h string) string { return strings.Replace(h, `"shape":`, `"shape":[1],"shape":`, 1) }), `key "shape" stands twice`},
		{"three offsets", model, rewriteHeader(func(h string) string { return strings.Replace(h, `"data_offsets":[`, `"data_offsets":[0,`, 1) }), "bad value in data_offsets: too many"},
		{"NaN", model, spoil("model.layers.3.mlp.down_proj.weight", 1000, 0x7fc0), `model.safetensors: tensor "model.layers.3.mlp.down_proj.weight": number 1001 of 196608 is NaN`},
		{"infinite", model, spoil("model.norm.weight", 255, 0xff80), `tensor "model.norm.weight": number 256 of 256 is +Inf`},
	} {
		t.Run(d.name, func(t *testing.T) {
			dir := t.TempDir()
			for _, name := range []string{config, "tokenizer.json", model} {
				data, err := os.ReadFile(filepath.Join("embedded", name))
				if err != nil {
					t.Fatal(err)
				}
				if name == d.file {
					if d.change == nil {
						continue
					}
					data = d.change(data)
				}
				if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			err := pack(dir)
			if err == nil || !strings.Contains(err.Error(), d.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want one line with %q", err, d.want)
			}
		})
	}
}

// pack loads a checkpoint and puts it on the processor.
func pack(dir string) error {
	m, err := checkpoint.Load(dir, "")
	if err != nil {
		return err
	}
	defer m.Close()
	b, err := cpu.New(m.Weights, cpu.Options{Threads: 2})
	if err != nil {
		return err
	}
	return b.Close()
}

func TestLoadWrongPath(t *testing.T) {
	for path, want := range map[string]string{"no/such/folder": "no such folder", "checkpoint.go": "not a folder"} {
		if _, err := checkpoint.Load(path, ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
}

// TestShards splits the embedded weights into two files with an index.
func TestShards(t *testing.T) {
	want, err := checkpoint.Embedded("")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	data, err := os.ReadFile("embedded/model.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	n := binary.LittleEndian.Uint64(data)
	var header map[string]map[string]any
	if err := json.Unmarshal(data[8:8+n], &header); err != nil {
		t.Fatal(err)
	}
	delete(header, "__metadata__")
	var parts [2]bytes.Buffer
	heads, places := [2]map[string]map[string]any{{}, {}}, map[string]string{}
	part := 0
	for name, s := range header {
		offsets := s["data_offsets"].([]any)
		raw := data[8+int(n)+int(offsets[0].(float64)) : 8+int(n)+int(offsets[1].(float64))]
		s["data_offsets"] = []int{parts[part].Len(), parts[part].Len() + len(raw)}
		parts[part].Write(raw)
		heads[part][name], places[name] = s, fmt.Sprintf("part-%d.safetensors", part)
		part = 1 - part
	}
	for i := range parts {
		text, _ := json.Marshal(heads[i])
		file := append(append(binary.LittleEndian.AppendUint64(nil, uint64(len(text))), text...), parts[i].Bytes()...)
		write(t, dir, fmt.Sprintf("part-%d.safetensors", i), file)
	}
	index, _ := json.Marshal(map[string]any{"weight_map": places})
	write(t, dir, "model.safetensors.index.json", index)
	for _, name := range []string{"config.json", "tokenizer.json"} {
		text, err := os.ReadFile("embedded/" + name)
		if err != nil {
			t.Fatal(err)
		}
		write(t, dir, name, text)
	}
	got, err := checkpoint.Load(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Weights.Layers) != len(want.Weights.Layers) || !equal(got.Weights.Layers[5].Down.Convert(transformer.BF16).BF16, want.Weights.Layers[5].Down.BF16) {
		t.Error("the weights of the shards are not those of the one file")
	}
	if err := os.Remove(filepath.Join(dir, "part-1.safetensors")); err != nil {
		t.Fatal(err)
	}
	if _, err := checkpoint.Load(dir, ""); err == nil || !strings.Contains(err.Error(), "part-1.safetensors: the file is missing") {
		t.Errorf("a missing shard: %v", err)
	}
}

func write(t testing.TB, dir, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func equal(a, b []uint16) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
