package models

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/rogpeppe/go-internal/lockedfile"
	"github.com/shirou/gopsutil/v4/disk"

	"tandem/internal/fetch"
)

// Options of a fetch.
type Options struct {
	From   string                  // take the files from this folder or file, in place of downloading them
	Report func(done, total int64) // bytes so far
	Say    func(text string)       // of what a user should know meanwhile
}

// Fetch brings a model into the store and returns its lock. Files that are there and whole stay; one that was begun goes on where it
// stopped, at the revision with which it began. One fetch of a model waits for another. Errors are *FetchError but for what is wrong
// with the store itself.
func (s Store) Fetch(ctx context.Context, e Entry, o Options) (l Lock, err error) {
	folder := s.folder(e)
	if err := os.MkdirAll(string(s), 0o755); err != nil {
		return l, err
	}
	release, err := wait(ctx, filepath.Join(string(s), "."+filepath.Base(folder)+".lock"), o.Say)
	if err != nil {
		return l, err
	}
	defer release()
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return l, err
	}
	defer os.Remove(folder) // where nothing came of it: a folder that holds something stays
	switch {
	case o.From != "":
		l, err = e.take(ctx, folder, o)
	case e.Package != nil:
		l, err = e.unpack(ctx, folder, o)
	default:
		l, err = e.download(ctx, folder, o)
	}
	if ctx.Err() != nil {
		err = errors.New("interrupted")
	}
	if err != nil {
		return l, &FetchError{Name: e.Name, Begun: s.unfinished(e), Err: err}
	}
	return l, nil
}

// A FetchError is the error of a model that could not be fetched.
type FetchError struct {
	Name  string
	Begun bool // another fetch goes on where this one stopped
	Err   error
}

// Error names the model.
func (f *FetchError) Error() string { return fmt.Sprintf("fetch %s: %v", f.Name, f.Err) }

// Unwrap is what is wrong.
func (f *FetchError) Unwrap() error { return f.Err }

// wait takes a model's folder for this process.
func wait(ctx context.Context, path string, say func(string)) (release func(), err error) {
	type lock struct {
		release func()
		err     error
	}
	taken := make(chan lock, 1)
	go func() {
		release, err := lockedfile.MutexAt(path).Lock()
		taken <- lock{release, err}
	}()
	patience := time.After(time.Second / 2)
	for {
		select {
		case l := <-taken:
			return l.release, l.err
		case <-patience:
			say("another process fetches the same model: waiting for it")
		case <-ctx.Done():
			return nil, errors.New("interrupted")
		}
	}
}

// pause is how long a hub that fails in passing is left alone at first.
var pause = time.Second

// download fetches a repository's files from the hub.
func (e Entry) download(ctx context.Context, folder string, o Options) (Lock, error) {
	hub, err := newHub(fetch.Client{Tries: 6, Pause: pause, Again: func(err error, wait time.Duration) {
		o.Say(fmt.Sprintf("%v; again in %v", err, wait.Round(time.Second/10)))
	}})
	if err != nil {
		return Lock{}, err
	}
	l, err := e.agreed(ctx, hub, folder)
	if err != nil {
		return l, err
	}
	missing, done, err := l.missing(folder)
	if err != nil {
		return l, err
	}
	if err := room(folder, missing); err != nil {
		return l, err
	}
	for _, f := range missing {
		file := f.in(folder)
		file.URLs = []string{hub.resolve(l, f)}
		if err := hub.client.Fetch(ctx, file, func(now int64) { o.Report(done+now, l.Bytes()) }); err != nil {
			return l, hub.explain(err, e)
		}
		done += f.Bytes
	}
	o.Report(l.Bytes(), l.Bytes())
	return l.finish(folder)
}

