package gguf

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tandem/transformer"
)

// A draft is a file to be written: metadata by key, and tensors in the order of their bytes.
type draft struct {
	version  uint32
	metadata map[string]any // uint32, float32, bool, string, []string, []int32 or []uint64
	tensors  []draftTensor
}

type draftTensor struct {
	name  string
	kind  Type
	shape []uint64 // as in the file: columns first
	data  []byte
}

// tiny is a model of the printable characters, two added tokens and one layer of two numbers.
func tiny() draft {
	tokens, types := []string{"Ġ"}, []int32{tokenNormal}
	for c := '!'; c <= '~'; c++ {
		tokens, types = append(tokens, string(c)), append(types, tokenNormal)
	}
	tokens, types = append(tokens, "he", "<|end|>", "<|mask|>"), append(types, tokenNormal, tokenControl, tokenControl)
	vocab := uint64(len(tokens))
	d := draft{version: 3, metadata: map[string]any{
		"general.architecture": "llada", "general.name": "tiny", "llada.block_count": uint32(1), "llada.embedding_length": uint32(2),
		"llada.feed_forward_length": uint32(4), "llada.attention.head_count": uint32(1), "llada.attention.layer_norm_rms_epsilon": float32(1e-5),
		"llada.attention.causal": false, "llada.rope.scaling.type": "none", keyModel: "gpt2", keyPre: "smollm", keyTokens: tokens, keyTypes: types,
		keyMerges: []string{"h e"}, keyEOS: uint32(vocab - 2), keyMask: uint32(vocab - 1),
	}}
	add := func(name string, shape ...uint64) {
		n := uint64(1)
		for _, size := range shape {
			n *= size
		}
		d.tensors = append(d.tensors, draftTensor{name, F32, shape, bytes.Repeat([]byte{0, 0, 0x80, 0x3f}, int(n))})
	}
	add("token_embd.weight", 2, vocab)
	add("output_norm.weight", 2)
	for _, name := range []string{"attn_q", "attn_k", "attn_v", "attn_output"} {
		add("blk.0."+name+".weight", 2, 2)
	}
	add("blk.0.attn_norm.weight", 2)
	add("blk.0.ffn_norm.weight", 2)
	add("blk.0.ffn_gate.weight", 2, 4)
	add("blk.0.ffn_up.weight", 2, 4)
	add("blk.0.ffn_down.weight", 4, 2)
	return d
}

// tensor finds a tensor of the draft.
func (d *draft) tensor(name string) *draftTensor {
	return &d.tensors[slices.IndexFunc(d.tensors, func(t draftTensor) bool { return t.name == name })]
}

// bytes writes the file.
func (d *draft) bytes() []byte {
	text := func(b []byte, s string) []byte {
		return append(binary.LittleEndian.AppendUint64(b, uint64(len(s))), s...)
	}
	put := func(b []byte, v any) []byte { b, _ = binary.Append(b, binary.LittleEndian, v); return b }
	b := put([]byte(magic), d.version)
	b = put(put(b, uint64(len(d.tensors))), uint64(len(d.metadata)))
	for _, key := range slices.Sorted(maps.Keys(d.metadata)) {
		b = text(b, key)
		switch v := d.metadata[key].(type) {
		case uint32:
			b = put(put(b, uint32(typeU32)), v)
		case float32:
			b = put(put(b, uint32(typeF32)), v)
		case bool:
			b = put(put(b, uint32(typeBool)), v)
		case string:
			b = text(put(b, uint32(typeString)), v)
		case []string:
			b = put(put(put(b, uint32(typeArray)), uint32(typeString)), uint64(len(v)))
			for _, s := range v {
				b = text(b, s)
			}
		case []int32:
			b = put(put(put(put(b, uint32(typeArray)), uint32(typeI32)), uint64(len(v))), v)
		default:
			panic(fmt.Sprintf("%T", v))
		}
	}
	var data []byte
	for _, t := range d.tensors {
		b = put(put(text(b, t.name), uint32(len(t.shape))), t.shape)
		b = put(put(b, uint32(t.kind)), uint64(len(data)))
		data = append(data, t.data...)
		data = append(data, make([]byte, -len(data)&(defaultWord-1))...)
	}
	return append(append(b, make([]byte, -len(b)&(defaultWord-1))...), data...)
}

