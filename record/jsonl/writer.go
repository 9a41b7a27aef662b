package jsonl

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// A Busy is the error of a file that another process is writing.
type Busy struct{ Path string }

// Error names the file.
func (b *Busy) Error() string {
	return fmt.Sprintf("another process is writing %s: wait for it", b.Path)
}

// A Writer adds lines to a file. Any number of goroutines may use it.
type Writer struct {
	mu     sync.Mutex
	file   *os.File
	device bool  // a pipe or a device, which cannot be cut or flushed
	size   int64 // length of the lines written whole
	err    error // the first failed write: nothing follows it
}

// Create starts a file, replacing one of that name. The error is a *Busy where another process is writing it.
func Create(path string) (*Writer, error) {
	w, err := open(path)
	if err != nil || w.device {
		return w, err
	}
	if err := w.file.Truncate(0); err != nil {
		return nil, w.abandon(err)
	}
	return w, nil
}

// Append goes on with a file, which it creates where there is none. read is given what the file holds and reads all of it; then
// a torn last line is cut off, and a whole one gets the newline that it lacks. Where read fails the file stays as it is. A pipe
// or device holds nothing. The error is a *Busy where another process is writing the file.
func Append(path string, read func(*Reader) error) (*Writer, error) {
	w, err := open(path)
	if err != nil || w.device {
		return w, err
	}
	r := NewReader(w.file, path)
	if err := read(r); err != nil {
		return nil, w.abandon(err)
	}
	if err := w.file.Truncate(r.whole); err != nil {
		return nil, w.abandon(err)
	}
	if w.size, err = w.file.Seek(r.whole, io.SeekStart); err != nil {
		return nil, w.abandon(err)
	}
	if r.unended {
		if err := w.WriteLine([]byte("\n")); err != nil {
			return nil, w.abandon(err)
		}
	}
	return w, nil
}

// open opens a file to write, a regular one for this process alone.
func open(path string) (*Writer, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		file, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return nil, err
		}
		return &Writer{file: file, device: true}, nil
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	w := &Writer{file: file}
	if err := lock(file); err != nil {
		return nil, w.abandon(err)
	}
	return w, nil
}

// abandon closes the file and returns the error that keeps it from being written.
func (w *Writer) abandon(err error) error { return errors.Join(err, w.file.Close()) }

// Write adds v as one line. When the disk is full or the file cannot be written, the torn line is taken back as far as possible,
// the error says so, and every later Write returns it again.
func (w *Writer) Write(v any) error {
	var line bytes.Buffer
	enc := json.NewEncoder(&line) // ends the line with a newline
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("%s: %w", w.file.Name(), err)
	}
	return w.WriteLine(line.Bytes())
}

// WriteLine is Write of JSON that is encoded already, with the newline at its end.
func (w *Writer) WriteLine(line []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return w.err
	}
	n, err := w.file.Write(line)
	if err != nil {
		if n > 0 && !w.device {
			w.file.Truncate(w.size) // best effort: a reader drops a torn last line anyway
		}
		w.err = err
		return err
	}
	w.size += int64(n)
	return nil
}

// Close flushes the file to the disk and closes it.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.device {
		return w.file.Close()
	}
	return errors.Join(w.file.Sync(), w.file.Close())
}
