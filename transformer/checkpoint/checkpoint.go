// Package checkpoint reads models in Hugging Face's format, GGUF files, and the one that is embedded in the binary.
//
//  1. config.json becomes a transformer.Config (config.go). A key that may change the computation in a way that the core does
//     not know is an error and never ignored.
//  2. *.safetensors become tensors by name (safetensors.go). The tensors must cover all bytes of a file, and all numbers must be
//     finite.
//  3. Each tensor goes to its place and must have the shape that follows from the Config (weights.go). A tensor too few or too
//     many is an error.
//  4. tokenizer.json becomes the tokenizer.
//
// A GGUF file holds all of that (package gguf).
//
// Files may be damaged or hostile. What is not a regular file, or is larger than any model needs, is refused before it is read
// (file.go).
package checkpoint

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"tandem/transformer"
	"tandem/transformer/tokenizer"
)

//go:embed embedded/config.json embedded/tokenizer.json embedded/model.safetensors
var files embed.FS

// A Model is a checkpoint in memory.
type Model struct {
	Name       string // the folder's, or "embedded"
	Config     transformer.Config
	Weights    *transformer.Weights
	Tokenizer  *tokenizer.Tokenizer
	SHA256     string // hex, of the weights' files one after another
	Parameters int64  // numbers of the weights; see transformer.Parameters
}

// Embedded reads the checkpoint in the binary and converts its weights to a dtype. Dtype "" leaves them as they are stored
// (bf16).
func Embedded(dtype transformer.Dtype) (*Model, error) {
	dir, err := fs.Sub(files, "embedded")
	if err != nil {
		return nil, err
	}
	return load(dir, "embedded", dtype)
}

// Load reads the checkpoint of a folder: config.json, tokenizer.json and model.safetensors, or the shards that
// model.safetensors.index.json lists. It converts the weights to a dtype. Dtype "" leaves them as they are stored, but float16
// becomes f32. A path that ends in .gguf is a GGUF file, whose packed weights become f32, too. Errors are one line and name the
// file.
func Load(dir string, dtype transformer.Dtype) (*Model, error) {
	if strings.EqualFold(filepath.Ext(dir), ".gguf") {
		return loadGGUF(dir, dtype)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("checkpoint %s: no such folder; name one that holds config.json, tokenizer.json and model.safetensors", dir)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("checkpoint %s: not a folder; name the one that holds config.json, or a .gguf file", dir)
	}
	return load(os.DirFS(dir), filepath.Base(filepath.Clean(dir)), dtype)
}

func load(dir fs.FS, name string, dtype transformer.Dtype) (*Model, error) {
	m, err := read(dir, name, dtype)
	if err != nil {
		return nil, fmt.Errorf("checkpoint %s: %w", name, err)
	}
	return m, nil
}

func read(dir fs.FS, name string, dtype transformer.Dtype) (*Model, error) {
	data, err := readFile(dir, "config.json", maxConfig)
	if err != nil {
		return nil, err
	}
	m := &Model{Name: name}
	if m.Config, err = parseConfig(data); err != nil {
		return nil, fmt.Errorf("config.json: %w", err)
	}
	m.Config.Name = name
	names, err := weightFiles(dir)
	if err != nil {
		return nil, err
	}
	if data, err = readFile(dir, "tokenizer.json", tokenizer.MaxBytes); err != nil {
		return nil, err
	}
	if m.Tokenizer, err = tokenizer.Parse(data); err != nil {
		return nil, fmt.Errorf("tokenizer.json: %w", err)
	}
	if size := m.Tokenizer.Size(); size > m.Config.Vocab {
		return nil, fmt.Errorf("tokenizer.json has %d entries, config.json's vocab_size is %d: they are of two models", size, m.Config.Vocab)
	}
	hash := sha256.New()
	tensors := map[string]tensor{}
	for _, name := range names {
		if err := readTensors(dir, name, dtype, tensors, hash); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	m.SHA256 = hex.EncodeToString(hash.Sum(nil))
	if m.Weights, err = assemble(m.Config, tensors); err != nil {
		return nil, err
	}
	if dtype != "" {
		m.Weights = m.Weights.Convert(dtype)
	}
	m.Parameters = transformer.Parameters(m.Config)
	return m, nil
}
