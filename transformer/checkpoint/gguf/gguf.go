// Package gguf reads models in llama.cpp's format: one file with metadata, a tokenizer and tensors, mostly packed.
//
//  1. Open maps the file into memory and reads its header: the metadata, and for each tensor its type, its shape and where
//     its bytes lie (header.go, metadata.go). Every size is checked before anything is allocated.
//  2. The metadata become a transformer.Config (config.go). A key that would change the computation in a way that the core
//     does not know is an error, never ignored; all of them are named at once.
//  3. Weights unpacks the tensors into the core's (weights.go, unpack.go), one after another and each from the mapping
//     straight to its place, so that the packed file is the only other copy and the system may drop it at any time.
//  4. Tokenizer and the special ids come from the metadata, too (vocabulary.go).
//
// Note: the packed bytes stay reachable, as Tensor.Data, until Close. Kernels that multiply by packed weights start there:
// a row of a matrix is whole blocks. Rows of q and k that llama.cpp has put in another order (see permuted) have to
// be taken in that order.
package gguf

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// A File is an open GGUF file. Its methods may be called from many goroutines, but for Close.
type File struct {
	Version      uint32
	Architecture string // general.architecture
	Tensors      []Tensor
	data         []byte // the mapping
	unmap        func() error
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
	data, unmap, err := mapFile(path, info.Size())
	if err != nil {
		return nil, err
	}
	f, err := parse(data)
	if err != nil {
		unmap()
		return nil, err
	}
	f.unmap = unmap
	return f, nil
}

// parse reads the header of a file in memory. The File keeps data, which must not change.
func parse(data []byte) (*File, error) {
	f := &File{data: data, unmap: func() error { return nil }}
	if err := f.readHeader(); err != nil {
		return nil, err
	}
	return f, nil
}

// Bytes are the whole file.
func (f *File) Bytes() []byte { return f.data }

// tensor finds a tensor by its name.
func (f *File) tensor(name string) (t Tensor, ok bool) {
	i, ok := f.byName[name]
	if !ok {
		return Tensor{}, false
	}
	return f.Tensors[i], true
}

// Close gives the mapping back. Bytes and the Data of tensors must not be used after it.
func (f *File) Close() error {
	if err := f.unmap(); err != nil {
		return fmt.Errorf("gguf: %w", err)
	}
	return nil
}
