package datasets

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Find returns the source of that name.
func Find(name string) (Source, bool) {
	for _, s := range catalog {
		if s.Name == name {
			return s, true
		}
	}
	return Source{}, false
}

// FindAll returns the sources of these names, the whole table for none.
func FindAll(names []string) (sources []Source, err error) {
	if len(names) == 0 {
		return catalog, nil
	}
	for _, name := range names {
		s, ok := Find(name)
		if !ok {
			return nil, fmt.Errorf("no public suite is called %s", name)
		}
		sources = append(sources, s)
	}
	return sources, nil
}

// What a SuiteError wraps.
var (
	ErrNotFetched = errors.New("is not on this machine") // a file is not in the cache
	ErrDamaged    = errors.New("is damaged")             // a file in the cache is not the published one
	ErrFetch      = errors.New("fetch")                  // a file could not be fetched
)

// A SuiteError is the error of a public suite that cannot be had: ErrNotFetched, ErrDamaged or ErrFetch.
type SuiteError struct {
	Suite string // its name
	Err   error
}

// Error says what is wrong.
func (e *SuiteError) Error() string { return e.Err.Error() }

// Unwrap is what is wrong.
func (e *SuiteError) Unwrap() error { return e.Err }

// maxFile bounds a file of a suite, unpacked, in bytes: a small archive can unpack to any size.
const maxFile = 1 << 30

// Load reads the suite from the cache folder and checks every file against the manifest.
func (s Source) Load(cache string) (Suite, error) {
	return s.load(func(f File) ([]byte, error) {
		path := filepath.Join(cache, s.Folder, f.Path)
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, &SuiteError{s.Name, fmt.Errorf("suite %s %w", s.Name, ErrNotFetched)}
		}
		if err != nil {
			return nil, err
		}
		if got := hash(text); got != f.SHA256 {
			return nil, &SuiteError{s.Name, fmt.Errorf("%s %w: its SHA-256 is %.12s, not %.12s", path, ErrDamaged, got, f.SHA256)}
		}
		return text, nil
	})
}

// LoadFile reads the suite from a file of one's own in the source's format, or from a folder that holds its files. The
// manifest's hashes are not asked for: the Suite has those of the files.
func (s Source) LoadFile(path string) (Suite, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Suite{}, fmt.Errorf("suite %s: %w", s.Name, err)
	}
	if !info.IsDir() && len(s.Files) > 1 {
		return Suite{}, fmt.Errorf("suite %s has %d files: name the folder that holds %s", s.Name, len(s.Files), s.Files[0].Path)
	}
	suite, err := s.load(func(f File) ([]byte, error) {
		if info.IsDir() {
			return os.ReadFile(filepath.Join(path, f.Path))
		}
		return os.ReadFile(path)
	})
	if err != nil {
		return Suite{}, fmt.Errorf("%s: %w", path, err)
	}
	return suite, nil
}

// load reads the files that get returns.
func (s Source) load(get func(File) ([]byte, error)) (Suite, error) {
	var files []io.Reader
	var sums string
	for _, f := range s.Files {
		text, err := get(f)
		if err != nil {
			return Suite{}, err
		}
		sums += hash(text)
		if text, err = unpack(text); err != nil {
			return Suite{}, fmt.Errorf("suite %s: %s: %w", s.Name, f.Path, err)
		}
		files = append(files, bytes.NewReader(bytes.TrimPrefix(text, mark)))
	}
	if len(s.Files) > 1 {
		sums = hash([]byte(sums))
	}
	tasks, err := collect(s.Name, s.read(files))
	if err != nil {
		return Suite{}, err
	}
	return Suite{Name: s.Name, SHA256: sums, Licence: s.Licence, Tasks: tasks, CPU: s.CPU, Floor: s.Floor, Known: s.Known}, nil
}

func hash(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// unpack undoes gzip where the text is packed.
func unpack(text []byte) ([]byte, error) {
	r, err := Unpacked(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	text, err = io.ReadAll(io.LimitReader(r, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = fmt.Errorf("more than %d bytes", maxFile)
	}
	return text, err
}
