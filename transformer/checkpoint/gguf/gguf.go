// Package gguf reads models in llama.cpp's format: one file with metadata, a tokenizer and tensors, mostly packed.
//
//  1. Open maps the file into memory and reads its header: the metadata, and for each tensor its type, its shape and where
//     its bytes lie (header.go, metadata.go). Every size is checked before anything is allocated.
//  2. The metadata become a transformer.Config (config.go, rope.go). A key that would change the computation in a way that the core
//     does not know is an error, never ignored; all of them are named at once.
//  3. Weights puts the tensors in the core's places (weights.go) as they are, packed, and says how their rows are unpacked
//     (unpack.go), which a backend does on their way to its own memory.
//  4. Tokenizer and the special ids come from the metadata, too (vocabulary.go).
//
// Note: the packed bytes stay reachable, as transformer.Stored. Kernels that multiply by packed weights start there: a row of a
// matrix is whole blocks. Rows of q and k that llama.cpp has put in another order (see permuted) have to be taken in that order.
package gguf

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"tandem/transformer/checkpoint/mapped"
)

// A File is an open GGUF file. Its methods may be called from many goroutines, but for Close.
type File struct {
	Version      uint32
	Architecture string // general.architecture
	Tensors      []Tensor
	data         []byte
	mapped       *mapped.File
	metadata     metadata
	byName       map[string]int // into Tensors
}

// Open maps a GGUF file of version 2 or 3 into memory and reads its header. The file must not change while it is open.
func Open(path string) (*File, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("no such file")
	}
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file: put the file itself, or a link to it, in its place")
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	m, err := mapped.New(file)
	if err != nil {
		return nil, err
	}
	f, err := parse(m.Bytes())
	if err != nil {
		return nil, errors.Join(err, m.Close())
	}
	f.mapped = m
	return f, nil
}

// parse reads the header of a file in memory. The File keeps data, which must not change.
func parse(data []byte) (*File, error) {
	f := &File{data: data, mapped: mapped.InMemory(data)}
	if err := f.readHeader(); err != nil {
		return nil, err
	}
	return f, nil
}

// Bytes are the whole file; nil after Close.
func (f *File) Bytes() []byte { return f.mapped.Bytes() }

// tensor finds a tensor by its name.
func (f *File) tensor(name string) (t Tensor, ok bool) {
	i, ok := f.byName[name]
	if !ok {
		return Tensor{}, false
	}
	return f.Tensors[i], true
}

// Close gives the mapping back. Bytes, the Data of tensors and the Weights must not be used after it.
func (f *File) Close() error {
	if err := f.mapped.Close(); err != nil {
		return fmt.Errorf("gguf: %w", err)
	}
	return nil
}