// read takes a file all the way, as far as a backend does.
func read(data []byte, dtype transformer.Dtype) (*transformer.Weights, error) {
	f, err := parse(data)
	if err != nil {
		return nil, err
	}
	if _, err := f.Tokenizer(); err != nil {
		return nil, err
	}
	w, err := f.Weights(dtype)
	if err != nil {
		return nil, err
	}
	rows := transformer.NewRowReader(w.Dtype)
	for _, m := range matrices(w) {
		if *m, err = rows.Read(m, 0, m.Rows); err != nil {
			return nil, err
		}
		*m = m.Convert(transformer.F32) // a copy: the reader uses its memory again
		m.F32 = slices.Clone(m.F32)
	}
	return w, nil
}

// matrices are those of a model of one layer or more.
func matrices(w *transformer.Weights) []*transformer.Matrix {
	list := []*transformer.Matrix{&w.Embed}
	for i := range w.Layers {
		l := &w.Layers[i]
		list = append(list, &l.Q, &l.K, &l.V, &l.O, &l.Gate, &l.Up, &l.Down)
	}
	if !w.Config.Tied {
		list = append(list, &w.Head)
	}
	return list
}

func TestVersions(t *testing.T) {
	for _, version := range []uint32{2, 3} {
		d := tiny()
		d.version = version
		w, err := read(d.bytes(), "")
		if err != nil {
			t.Fatal(err)
		}
		if w.Dtype != transformer.F32 || w.Config.MaskToken != 97 || !w.Config.Tied || len(w.Layers) != 1 {
			t.Errorf("version %d: %s, %+v", version, w.Dtype, w.Config)
		}
	}
}

