package models

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// ErrNoName is of a text that is neither a name of the catalogue nor one of the hub.
var ErrNoName = errors.New("is no name of a model")

// hubName is owner/name[@revision][/FILE.gguf]; the file may lie in folders.
var hubName = regexp.MustCompile(`^([A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)(?:@([\w.-]+))?(?:/([^\x00-\x1f]+\.gguf))?$`)

// Find returns the model of a name: one of the catalogue, or owner/name[@revision][/FILE.gguf] on the hub. A repository of the
// catalogue is its entry.
func Find(name string) (Entry, error) {
	i := slices.IndexFunc(catalogue, func(e Entry) bool {
		return name == e.Name || name == e.Repository && e.Package == nil && e.Revision == "" && e.File == ""
	})
	if i >= 0 {
		return catalogue[i], nil
	}
	m := hubName.FindStringSubmatch(name)
	if m == nil || strings.Contains(name, "..") || strings.HasSuffix(m[1], ".gguf") || len(m[1]) > 96 || !filepath.IsLocal(m[3]) && m[3] != "" {
		return Entry{}, fmt.Errorf("%s %w: neither of the catalogue nor owner/name of the hub", name, ErrNoName)
	}
	return Entry{Name: name, Repository: m[1], Revision: m[2], File: m[3]}, nil
}

// WithFile is the model's one GGUF file of that name.
func (e Entry) WithFile(file string) (Entry, error) {
	name := e.Repository
	if e.Revision != "" {
		name += "@" + e.Revision
	}
	if e.Repository == "" || e.File != "" {
		return e, fmt.Errorf("%s is one file already", e.Name)
	}
	return Find(path.Join(name, file))
}

// listed says that the model is in the catalogue.
func (e Entry) listed() bool {
	return slices.ContainsFunc(catalogue, func(other Entry) bool { return other.Name == e.Name })
}
