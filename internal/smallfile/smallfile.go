// Package smallfile reads the small files that people write and name: prompts, lists of endpoints.
package smallfile

import (
	"fmt"
	"os"
)

// most is the most bytes of such a file.
const most = 1 << 20

// Read reads a regular file of at most 1 MiB, or a link to one. Anything else is refused before it is opened: a named pipe would wait for a
// writer for ever. what is what the file should hold, for the error.
func Read(path, what string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > most {
		return nil, fmt.Errorf("%s is no file of %s, or too large", path, what)
	}
	return os.ReadFile(path)
}