// TestRefuses: what is damaged, or would compute something else, is refused in one line.
func TestRefuses(t *testing.T) {
	set := func(key string, value any) func(*draft) { return func(d *draft) { d.metadata[key] = value } }
	drop := func(key string) func(*draft) { return func(d *draft) { delete(d.metadata, key) } }
	shape := func(name string, shape ...uint64) func(*draft) {
		return func(d *draft) { d.tensor(name).shape = shape }
	}
	fill := func(bits uint32) func(*draft) {
		return func(d *draft) { binary.LittleEndian.PutUint32(d.tensor("blk.0.ffn_up.weight").data[8:], bits) }
	}
	for _, c := range []struct {
		name  string
		spoil func(*draft)
		want  string
	}{
		{"version 1", func(d *draft) { d.version = 1 }, "GGUF version 1 is not supported"},
		{"big-endian", func(d *draft) { d.version = 3 << 24 }, "big-endian"},
		{"architecture", set("general.architecture", "mamba"), `architecture "mamba" is not supported; supported are dream, llada, llama, mistral3, qwen2, qwen3, smollm3`},
		{"no architecture", drop("general.architecture"), `architecture "" is not supported`},
		{"architecture's type", set("general.architecture", uint32(1)), `key "general.architecture" is an integer, not a text`},
		{"two unknown keys", func(d *draft) {
			d.metadata["llada.expert_count"], d.metadata["llada.attention.sliding_window"] = uint32(8), uint32(64)
		}, "not supported: llada.attention.sliding_window, llada.expert_count"},
		{"scaling's keys", set("llada.rope.scaling.factor", float32(4)), "not supported: llada.rope.scaling.factor"},
		{"scaling", set("llada.rope.scaling.type", "yarn"), `rotary embeddings scaled by "yarn"`},
		{"scaling's tensor", func(d *draft) {
			d.tensors = append(d.tensors, draftTensor{"rope_freqs.weight", F32, []uint64{1}, make([]byte, 4)})
		}, `rotary embeddings scaled by "llama3"`},
		{"partial rotation", set("llada.rope.dimension_count", uint32(1)), "1 rotated numbers of a head's 2"},
		{"values' length", set("llada.attention.value_length", uint32(4)), "keys of 2 numbers a head and values of 4"},
		{"causal", set("llada.attention.causal", true), `"llada.attention.causal" is true`},
		{"no layers", drop("llada.block_count"), `"llada.block_count" is missing`},
		{"zero heads", set("llada.attention.head_count", uint32(0)), `"llada.attention.head_count" is 0`},
		{"huge", set("llada.embedding_length", uint32(1<<25)), "not between 1 and"},
		{"many layers", set("llada.block_count", uint32(1<<24)), `tensor "blk.1.attn_norm.weight" is missing`},
		{"heads of each layer", set("llada.attention.head_count", []int32{1}), "is a list of numbers, not an integer"},
		{"no eps", drop("llada.attention.layer_norm_rms_epsilon"), "layer_norm_rms_epsilon\" is missing"},
		{"negative eps", set("llada.attention.layer_norm_rms_epsilon", float32(-1)), "norm eps"},
		{"theta", set("llada.rope.freq_base", float32(math.NaN())), "rope theta"},
		{"no mask", drop(keyMask), "without which llada fills nothing in"},
		{"mask of the text", set(keyMask, uint32(5)), "a plain token that text may hold"},
		{"mask that ends", set(keyMask, uint32(96)), "which also ends a text"},
		{"end outside", set(keyEOS, uint32(98)), "token 98 lies outside the vocabulary of 98"},
		{"vocabulary", set("llada.vocab_size", uint32(99)), "tensor \"token_embd.weight\" has shape [98 2]; the metadata want [99 2]"},
		{"tokenizer", set(keyModel, "llama"), `tokenizer "llama" is not supported`},
		{"pre-tokenizer", set(keyPre, "grok-2"), `pre-tokenizer "grok-2" is not supported`},
		{"types", set(keyTypes, []int32{1}), "not one type for each token"},
		{"merges' type", set(keyMerges, "h e"), "is a text, not a list of texts"},
		{"merges", set(keyMerges, []string{"he"}), "does not name two tokens"},
		{"alignment", set("general.alignment", uint32(24)), "general.alignment is 24"},
		{"type", func(d *draft) { d.tensors[3].kind = 13 }, `tensor "blk.0.attn_k.weight" has type Q5_K, which is not supported: quantise the model to one of F32, F16, Q4_0`},
		{"unknown type", func(d *draft) { d.tensors[3].kind = 99 }, "type number 99"},
		{"part of a block", func(d *draft) { d.tensors[3].kind = Q4_0 }, "rows of 2 numbers, no multiple of the 32 of a block of Q4_0"},
		{"no dimensions", shape("output_norm.weight"), "has 0 dimensions"},
		{"five dimensions", shape("output_norm.weight", 1, 1, 1, 1, 2), "has 5 dimensions"},
		{"dimension of none", shape("output_norm.weight", 0, 2), "dimension of 0"},
		{"overflow", shape("output_norm.weight", 1<<30, 1<<30, 1<<30), "dimension of 1073741824"},
		{"larger than the file", shape("blk.0.ffn_down.weight", 1<<20, 1<<10), "truncated: tensor"},
		{"hole", shape("blk.0.attn_q.weight", 2, 20), "a hole or an overlap"},
		{"other shape", shape("blk.0.ffn_up.weight", 4, 2), `has shape [2 4]; the metadata want [4 2]`},
		{"twice", func(d *draft) { d.tensors[3].name = d.tensors[2].name }, "stands twice"},
		{"missing", func(d *draft) { d.tensors = slices.Delete(d.tensors, 3, 4) }, `tensor "blk.0.attn_k.weight" is missing`},
		{"one too many", func(d *draft) { d.tensors = append(d.tensors, draftTensor{"x\n", F32, []uint64{1}, make([]byte, 4)}) }, `tensor "x\n" has no place`},
		{"infinity", fill(0xff800000), `tensor "blk.0.ffn_up.weight": number 3 of 8 is +Inf`},
		{"NaN", fill(0x7fc00001), `tensor "blk.0.ffn_up.weight": number 3 of 8 is NaN`},
		{"not in bf16", fill(0x7f7fffff), `tensor "blk.0.ffn_up.weight": it holds the magnitude 3.4028235e+38, which bf16 cannot`},
	} {
		d := tiny()
		c.spoil(&d)
		_, err := read(d.bytes(), transformer.BF16)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want one line with %q", c.name, err, c.want)
		}
	}
}

