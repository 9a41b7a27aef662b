//go:build unix

package gguf

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// mapFile maps so many bytes of a file, which other processes share.
func mapFile(path string, size int64) (data []byte, unmap func() error, err error) {
	if size == 0 {
		return nil, nil, errors.New("the file is empty")
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	if int64(int(size)) != size {
		return nil, nil, fmt.Errorf("%d bytes are more than this machine can address", size)
	}
	data, err = unix.Mmap(int(file.Fd()), 0, int(size), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot map the file into memory: %w", err)
	}
	return data, func() error { return unix.Munmap(data) }, nil
}
