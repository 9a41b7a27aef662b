package checkpoint

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// The most bytes of config.json and of an index of shards: published ones have some 2 kB, and 10 MB for 90,000 tensors.
const (
	maxConfig = 1 << 20
	maxIndex  = 64 << 20
)

// errMissing marks a file that is not there.
var errMissing = errors.New("the file is missing")

// open opens a regular file, or a link to one, and returns its size. Anything else is refused before it is opened: a named
// pipe would wait for a writer for ever.
func open(dir fs.FS, name string) (fs.File, int64, error) {
	info, err := fs.Stat(dir, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, errMissing
	}
	if err != nil {
		return nil, 0, err
	}
	if !info.Mode().IsRegular() {
		return nil, 0, fmt.Errorf("it is %s and no regular file: put the file itself, or a link to it, in its place", kind(info.Mode()))
	}
	f, err := dir.Open(name)
	return f, info.Size(), err
}

// kind is what a file that is not regular is.
func kind(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "a folder"
	case mode&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	}
	return "a device"
}

// readFile reads a file of at most so many bytes.
func readFile(dir fs.FS, name string, most int64) ([]byte, error) {
	f, size, err := open(dir, name)
	if errors.Is(err, errMissing) {
		return nil, fmt.Errorf("%s is missing", name)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	defer f.Close()
	if size > most {
		return nil, fmt.Errorf("%s: %d bytes are more than the %d that any published model needs; fetch it again", name, size, most)
	}
	data := make([]byte, size)
	if _, err := io.ReadFull(f, data); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return data, nil
}
