package checkpoint_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tandem/transformer/checkpoint"
	"tandem/transformer/cpu"
)

// copied is a folder with files of the embedded checkpoint.
func copied(t *testing.T, names ...string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join("embedded", name))
		if err != nil {
			t.Fatal(err)
		}
		write(t, dir, name, data)
	}
	return dir
}

// TestOtherForms: a folder that holds a model in a form that is not read says how to get one that is.
func TestOtherForms(t *testing.T) {
	all, config := []string{"config.json", "tokenizer.json"}, []string{"config.json"}
	for _, c := range []struct {
		has    []string
		others []string
		want   []string
	}{
		{all, []string{"pytorch_model.bin"}, []string{"neither model.safetensors", "pytorch_model.bin has to be converted: python -c", "DIR-hf"}},
		{all, []string{"pytorch_model-00001-of-00002.bin"}, []string{"pytorch_model-00001-of-00002.bin has to be converted", "save_pretrained"}},
		{all, []string{"consolidated.00.pth"}, []string{"consolidated.00.pth has the names of the model's own code"}},
		{all, []string{"consolidated.safetensors"}, []string{"consolidated.safetensors has the names of the model's own code"}},
		{all, []string{"weights.pt"}, []string{"weights.pt has to be converted", "torch.load('DIR/weights.pt'", "'DIR/model.safetensors')"}},
		{nil, []string{"adapter_model.safetensors", "adapter_config.json"}, []string{"config.json is missing", "an adapter (LoRA)", "merge_and_unload()"}},
		{nil, []string{"a.Q4_K.gguf", "b.gguf"}, []string{"config.json is missing", "name it, DIR/a.Q4_K.gguf"}},
		{all, []string{"notes.txt"}, []string{"neither model.safetensors nor model.safetensors.index.json is there"}},
		{config, []string{"model.safetensors", "tokenizer.model"}, []string{"tokenizer.json is missing; tokenizer.model is there: python -c", "from_pretrained('DIR').save_pretrained('DIR')"}},
		{config, []string{"model.safetensors", "vocab.json", "merges.txt"}, []string{"vocab.json is there"}},
		{config, []string{"model.safetensors"}, []string{"tokenizer.json is missing"}},
	} {
		dir := copied(t, c.has...)
		for _, name := range c.others {
			write(t, dir, name, []byte("x"))
		}
		_, err := checkpoint.Load(dir, "")
		for _, want := range c.want {
			if want = strings.ReplaceAll(want, "DIR", dir); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v: got %v, want one line with %q", c.others, err, want)
			}
		}
	}
}

// TestOtherNames: safetensors of any names are read without an index, but for adapters beside them.
func TestOtherNames(t *testing.T) {
	dir := copied(t, "config.json", "tokenizer.json", "model.safetensors")
	if err := os.Rename(filepath.Join(dir, "model.safetensors"), filepath.Join(dir, "weights.safetensors")); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "adapter_model.safetensors", []byte("x"))
	m, err := checkpoint.Load(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
}

// TestClose: the hash is the file's; after Close the weights are empty, so that nobody reads what is mapped no longer.
func TestClose(t *testing.T) {
	m, err := checkpoint.Load(copied(t, "config.json", "tokenizer.json", "model.safetensors"), "")
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile("embedded/model.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(data); m.SHA256() != hex.EncodeToString(sum[:]) {
		t.Errorf("hash %s, want %x", m.SHA256(), sum)
	}
	weights, layers := m.Weights, m.Weights.Layers
	for range 2 {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	}
	if weights.Embed.BF16 != nil || layers[0].Down.BF16 != nil || weights.Config.Hidden != 256 || m.SHA256() == "" {
		t.Errorf("after Close: %+v", weights.Config)
	}
	if _, err := cpu.New(weights, cpu.Options{}); err == nil || !strings.Contains(err.Error(), "0 layers of weights") {
		t.Errorf("a closed model on the processor: %v", err)
	}
}
