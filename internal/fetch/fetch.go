// Package fetch brings published files into folders of this machine. The way of a file:
//
//  1. A File says where it is published, where it goes, and by which size and hash it is known.
//  2. A Client asks for it. What was begun lies beside it as a part, and goes on where it stopped.
//  3. The part gets the file's name only when its hash is right. One of other bytes is removed.
//  4. Copy takes a file that is on this machine already, with the same check.
package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// PartSuffix ends the name of a file that is not whole yet.
const PartSuffix = ".part"

// A File is one published file.
type File struct {
	URLs  []string // where it can be had; the next one is asked where one fails
	Path  string   // where it goes
	Bytes int64    // its size
	Sum   Sum
}

// A Status is what this machine has of a file.
type Status string

// The states of a file.
const (
	Present Status = "present" // whole, with the right hash
	Partial Status = "partial" // begun: the next fetch goes on
	Damaged Status = "damaged" // another hash
	Absent  Status = "absent"
)

// Check reads the file and says what there is of it.
func (f File) Check() (Status, error) {
	sum, err := f.Sum.like(f.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, err := os.Stat(f.Path + PartSuffix); err == nil {
			return Partial, nil
		}
		return Absent, nil
	case err != nil:
		return "", err
	case sum != f.Sum:
		return Damaged, nil
	}
	return Present, nil
}

// ErrOtherBytes is of a file whose hash is not the right one.
var ErrOtherBytes = errors.New("the manifest says")

// Fetch downloads a file to its place, over what is there. report is called with the bytes that there are.
func (c Client) Fetch(ctx context.Context, f File, report func(done int64)) error {
	if err := os.MkdirAll(filepath.Dir(f.Path), 0o755); err != nil {
		return err
	}
	var err error
	for _, url := range f.URLs {
		_, missing := os.Stat(f.Path + PartSuffix)
		err = c.persist(ctx, f, url, report)
		if errors.Is(err, ErrOtherBytes) && missing == nil { // what was begun may be another server's
			err = c.persist(ctx, f, url, report)
		}
		if err == nil || ctx.Err() != nil {
			break
		}
	}
	return err
}

// persist downloads from one server, again after failures in passing.
func (c Client) persist(ctx context.Context, f File, url string, report func(int64)) error {
	var tag string
	return c.again(ctx, func() (bool, error) {
		before := size(f.Path + PartSuffix)
		err := c.download(ctx, f, url, &tag, report)
		return size(f.Path+PartSuffix) > before, err
	})
}

func size(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// download goes on with the file's part from url, checks it and gives it its name. tag is the server's version of what it has
// sent so far, "" where it has none.
func (c Client) download(ctx context.Context, f File, url string, tag *string, report func(int64)) (err error) {
	part, err := os.OpenFile(f.Path+PartSuffix, os.O_RDWR|os.O_CREATE, 0o644)
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
	if have < f.Bytes || f.Bytes == 0 {
		if err := c.receive(ctx, f, url, part, have, tag, report); err != nil {
			return err
		}
	}
	return f.finish(part, url)
}

// receive appends what the server sends to a part of so many bytes.
func (c Client) receive(ctx context.Context, f File, url string, part *os.File, have int64, tag *string, report func(int64)) error {
	stall := c.stall()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watch := time.AfterFunc(stall, func() { cancel(fmt.Errorf("the server sent nothing for %v", stall)) })
	defer watch.Stop()
	res, from, err := c.get(ctx, url, have, *tag)
	if isStatus(err, errRange) { // it has fewer bytes than the part: begin again
		return &passing{errors.Join(err, part.Truncate(0)), 0}
	}
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if changed := strong(res); from > 0 && *tag != "" && changed != *tag {
		*tag = ""
		return &passing{errors.Join(fmt.Errorf("%s: the file has changed on the server", bare(url)), part.Truncate(0)), 0}
	}
	*tag = strong(res)
	err = f.copy(part, res.Body, from, func(done int64) { watch.Reset(stall); report(done) })
	if err != nil && context.Cause(ctx) != ctx.Err() {
		err = &passing{context.Cause(ctx), 0}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", bare(url), err)
	}
	return nil
}

// copy writes the body into part from the given byte on.
func (f File) copy(part *os.File, body io.Reader, from int64, report func(int64)) error {
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
		report(done)
		if err == io.EOF {
			if done < f.Bytes {
				return &passing{fmt.Errorf("it ended after %d of %d bytes", done, f.Bytes), 0}
			}
			return nil
		}
		if err != nil {
			return &passing{fmt.Errorf("after %d of %d bytes: %w", done, f.Bytes, err), 0}
		}
	}
}

// finish checks a whole part and renames it; one with other bytes is removed, since no download could mend it.
func (f File) finish(part *os.File, origin string) error {
	sum, err := f.Sum.like(part.Name())
	if err != nil {
		return err
	}
	if sum != f.Sum {
		err := fmt.Errorf("%s has %s %.12s, %w %.12s", bare(origin), f.Sum.kind(), sum, ErrOtherBytes, f.Sum)
		return errors.Join(err, os.Remove(part.Name()))
	}
	if err := part.Sync(); err != nil {
		return err
	}
	return os.Rename(part.Name(), f.Path)
}

// Copy takes the file from origin, if that is it.
func (f File) Copy(origin string) error {
	in, err := os.Open(origin)
	if err != nil {
		return err
	}
	defer in.Close()
	return f.Take(in, origin)
}

// Take writes what in has into the file, if that is it. The origin stands in the error.
func (f File) Take(in io.Reader, origin string) error {
	if err := os.MkdirAll(filepath.Dir(f.Path), 0o755); err != nil {
		return err
	}
	part, err := os.CreateTemp(filepath.Dir(f.Path), filepath.Base(f.Path)+".*"+PartSuffix)
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
	return f.finish(part, origin)
}
