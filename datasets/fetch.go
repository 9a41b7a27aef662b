package datasets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"
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

// A Status is what a folder holds of a file.
type Status string

// The states of a file.
const (
	Present Status = "present" // whole, with the manifest's SHA-256
	Partial Status = "partial" // begun: the next fetch goes on
	Damaged Status = "damaged" // another SHA-256
	Absent  Status = "absent"
)

// check says what the cache holds of the file.
func (s Source) check(cache string, f File) (Status, error) {
	path := filepath.Join(cache, s.Folder, f.Path)
	sum, err := hashFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, err := os.Stat(path + partSuffix); err == nil {
			return Partial, nil
		}
		return Absent, nil
	case err != nil:
		return "", err
	case sum != f.SHA256:
		return Damaged, nil
	}
	return Present, nil
}

// partSuffix ends the name of a file that is not whole yet.
const partSuffix = ".part"

// errOtherBytes is of a file whose SHA-256 is not the manifest's.
var errOtherBytes = errors.New("the manifest says")

// stall is how long a server may send nothing.
var stall = time.Minute

// client bounds the waits for a server's answer; copy those for what it sends.
var client = &http.Client{Transport: &http.Transport{
	Proxy:                 http.ProxyFromEnvironment,
	DialContext:           (&net.Dialer{Timeout: 20 * time.Second}).DialContext,
	TLSHandshakeTimeout:   20 * time.Second,
	ResponseHeaderTimeout: 60 * time.Second,
}}

// Fetch brings the source's files into the cache. A file that is there and whole stays; one that was begun goes on where
// it stopped; each is renamed to its name only when its SHA-256 is the manifest's. A server that fails or has other
// bytes is followed by the file's next one; the error, a *SuiteError, names the last.
func (s Source) Fetch(ctx context.Context, cache string, report func(f File, done int64)) error {
	for _, f := range s.Files {
		status, err := s.check(cache, f)
		if err != nil {
			return err
		}
		if status == Present {
			report(f, f.Bytes)
			continue
		}
		path := filepath.Join(cache, s.Folder, f.Path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		for _, url := range f.URLs {
			_, missing := os.Stat(path + partSuffix)
			err = f.download(ctx, url, path, report)
			if errors.Is(err, errOtherBytes) && missing == nil { // what was begun may be another server's
				err = f.download(ctx, url, path, report)
			}
			if err == nil || ctx.Err() != nil {
				break
			}
		}
		if err != nil {
			return &SuiteError{s.Name, fmt.Errorf("%w %s: %w", ErrFetch, s.Name, err)}
		}
	}
	return nil
}

// download goes on with path's part from url, checks it and gives it its name.
func (f File) download(ctx context.Context, url, path string, report func(File, int64)) (err error) {
	part, err := os.OpenFile(path+partSuffix, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	defer func() {
		if info, statErr := part.Stat(); statErr == nil && info.Size() == 0 { // nothing to resume
			os.Remove(part.Name())
		}
		err = errors.Join(err, part.Close())
	}()
	have, err := part.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if have > f.Bytes { // of another file
		have = 0
	}
	if have < f.Bytes {
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		watch := time.AfterFunc(stall, func() { cancel(fmt.Errorf("the server sent nothing for %v", stall)) })
		defer watch.Stop()
		body, from, err := get(ctx, url, have)
		if err != nil {
			return err
		}
		defer body.Close()
		err = f.copy(part, body, from, func(f File, done int64) { watch.Reset(stall); report(f, done) })
		if err != nil && context.Cause(ctx) != ctx.Err() {
			err = context.Cause(ctx)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", url, err)
		}
	}
	return f.finish(part, path, url)
}

// get asks for the bytes of url from the given one on and returns them and where they begin: at 0 where the server has
// no ranges.
func get(ctx context.Context, url string, from int64) (io.ReadCloser, int64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, 0, err
	}
	req.Header.Set("Accept-Encoding", "identity") // the bytes as they are published
	if from > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", from))
	}
	res, err := client.Do(req)
	if err != nil {
		return nil, 0, err
	}
	switch {
	case res.StatusCode == http.StatusOK:
		return res.Body, 0, nil
	case res.StatusCode == http.StatusPartialContent && from > 0:
		var begin int64
		if _, err := fmt.Sscanf(res.Header.Get("Content-Range"), "bytes %d-", &begin); err == nil && begin <= from {
			return res.Body, begin, nil
		}
	}
	res.Body.Close()
	return nil, 0, fmt.Errorf("%s: the server says %s", url, res.Status)
}

// copy writes the body into part from the given byte on.
func (f File) copy(part *os.File, body io.Reader, from int64, report func(File, int64)) error {
	if err := part.Truncate(from); err != nil {
		return err
	}
	if _, err := part.Seek(from, io.SeekStart); err != nil {
		return err
	}
	chunk := make([]byte, 1<<16)
	for done := from; ; {
		n, err := body.Read(chunk)
		if done += int64(n); done > f.Bytes {
			return fmt.Errorf("more than the %d bytes of the file", f.Bytes)
		}
		if _, err := part.Write(chunk[:n]); err != nil {
			return err
		}
		report(f, done)
		if err == io.EOF {
			if done < f.Bytes {
				return fmt.Errorf("it ended after %d of %d bytes", done, f.Bytes)
			}
			return nil
		}
		if err != nil {
			return fmt.Errorf("after %d of %d bytes: %w", done, f.Bytes, err)
		}
	}
}

// finish checks a whole part and renames it; one with other bytes is removed, since no download could mend it.
func (f File) finish(part *os.File, path, origin string) error {
	sum, err := hashFile(part.Name())
	if err != nil {
		return err
	}
	if sum != f.SHA256 {
		return errors.Join(fmt.Errorf("%s has SHA-256 %.12s, %w %.12s", origin, sum, errOtherBytes, f.SHA256), os.Remove(part.Name()))
	}
	if err := part.Sync(); err != nil {
		return err
	}
	return os.Rename(part.Name(), path)
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
		path := filepath.Join(cache, s.Folder, f.Path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := f.take(origin, path); err != nil {
			return err
		}
	}
	return nil
}

// take copies origin to path if it is the file.
func (f File) take(origin, path string) (err error) {
	in, err := os.Open(origin)
	if err != nil {
		return err
	}
	defer in.Close()
	part, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*"+partSuffix)
	if err != nil {
		return err
	}
	defer part.Close()
	if _, err := io.Copy(part, in); err != nil {
		return errors.Join(err, os.Remove(part.Name()))
	}
	if err := part.Chmod(0o644); err != nil {
		return err
	}
	return f.finish(part, path, origin)
}

// hashFile returns the SHA-256 of a file, in hex.
func hashFile(path string) (string, error) {
	text, err := os.ReadFile(path) // the largest is 2 MB
	if err != nil {
		return "", err
	}
	return hash(text), nil
}
