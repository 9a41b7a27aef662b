package models

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"tandem/internal/fetch"
)

// lockName is the file beside a fetched model that says what was fetched. While a fetch goes on, or after it was cut off, the same
// stands in planName, so that it goes on with the same revision.
const (
	lockName = "tandem-model.json"
	planName = lockName + fetch.PartSuffix
)

// lockSchema is the version of a lock's form.
const lockSchema = 1

// A File is one file of a model.
type File struct {
	Path   string `json:"path"`               // below the model's folder, with slashes
	SHA256 string `json:"sha256,omitempty"`   // hex; in a plan it may be unknown
	Git    string `json:"git_sha1,omitempty"` // the hash that git gives the file, by which the hub knows its small ones
	Bytes  int64  `json:"bytes"`
}

// A Lock says what was fetched, from where and when.
type Lock struct {
	Schema     int       `json:"schema"`
	Name       string    `json:"name"`
	Repository string    `json:"repository,omitempty"`
	Revision   string    `json:"revision,omitempty"` // the commit
	Package    string    `json:"package,omitempty"`
	Licence    string    `json:"licence,omitempty"`
	Fetched    time.Time `json:"fetched"`
	Files      []File    `json:"files"`
}

// Bytes is the size of all files.
func (l Lock) Bytes() (sum int64) {
	for _, f := range l.Files {
		sum += f.Bytes
	}
	return sum
}

// ReadLock reads the lock of a model's folder. Where there is none the error is fs.ErrNotExist.
func ReadLock(folder string) (Lock, error) { return readLock(filepath.Join(folder, lockName)) }

func readLock(path string) (l Lock, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return l, err
	}
	if err := json.Unmarshal(text, &l); err != nil {
		return l, fmt.Errorf("%s: %w: delete it and fetch the model again", path, err)
	}
	if l.Schema != lockSchema || len(l.Files) == 0 {
		return l, fmt.Errorf("%s: schema %d with %d files, want schema %d and at least one: delete it and fetch the model again",
			path, l.Schema, len(l.Files), lockSchema)
	}
	for _, f := range l.Files {
		if !filepath.IsLocal(filepath.FromSlash(f.Path)) {
			return l, fmt.Errorf("%s: bad file name %q: delete it and fetch the model again", path, f.Path)
		}
	}
	return l, nil
}

// write writes a lock or a plan into a folder, whole or not at all.
func (l Lock) write(folder, name string) error {
	text, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		return err
	}
	temporary, err := os.CreateTemp(folder, name+".*.tmp")
	if err != nil {
		return err
	}
	_, err = temporary.Write(append(text, '\n'))
	if err = errors.Join(err, temporary.Chmod(0o644), temporary.Close()); err == nil {
		err = os.Rename(temporary.Name(), filepath.Join(folder, name))
	}
	if err != nil {
		return errors.Join(err, os.Remove(temporary.Name()))
	}
	return nil
}

// in is the file in a folder, as it is checked there.
func (f File) in(folder string) fetch.File {
	sum := f.SHA256
	if sum == "" {
		sum = f.Git
	}
	return fetch.File{Path: filepath.Join(folder, filepath.FromSlash(f.Path)), Bytes: f.Bytes, Sum: fetch.Sum(sum)}
}

// A Checked file is what this machine has of it.
type Checked struct {
	Status fetch.Status `json:"status"`
	Model  string       `json:"model"`
	Path   string       `json:"path"`
}

// verify checks the files of a fetched model's folder against its lock, and says whether all are whole.
func (l Lock) verify(folder string) (files []Checked, whole bool, err error) {
	whole = true
	for _, f := range l.Files {
		file := f.in(folder)
		status, err := file.Check()
		if err != nil {
			return nil, false, err
		}
		whole = whole && status == fetch.Present
		files = append(files, Checked{status, l.Name, file.Path})
	}
	return files, whole, nil
}
