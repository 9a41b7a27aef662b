package models

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
)

// The states of a listed model.
const (
	fetched = "fetched"
	begun   = "begun" // a fetch was cut off: the next goes on
	absent  = "absent"
)

// A Listed model is what a list shows of it.
type Listed struct {
	Name       string   `json:"name"`
	Repository string   `json:"repository,omitempty"`
	Package    string   `json:"package,omitempty"`
	Revision   string   `json:"revision,omitempty"` // that was fetched, or that the catalogue wants
	Licence    string   `json:"licence,omitempty"`
	Gated      bool     `json:"gated,omitempty"`
	Parameters int64    `json:"parameters,omitempty"`
	Bytes      int64    `json:"bytes,omitempty"`
	About      bool     `json:"bytes_estimated,omitempty"` // Bytes is that of the parameters in bf16
	Twins      []string `json:"twins,omitempty"`
	Diffusion  bool     `json:"diffusion"`
	Pinned     bool     `json:"pinned"` // the catalogue has the hashes of the files
	Files      []File   `json:"files,omitempty"`
	State      string   `json:"state"`
}

// List are the models of the catalogue, then the others of the store, with what is on this machine.
func (s Store) List() (list []Listed, err error) {
	locks, _, err := s.locks()
	if err != nil {
		return nil, err
	}
	for _, e := range catalogue {
		list = append(list, s.listed(e, locks))
		delete(locks, e.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(locks)) {
		list = append(list, s.listed(Entry{Name: name}, locks))
	}
	return list, nil
}

func (s Store) listed(e Entry, locks map[string]Lock) Listed {
	l := Listed{Name: e.Name, Repository: e.Repository, Revision: e.Revision, Licence: e.Licence, Gated: e.Gated, Parameters: e.Parameters(),
		Twins: e.Twins(), Diffusion: e.Diffusion, Pinned: len(e.Files) > 0, Files: e.Files, State: absent}
	bytes, known := e.Bytes()
	l.Bytes, l.About = bytes, !known
	if e.Package != nil {
		l.Package = e.Package.Requirement
	}
	if lock, ok := locks[e.Name]; ok {
		l.Repository, l.Revision, l.Licence, l.Files = lock.Repository, lock.Revision, lock.Licence, lock.Files
		l.Bytes, l.About, l.State = lock.Bytes(), false, fetched
	} else if s.unfinished(e) {
		l.State = begun
	}
	return l
}

// Numbers are the parameters in words: 135M, 7.6B.
func (l Listed) Numbers() string {
	switch n := float64(l.Parameters); {
	case n == 0:
		return ""
	case n < 1e9:
		return fmt.Sprintf("%.0fM", n/1e6)
	default:
		return fmt.Sprintf("%.1fB", n/1e9)
	}
}

// Size are the bytes in words, with ~ where they are an estimate.
func (l Listed) Size() string {
	if l.About {
		return "~" + Size(l.Bytes)
	}
	return Size(l.Bytes)
}

// Twin names the twins: the first, and how many more there are.
func (l Listed) Twin() string {
	switch len(l.Twins) {
	case 0:
		return ""
	case 1:
		return l.Twins[0]
	}
	return fmt.Sprintf("%s +%d", l.Twins[0], len(l.Twins)-1)
}

// Pin is the beginning of the hash of the largest file, "" where none is known before a fetch.
func (l Listed) Pin() string {
	if len(l.Files) == 0 {
		return ""
	}
	sum := slices.MaxFunc(l.Files, func(a, b File) int { return cmp.Compare(a.Bytes, b.Bytes) }).SHA256
	return sum[:min(len(sum), 12)]
}

// Verify checks fetched models, by names or folders, all for none; and says whether all are whole.
func (s Store) Verify(names []string) (files []Checked, whole bool, err error) {
	find := s.find
	if len(names) == 0 {
		find = s.lock
		locks, damaged, err := s.locks()
		if err := cmp.Or(err, damaged); err != nil {
			return nil, false, err
		}
		names = slices.Sorted(maps.Keys(locks))
	}
	files, whole = []Checked{}, true
	for _, name := range names {
		folder, lock, err := find(name)
		if err != nil {
			return nil, false, err
		}
		checked, ok, err := lock.verify(folder)
		if err != nil {
			return nil, false, err
		}
		files, whole = append(files, checked...), whole && ok
	}
	return files, whole, nil
}

// find is lock for names and for folders.
func (s Store) find(name string) (folder string, l Lock, err error) {
	info, err := os.Stat(name)
	if err != nil || !info.IsDir() {
		return s.lock(name)
	}
	if l, err = ReadLock(name); errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%s has no %s to be checked against: fetch writes it", name, lockName)
	}
	return name, l, err
}

// lock finds the folder and the lock of a fetched model.
func (s Store) lock(name string) (folder string, l Lock, err error) {
	e, err := Find(name)
	if err != nil {
		return "", l, err
	}
	folder = s.folder(e)
	if l, err = ReadLock(folder); errors.Is(err, fs.ErrNotExist) {
		err = &NotFetched{Name: e.Name, Hub: !e.listed()}
	}
	return folder, l, err
}
