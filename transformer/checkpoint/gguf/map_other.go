//go:build !unix

package gguf

import "os"

// mapFile reads the file: mappings are for Unix only.
func mapFile(path string, size int64) (data []byte, unmap func() error, err error) {
	data, err = os.ReadFile(path)
	return data, func() error { return nil }, err
}
