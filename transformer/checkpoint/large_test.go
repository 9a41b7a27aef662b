//go:build linux

package checkpoint_test

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"tandem/transformer"
	"tandem/transformer/checkpoint"
)

// large writes a checkpoint of Qwen2.5-7B's shape, 15.2 GB in four shards: zeros that a sparse file does not store.
func large(t testing.TB) (dir string) {
	t.Helper()
	c, err := transformer.Geometry("qwen2.5-7b")
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	config, _ := json.Marshal(map[string]any{"architectures": []string{"Qwen2ForCausalLM"}, "model_type": "qwen2", "vocab_size": c.Vocab,
		"hidden_size": c.Hidden, "intermediate_size": c.Intermediate, "num_hidden_layers": c.Layers, "num_attention_heads": c.Heads,
		"num_key_value_heads": c.KVHeads, "rms_norm_eps": c.NormEps, "rope_theta": c.RopeTheta, "max_position_embeddings": c.MaxPositions,
		"tie_word_embeddings": false})
	write(t, dir, "config.json", config)
	link(t, dir, "tokenizer.json")
	const shards = 4
	headers, sizes, places := [shards]map[string]any{}, [shards]int64{}, map[string]string{}
	for i := range shards {
		headers[i] = map[string]any{}
	}
	add := func(shard int, name string, shape ...int) {
		n := int64(2)
		for _, d := range shape {
			n *= int64(d)
		}
		headers[shard][name] = map[string]any{"dtype": "BF16", "shape": shape, "data_offsets": []int64{sizes[shard], sizes[shard] + n}}
		sizes[shard] += n
		places[name] = shardName(shard, shards)
	}
	add(0, "model.embed_tokens.weight", c.Vocab, c.Hidden)
	add(shards-1, "model.norm.weight", c.Hidden)
	add(shards-1, "lm_head.weight", c.Vocab, c.Hidden)
	q, kv := c.Heads*c.HeadDim, c.KVHeads*c.HeadDim
	for i := range c.Layers {
		for part, shape := range map[string][]int{"input_layernorm.weight": {c.Hidden}, "post_attention_layernorm.weight": {c.Hidden},
			"self_attn.q_proj.weight": {q, c.Hidden}, "self_attn.q_proj.bias": {q}, "self_attn.k_proj.weight": {kv, c.Hidden}, "self_attn.k_proj.bias": {kv},
			"self_attn.v_proj.weight": {kv, c.Hidden}, "self_attn.v_proj.bias": {kv}, "self_attn.o_proj.weight": {c.Hidden, q},
			"mlp.gate_proj.weight": {c.Intermediate, c.Hidden}, "mlp.up_proj.weight": {c.Intermediate, c.Hidden}, "mlp.down_proj.weight": {c.Hidden, c.Intermediate}} {
			add(i*shards/c.Layers, fmt.Sprintf("model.layers.%d.%s", i, part), shape...)
		}
	}
	for i, header := range headers {
		text, _ := json.Marshal(header)
		text = append(text, strings.Repeat(" ", -len(text)&7)...)
		name := shardName(i, shards)
		write(t, dir, name, append(binary.LittleEndian.AppendUint64(nil, uint64(len(text))), text...))
		if err := os.Truncate(filepath.Join(dir, name), int64(8+len(text))+sizes[i]); err != nil {
			t.Skipf("no sparse file of %d bytes: %v", sizes[i], err)
		}
	}
	index, _ := json.Marshal(map[string]any{"weight_map": places})
	write(t, dir, "model.safetensors.index.json", index)
	return dir
}

func shardName(i, of int) string { return fmt.Sprintf("model-%05d-of-%05d.safetensors", i+1, of) }

// TestOpensLarge: a model of 15 GB opens without a copy of it.
func TestOpensLarge(t *testing.T) {
	dir := large(t)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	m, err := checkpoint.Load(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 64<<20 {
		t.Errorf("opening allocated %d MiB", took>>20)
	}
	if m.Parameters != 7_615_616_512 || m.Weights.Dtype != transformer.BF16 || len(m.Weights.Layers[27].Down.BF16) != 3584*18944 {
		t.Errorf("%d parameters in %s, %d numbers in the last matrix", m.Parameters, m.Weights.Dtype, len(m.Weights.Layers[27].Down.BF16))
	}
	if err := m.Weights.Validate(); err != nil {
		t.Error(err)
	}
}

// BenchmarkOpen opens that model; RssAnon is the memory of the process that no file backs, at its end.
func BenchmarkOpen(b *testing.B) {
	dir := large(b)
	for b.Loop() {
		m, err := checkpoint.Load(dir, "")
		if err != nil {
			b.Fatal(err)
		}
		if err := m.Close(); err != nil {
			b.Fatal(err)
		}
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Fatal(err)
	}
	var kib float64
	if _, line, ok := strings.Cut(string(status), "RssAnon:"); ok {
		fmt.Sscan(line, &kib)
	}
	b.ReportMetric(kib/1024, "RssAnon-MiB")
}
