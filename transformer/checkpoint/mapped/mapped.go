// Package mapped reads files by mapping them into memory: their pages are the system's own, which it shares among processes and
// may drop and read again at any time. So weights that are still in their file take no memory that anything else needs.
package mapped

import (
	"errors"
	"fmt"
	"os"
)

// A File is the bytes of a file, which must not change while it is mapped.
type File struct {
	data  []byte
	unmap func() error
}

// New maps all of an open file, which may be closed afterwards.
func New(file *os.File) (*File, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	size := info.Size()
	if size == 0 {
		return nil, errors.New("the file is empty")
	}
	if int64(int(size)) != size {
		return nil, fmt.Errorf("%d bytes are more than this machine can address", size)
	}
	data, unmap, err := mapFile(file, int(size))
	if err != nil {
		return nil, fmt.Errorf("cannot map the file into memory: %w", err)
	}
	return &File{data, unmap}, nil
}

// InMemory is a File of bytes that lie in memory already.
func InMemory(data []byte) *File { return &File{data, func() error { return nil }} }

// Bytes are the whole file; nil after Close.
func (f *File) Bytes() []byte { return f.data }

// Close gives the mapping back. Nothing may read Bytes, or a part of them, any more.
func (f *File) Close() error {
	if f.data == nil {
		return nil
	}
	f.data = nil
	return f.unmap()
}
