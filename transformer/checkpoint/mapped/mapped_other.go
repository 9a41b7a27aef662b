//go:build !unix

package mapped

import (
	"io"
	"os"
)

// mapFile reads the file: mappings are for Unix only.
func mapFile(file *os.File, size int) (data []byte, unmap func() error, err error) {
	data = make([]byte, size)
	_, err = io.ReadFull(file, data)
	return data, func() error { return nil }, err
}
