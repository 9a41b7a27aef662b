package datasets

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"tandem/internal/fetch"
)

// DataVariable is the environment variable that names the folder of the public suites' files in place of the cache.
const DataVariable = "TANDEM_DATA"

// CacheDir is where fetched suites lie by default: the folder that DataVariable names, or else tandem/datasets in the user's
// cache ($XDG_CACHE_HOME, or what the system has for it).
func CacheDir() (string, error) {
	if dir := os.Getenv(DataVariable); dir != "" {
		return dir, nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no cache folder: %w; name one with %s", err, DataVariable)
	}
	return filepath.Join(dir, "tandem", "datasets"), nil
}

// stall is how long a server may send nothing.
var stall = time.Minute

// in is the file within a cache.
func (f File) in(cache, folder string) fetch.File {
	return fetch.File{URLs: f.URLs, Path: filepath.Join(cache, folder, f.Path), Bytes: f.Bytes, Sum: fetch.Sum(f.SHA256)}
}

// check says what the cache holds of the file.
func (s Source) check(cache string, f File) (fetch.Status, error) {
	return f.in(cache, s.Folder).Check()
}

// Fetch brings the source's files into the cache. A file that is there and whole stays; one that was begun goes on where
// it stopped; each is renamed to its name only when its SHA-256 is the manifest's. A server that fails or has other
// bytes is followed by the file's next one; the error, a *SuiteError, names the last.
func (s Source) Fetch(ctx context.Context, cache string, report func(f File, done int64)) error {
	for _, f := range s.Files {
		status, err := s.check(cache, f)
		if err != nil {
			return err
		}
		if status == fetch.Present {
			report(f, f.Bytes)
			continue
		}
		err = fetch.Client{Stall: stall}.Fetch(ctx, f.in(cache, s.Folder), func(done int64) { report(f, done) })
		if err != nil {
			return &SuiteError{s.Name, fmt.Errorf("%w %s: %w", ErrFetch, s.Name, err)}
		}
	}
	return nil
}

// Take copies the source's files from a file, or from a folder that holds them, into the cache: the way without a
// network.
func (s Source) Take(cache, from string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	if !info.IsDir() && len(s.Files) > 1 {
		return fmt.Errorf("suite %s has %d files: name the folder that holds %s", s.Name, len(s.Files), s.Files[0].Path)
	}
	for _, f := range s.Files {
		origin := from
		if info.IsDir() {
			origin = filepath.Join(from, f.Path)
		}
		if err := f.in(cache, s.Folder).Copy(origin); err != nil {
			return err
		}
	}
	return nil
}
