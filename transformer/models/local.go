package models

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"tandem/internal/fetch"
)

// take brings a model in from o.From: a folder in Hugging Face's format, one of huggingface_hub's cache (models--owner--name), a
// GGUF file, or a folder that holds the wanted one. Large files are linked where that can be: they take no room twice, and a change
// of one is a change of the other. The rest is copied.
//
// Their hashes must be those of the catalogue where it has some, and those by which a cache of huggingface_hub names its files.
// Elsewhere the lock holds what the files are now.
func (e Entry) take(ctx context.Context, folder string, o Options) (Lock, error) {
	from, revision, err := snapshot(o.From)
	if err != nil {
		return Lock{}, err
	}
	if commit.MatchString(e.Revision) && revision != "" && revision != e.Revision {
		return Lock{}, fmt.Errorf("%s is of revision %s, not %s", from, revision, e.Revision)
	}
	l := Lock{Name: e.Name, Repository: e.Repository, Revision: revision, Licence: e.Licence}
	origins, err := e.offeredBy(from)
	if err != nil {
		return l, err
	}
	var done, total int64
	for _, origin := range origins {
		total += origin.Bytes
	}
	for _, origin := range origins {
		if err := ctx.Err(); err != nil {
			return l, err
		}
		if err := origin.bring(folder); err != nil {
			return l, err
		}
		l.Files = append(l.Files, origin.File)
		done += origin.Bytes
		o.Report(done, total)
	}
	return l.finish(folder)
}

// snapshot is the folder of the files and their commit within a cache of huggingface_hub: the commit that main points to, or else the
// only one. Other paths stay as they are.
func snapshot(from string) (dir, revision string, err error) {
	if _, err := os.Stat(from); err != nil {
		return "", "", err
	}
	if from, err = filepath.Abs(from); err != nil {
		return "", "", err
	}
	if info, err := os.Stat(filepath.Join(from, "snapshots")); err == nil && info.IsDir() {
		main, _ := os.ReadFile(filepath.Join(from, "refs", "main"))
		revision := strings.TrimSpace(string(main))
		if !commit.MatchString(revision) {
			only, err := os.ReadDir(filepath.Join(from, "snapshots"))
			if err != nil || len(only) != 1 {
				return "", "", fmt.Errorf("%s holds %d snapshots: name the folder of one", from, len(only))
			}
			revision = only[0].Name()
		}
		from = filepath.Join(from, "snapshots", revision)
	}
	if name := filepath.Base(from); filepath.Base(filepath.Dir(from)) == "snapshots" && commit.MatchString(name) {
		revision = name
	}
	return from, revision, nil
}

// An origin is a file of a model where it lies now.
type origin struct {
	File
	path string
}

// offeredBy are the files at a path that make the model, with the hashes that are known.
func (e Entry) offeredBy(from string) (origins []origin, err error) {
	info, err := os.Stat(from)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		if !strings.EqualFold(filepath.Ext(from), ".gguf") {
			return nil, fmt.Errorf("%s is neither a folder nor a GGUF file", from)
		}
		f := File{Path: filepath.Base(from), Bytes: info.Size()}
		if len(e.Files) == 1 {
			f = e.Files[0]
		}
		return []origin{{f, from}}, nil
	}
	files := e.Files
	if len(files) == 0 {
		if files, err = listing(from); err != nil {
			return nil, err
		}
		e.Repository = from // for the errors
		if files, err = wanted(files, e); err != nil {
			return nil, err
		}
	}
	for _, f := range files {
		origins = append(origins, origin{f, filepath.Join(from, filepath.FromSlash(f.Path))})
	}
	return origins, nil
}

// listing are the files of a folder. Those of a cache of huggingface_hub are links to files that have their hashes for names.
func listing(dir string) (files []File, err error) {
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := os.Stat(path) // of the file that a link points to
		if err != nil || !info.Mode().IsRegular() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		f := File{Path: filepath.ToSlash(name), Bytes: info.Size()}
		if target, err := os.Readlink(path); err == nil && digest.MatchString(filepath.Base(target)) {
			if sum := filepath.Base(target); fetch.Sum(sum).Git() {
				f.Git = sum
			} else {
				f.SHA256 = sum
			}
		}
		files = append(files, f)
		return err
	})
	return files, err
}

// linked is the size in bytes from which on a file is linked and not copied.
var linked int64 = 64 << 20

// bring checks the file, and links or copies it into a folder.
func (o *origin) bring(folder string) (err error) {
	if o.SHA256+o.Git == "" {
		if o.SHA256, err = fetch.SHA256(o.path); err != nil {
			return err
		}
	} else if err := o.check(); err != nil {
		return err
	}
	file := o.in(folder)
	if err := os.MkdirAll(filepath.Dir(file.Path), 0o755); err != nil {
		return err
	}
	real, err := filepath.EvalSymlinks(o.path)
	if err != nil {
		return err
	}
	if same(real, file.Path) {
		return nil
	}
	part := file.Path + fetch.PartSuffix
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if o.Bytes >= linked && os.Link(real, part) == nil {
		return os.Rename(part, file.Path)
	}
	return file.Copy(real)
}

// same says that two paths are one file.
func same(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}

// check compares the file with its hash.
func (o *origin) check() error {
	file := o.in("")
	file.Path = o.path
	switch status, err := file.Check(); {
	case err != nil:
		return err
	case status == fetch.Absent:
		return fmt.Errorf("%s is missing", o.path)
	case status != fetch.Present:
		return fmt.Errorf("%s has another hash than %.12s, which %w", o.path, file.Sum, fetch.ErrOtherBytes)
	}
	return nil
}
