// Package checkpoint reads models in Hugging Face's format, GGUF files, and the one that is embedded in the binary.
//
//  1. The architecture that config.json names is looked up (families.go), and its keys become a transformer.Config (config.go,
//     rotary.go, layers.go, special.go). Keys that may change the computation in a way that the core does not know are an error and
//     never ignored (keys.go).
//  2. *.safetensors are mapped into memory (weightfiles.go) and become tensors by name (safetensors.go), which must cover all
//     bytes of a file.
//  3. Each tensor goes to its place, by the family's name of it (names.go), and must have the shape that follows from the Config
//     (weights.go). A tensor too few or too many is an error. Matrices stay in the files: a backend converts and checks their numbers
//     when it packs them.
//  4. tokenizer.json becomes the tokenizer, and the chat template that lies beside it is kept. generation_config.json may name other
//     ends of a text.
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
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"tandem/transformer"
	"tandem/transformer/chat"
	"tandem/transformer/tokenizer"
)

//go:embed embedded/config.json embedded/tokenizer.json embedded/model.safetensors
var files embed.FS

// A Model is a checkpoint. Its weights lie in their files, which stay open until Close.
type Model struct {
	Name       string // the folder's, or "embedded"
	Config     transformer.Config
	Weights    *transformer.Weights
	Tokenizer  *tokenizer.Tokenizer
	Chat       *chat.Template // how the model wants to be spoken to; nil where the checkpoint does not say
	SHA256     func() string  // hex, of the weights' files one after another, which the first call reads; not after Close
	Parameters int64          // numbers of the weights; see transformer.Parameters
	files      []weightFile
}

// A weightFile holds weights, which live until it is closed.
type weightFile interface {
	Bytes() []byte // nil after Close
	Close() error
}

// keep gives the model the files of its weights.
func (m *Model) keep(files ...weightFile) {
	m.files = files
	m.SHA256 = sync.OnceValue(func() string {
		sum := sha256.New()
		for _, f := range files {
			if f.Bytes() == nil {
				panic("checkpoint: the hash of a closed model")
			}
			sum.Write(f.Bytes())
		}
		return hex.EncodeToString(sum.Sum(nil))
	})
}

// Close gives the files back once the weights are on a device. Weights keep their config and their dtype but no numbers.
func (m *Model) Close() (err error) {
	if w := m.Weights; w != nil {
		clear(w.Layers) // nobody who has them shall read what is mapped no longer
		*w = transformer.Weights{Config: w.Config, Dtype: w.Dtype}
	}
	for _, f := range m.files {
		err = errors.Join(err, f.Close())
	}
	return err
}

// Embedded reads the checkpoint in the binary, for backends that compute in a dtype. Dtype "" is the one in which the weights are
// stored (bf16).
func Embedded(dtype transformer.Dtype) (*Model, error) {
	dir, err := fs.Sub(files, "embedded")
	if err != nil {
		return nil, err
	}
	return load(folder{dir, ""}, "embedded", dtype)
}

// Load opens the checkpoint of a folder: config.json, tokenizer.json and the weights in model.safetensors, in the shards that
// model.safetensors.index.json lists, or in all *.safetensors. Backends will compute in a dtype. Dtype "" is the one in which the
// weights are stored, but float16 becomes f32. A path that ends in .gguf is a GGUF file, whose packed weights become f32, too.
// The weights themselves are not read: a number that is not finite is an error of the backend that packs them. Errors are one
// line and name the file.
func Load(dir string, dtype transformer.Dtype) (*Model, error) {
	if strings.EqualFold(filepath.Ext(dir), ".gguf") {
		return loadGGUF(dir, dtype)
	}
	if err := isFolder(dir); err != nil {
		return nil, err
	}
	return load(folder{os.DirFS(dir), dir}, filepath.Base(filepath.Clean(dir)), dtype)
}

func load(dir folder, name string, dtype transformer.Dtype) (*Model, error) {
	m, err := read(dir, name, dtype)
	if err != nil {
		return nil, fmt.Errorf("checkpoint %s: %w", name, err)
	}
	return m, nil
}

func read(dir folder, name string, dtype transformer.Dtype) (*Model, error) {
	config, family, err := dir.config(name)
	if err != nil {
		return nil, err
	}
	m := &Model{Name: name, Config: config}
	names, err := dir.weightFiles()
	if err != nil {
		return nil, err
	}
	if m.Tokenizer, err = dir.tokenizer(); err != nil {
		return nil, err
	}
	if size := m.Tokenizer.Size(); size > m.Config.Vocab {
		return nil, fmt.Errorf("tokenizer.json has %d entries, config.json's vocab_size is %d: they are of two models", size, m.Config.Vocab)
	}
	if m.Chat, err = chat.Read(dir.files); err != nil {
		return nil, err
	}
	if err := checkMask(m.Config, m.Tokenizer); err != nil {
		return nil, err
	}
	if err := m.open(dir, family, names, dtype); err != nil {
		return nil, errors.Join(err, m.Close())
	}
	m.Parameters = transformer.Parameters(m.Config)
	return m, nil
}

// open opens the files of the weights and puts their tensors in their places.
func (m *Model) open(dir folder, family family, names []string, dtype transformer.Dtype) error {
	tensors := map[string]tensor{}
	for _, name := range names {
		f, err := dir.weights(name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		m.files = append(m.files, f)
		if err := addTensors(tensors, name, f.Bytes()); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	m.keep(m.files...)
	w, err := assemble(m.Config, family.names(tensors), tensors, dtype)
	m.Weights = w
	return err
}
