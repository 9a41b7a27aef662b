package record

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"sync"
)

// The rules of a results file:
//
//   - The first line is the Header, every other line one Record; each ends with a newline.
//   - A record is written by one write call as soon as it exists, so an interruption can tear the last line only.
//   - A reader drops a torn last line and Append cuts it off. Damage anywhere else is an error with its line number.
//   - Of records of one Key, as files that were put together hold them, the first counts: it is the one that a resumed run
//     would have kept.

// A Writer adds records to a results file. Any number of goroutines may use it.
type Writer struct {
	mu   sync.Mutex
	file *os.File
	size int64 // length of the lines written whole
	err  error // the first failed write: nothing follows it
}

// Create starts a results file, replacing one of that name, and writes its header with this Schema. A file that another
// process is writing is an error.
func Create(path string, header Header) (*Writer, error) {
	file, err := open(path, os.O_CREATE)
	if err != nil {
		return nil, err
	}
	if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
		if err := file.Truncate(0); err != nil {
			file.Close()
			return nil, fmt.Errorf("results file: %w", err)
		}
	}
	header.Schema = Schema
	w := &Writer{file: file}
	if err := w.write(header); err != nil {
		file.Close()
		return nil, err
	}
	return w, nil
}

// open opens a results file to write, for this process alone.
func open(path string, flag int) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|flag, 0o666)
	if err != nil {
		return nil, fmt.Errorf("results file: %w", err)
	}
	if err := lock(file); err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// Held is what a results file holds: the keys (Record.Key) of its records, and of each whether it was disturbed.
type Held map[string]bool

// Has says whether the file holds a record of the key.
func (h Held) Has(key string) bool {
	_, ok := h[key]
	return ok
}

// Append reopens the results file of an interrupted run. It cuts off a torn last line and returns the header and what the
// file holds. A file that another process is writing is an error.
func Append(path string) (*Writer, Header, Held, error) {
	file, err := open(path, 0)
	if err != nil {
		return nil, Header{}, nil, err
	}
	w, header, held, err := resume(file)
	if err != nil {
		file.Close()
		return nil, Header{}, nil, err
	}
	return w, header, held, nil
}

// resume reads all of file and leaves it positioned behind its last whole line.
func resume(file *os.File) (*Writer, Header, Held, error) {
	l := newLines(file, file.Name())
	header, err := l.header()
	if err != nil {
		return nil, header, nil, err
	}
	held := Held{}
	for {
		r, err := l.record()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, header, nil, err
		}
		held[r.Key()] = r.Disturbed()
	}
	w := &Writer{file: file, size: l.whole}
	if err := file.Truncate(l.whole); err != nil {
		return nil, header, nil, fmt.Errorf("results file: %w", err)
	}
	if _, err := file.Seek(l.whole, io.SeekStart); err != nil {
		return nil, header, nil, fmt.Errorf("results file: %w", err)
	}
	if l.unended { // the last record is whole, only its newline is missing
		if _, err := file.Write([]byte("\n")); err != nil {
			return nil, header, nil, fmt.Errorf("results file: %w", err)
		}
		w.size++
	}
	return w, header, held, nil
}

// Write adds one record. When the disk is full or the file cannot be written, the torn line is taken back as far
// as possible, the error says so, and every later Write returns it again.
func (w *Writer) Write(r Record) error { return w.write(r) }

func (w *Writer) write(v any) error {
	var line bytes.Buffer
	enc := json.NewEncoder(&line) // ends the line with a newline
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("results file %s: %w", w.file.Name(), err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return w.err
	}
	n, err := w.file.Write(line.Bytes())
	if err != nil {
		if n > 0 {
			w.file.Truncate(w.size) // best effort: a reader drops a torn last line anyway
		}
		w.err = fmt.Errorf("results file: %w", err)
		return w.err
	}
	w.size += int64(n)
	return nil
}

// Close flushes the file to the disk and closes it.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := errors.Join(w.file.Sync(), w.file.Close()); err != nil {
		return fmt.Errorf("results file: %w", err)
	}
	return nil
}

// Read reads a results file's header at once and its records as the sequence is iterated (it may be iterated
// several times; each opens the file again). A torn last line is dropped; after an error nothing follows.
func Read(path string) (Header, iter.Seq2[Record, error], error) {
	file, err := os.Open(path)
	if err != nil {
		return Header{}, nil, fmt.Errorf("results file: %w", err)
	}
	defer file.Close()
	header, err := newLines(file, path).header()
	if err != nil {
		return Header{}, nil, err
	}
	return header, func(yield func(Record, error) bool) { readRecords(path, yield) }, nil
}

func readRecords(path string, yield func(Record, error) bool) {
	file, err := os.Open(path)
	if err != nil {
		yield(Record{}, fmt.Errorf("results file: %w", err))
		return
	}
	defer file.Close()
	l := newLines(file, path)
	if _, err := l.header(); err != nil {
		yield(Record{}, err)
		return
	}
	for {
		r, err := l.record()
		if err == io.EOF || !yield(r, err) || err != nil {
			return
		}
	}
}

// lines parses a results file from a stream.
type lines struct {
	in      *bufio.Reader
	name    string          // of the file, for errors
	n       int             // lines read
	whole   int64           // bytes of the lines that were parsed
	unended bool            // the last parsed line lacks its newline
	seen    map[string]bool // keys of the records so far
}

func newLines(r io.Reader, name string) *lines {
	return &lines{in: bufio.NewReaderSize(r, 1<<16), name: name, seen: map[string]bool{}}
}

// next parses the next line into v; io.EOF when there is none or only a torn one.
func (l *lines) next(v any) error {
	line, err := l.in.ReadBytes('\n')
	if err != nil && err != io.EOF {
		return fmt.Errorf("results file: %w", err)
	}
	if len(line) == 0 {
		return io.EOF
	}
	l.n++
	unended := err == io.EOF
	if err := json.Unmarshal(line, v); err != nil {
		if unended {
			return io.EOF
		}
		return fmt.Errorf("%s:%d: damaged line: %w: delete that line and run again", l.name, l.n, err)
	}
	l.whole += int64(len(line))
	l.unended = unended
	return nil
}

// header parses the first line and refuses another schema.
func (l *lines) header() (Header, error) {
	var raw json.RawMessage
	err := l.next(&raw)
	if err == io.EOF {
		return Header{}, fmt.Errorf("%s: no header: the run stopped before it began; delete the file and run again", l.name)
	}
	if err != nil {
		return Header{}, err
	}
	var version struct {
		Schema *int `json:"schema"`
	}
	if err := json.Unmarshal(raw, &version); err != nil || version.Schema == nil {
		return Header{}, fmt.Errorf("%s:1: not a results file: its first line is no header", l.name)
	}
	if *version.Schema != Schema {
		return Header{}, fmt.Errorf("%s: results of schema %d, but this tandem reads schema %d: use the version that wrote them, or run again",
			l.name, *version.Schema, Schema)
	}
	var h Header
	if err := json.Unmarshal(raw, &h); err != nil {
		return Header{}, fmt.Errorf("%s:1: damaged header: %w", l.name, err)
	}
	return h, nil
}

// record parses the next record of a key that none had before; io.EOF at the end.
func (l *lines) record() (Record, error) {
	for {
		var r Record
		if err := l.next(&r); err != nil {
			return Record{}, err
		}
		if key := r.Key(); !l.seen[key] {
			l.seen[key] = true
			return r, nil
		}
	}
}