// TestTruncated: a file that ends early anywhere, or goes on, is refused.
func TestTruncated(t *testing.T) {
	d := tiny()
	data := d.bytes()
	whole := len(data)
	for n := range whole - defaultWord { // the last tensor has no padding
		if _, err := parse(data[:n:n]); err == nil || strings.Contains(err.Error(), "\n") {
			t.Fatalf("%d of %d bytes: error %v", n, whole, err)
		}
	}
	if _, err := parse(append(data, make([]byte, 64)...)); err == nil || !strings.Contains(err.Error(), "too long") {
		t.Errorf("64 bytes too many: error %v", err)
	}
}

// TestCounts: counts that no file of that size can hold are refused before anything is allocated.
func TestCounts(t *testing.T) {
	d := tiny()
	for _, at := range []int{8, 16, 24} { // tensors, keys, the length of the first key
		data := d.bytes()
		binary.LittleEndian.PutUint64(data[at:], 1<<62)
		allocated := testing.AllocsPerRun(1, func() {
			if _, err := parse(data); err == nil || strings.Contains(err.Error(), "\n") {
				t.Errorf("at %d: error %v", at, err)
			}
		})
		if allocated > 100 {
			t.Errorf("at %d: %g allocations", at, allocated)
		}
	}
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	d := tiny()
	path := filepath.Join(dir, "tiny.gguf")
	if err := os.WriteFile(path, d.bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(f.Bytes(), d.bytes()) || len(f.Tensors) != len(d.tensors) || f.Version != 3 || f.Architecture != "llada" {
		t.Errorf("%d bytes, %d tensors, version %d, %s", len(f.Bytes()), len(f.Tensors), f.Version, f.Architecture)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	empty := filepath.Join(dir, "empty.gguf")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{dir: "not a regular file", empty: "the file is empty", filepath.Join(dir, "none"): "no such file",
		"header_test.go": "not a GGUF file"} {
		if _, err := Open(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", path, err, want)
		}
	}
}

// FuzzParse: a file is read or refused in one line, and one that is read has numbers that are finite.
func FuzzParse(f *testing.F) {
	d := tiny()
	f.Add(d.bytes())
	d.tensors[2].kind, d.tensors[3].kind = F16, BF16
	f.Add(d.bytes())
	d.metadata["general.alignment"] = uint32(8)
	f.Add(d.bytes())
	f.Add([]byte("GGUF\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, dtype := range []transformer.Dtype{"", transformer.BF16} {
			w, err := read(data, dtype)
			if err != nil {
				if strings.ContainsAny(err.Error(), "\r\n") {
					t.Errorf("%q", err)
				}
				continue
			}
			if err := w.Config.Validate(); err != nil {
				t.Error(err)
			}
			for _, m := range matrices(w) {
				if slices.ContainsFunc(m.F32, func(f float32) bool { return !(f-f == 0) }) {
					t.Error("a number is not finite")
				}
			}
		}
	})
}