// agreed is what is to be fetched: what an earlier fetch wrote down, or else what the catalogue has or the hub has now. A lock
// without a revision is that of a folder, which nobody can download again: it counts as long as its files are whole.
func (e Entry) agreed(ctx context.Context, hub *hub, folder string) (Lock, error) {
	for _, name := range []string{lockName, planName} {
		l, err := readLock(filepath.Join(folder, name))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil || l.Revision != "":
			return l, err
		}
		if missing, _, err := l.missing(folder); err != nil || len(missing) == 0 {
			return l, err
		}
	}
	l := Lock{Name: e.Name, Repository: e.Repository, Revision: e.Revision, Licence: e.Licence, Files: e.Files}
	if len(e.Files) == 0 {
		var err error
		if l, err = hub.plan(ctx, e); err != nil {
			return l, err
		}
	}
	l.Schema = lockSchema
	return l, l.write(folder, planName)
}

// missing are the files that are not whole, and the bytes of the others.
func (l Lock) missing(folder string) (files []File, done int64, err error) {
	for _, f := range l.Files {
		status, err := f.in(folder).Check()
		if err != nil {
			return nil, 0, err
		}
		if status == fetch.Present {
			done += f.Bytes
		} else {
			files = append(files, f)
		}
	}
	return files, done, nil
}

// free is the room on a folder's disk, in bytes.
var free = func(folder string) (uint64, error) {
	usage, err := disk.Usage(folder)
	if err != nil {
		return 0, err
	}
	return usage.Free, nil
}

// room refuses to begin what the disk cannot hold. A disk that does not say how full it is is tried.
func room(folder string, missing []File) error {
	var need int64
	for _, f := range missing {
		need += f.Bytes
		if info, err := os.Stat(f.in(folder).Path + fetch.PartSuffix); err == nil {
			need -= min(info.Size(), f.Bytes)
		}
	}
	if have, err := free(folder); err == nil && uint64(need) > have {
		return fmt.Errorf("it needs %s more, and the disk of %s has %s: make room, or name another folder with %s",
			Size(need), folder, Size(int64(have)), dirVariable)
	}
	return nil
}

// finish writes the lock of files that are whole and returns it, with the SHA-256 of each.
func (l Lock) finish(folder string) (Lock, error) {
	for i, f := range l.Files {
		if f.SHA256 == "" {
			sum, err := fetch.SHA256(f.in(folder).Path)
			if err != nil {
				return l, err
			}
			l.Files[i].SHA256 = sum
		}
	}
	l.Schema = lockSchema
	if l.Fetched.IsZero() {
		l.Fetched = time.Now().UTC().Truncate(time.Second)
	}
	if err := l.tidy(folder); err != nil {
		return l, err
	}
	if err := l.write(folder, lockName); err != nil {
		return l, err
	}
	if err := os.Remove(filepath.Join(folder, planName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return l, err
	}
	return l, nil
}

// tidy removes the files of an earlier lock that this one does not have: among them may be weights, which would be loaded in place of
// those that were fetched.
func (l Lock) tidy(folder string) error {
	old, err := ReadLock(folder)
	if err != nil {
		return nil // no model is loaded by a name whose lock cannot be read
	}
	for _, f := range old.Files {
		if slices.ContainsFunc(l.Files, func(now File) bool { return now.Path == f.Path }) {
			continue
		}
		if err := os.Remove(f.in(folder).Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Size is a number of bytes in words, decimal as the hub counts: 98.4 MB.
func Size(bytes int64) string {
	const thousand = 1000
	value, unit := float64(bytes), 0
	units := []string{"B", "kB", "MB", "GB", "TB"}
	for value >= thousand-0.5 && unit < len(units)-1 {
		value /= thousand
		unit++
	}
	if value < 10 && unit > 0 {
		return fmt.Sprintf("%.2f %s", value, units[unit])
	}
	if value < 100 && unit > 0 {
		return fmt.Sprintf("%.1f %s", value, units[unit])
	}
	return fmt.Sprintf("%.0f %s", value, units[unit])
}
