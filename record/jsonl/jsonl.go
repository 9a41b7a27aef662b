// Package jsonl writes and reads files of JSON Lines that an interruption can tear. The rules:
//
//   - A line is written by one write call as soon as it exists, so an interruption can tear the last line only.
//   - A file has one writer at a time, which holds its lock.
//   - A reader drops a torn last line and Append cuts it off. Damage anywhere else is an error with its line number.
//   - After an error nothing follows: a reader yields no more, and a writer writes no more.
package jsonl

import (
	"bufio"
	"fmt"
	"io"
	"os"
)

// A Damage is a line that is not what its reader expects.
type Damage struct {
	Path string
	Line int // counted from 1
	Err  error
}

// Error names the file and the line.
func (d *Damage) Error() string { return fmt.Sprintf("%s:%d: damaged line: %v", d.Path, d.Line, d.Err) }

// Unwrap is what is wrong with the line.
func (d *Damage) Unwrap() error { return d.Err }

// A Reader reads a file of JSON Lines, by Next line by line or by All as a whole.
type Reader struct {
	in   *bufio.Reader
	name string // of the file, for errors
	text []byte // of the line that Next read last

	line    int    // lines that were parsed or torn
	whole   int64  // bytes of the lines that were parsed
	unended bool   // the last parsed line lacks its newline
	torn    []byte // the last line, where it could not be parsed and lacks its newline
}

// NewReader reads lines from r. The name stands in errors.
func NewReader(r io.Reader, name string) *Reader {
	return &Reader{in: bufio.NewReaderSize(r, 1<<16), name: name}
}

// Torn is the beginning of the line that an interruption tore; nil where there is none or the end was not reached.
func (r *Reader) Torn() []byte { return r.torn }

// Next parses the next line, which is valid during the call; io.EOF where there is none or only a torn one.
func (r *Reader) Next(parse func(line []byte) error) error {
	var readErr error
	r.text, readErr = r.appendLine(r.text[:0])
	if len(r.text) == 0 || readErr != nil && readErr != io.EOF {
		return readErr
	}
	return r.took(r.text, parse(r.text), readErr == io.EOF)
}

// took accounts for a line after it was parsed, with this error. unended says that it lacks its newline.
func (r *Reader) took(line []byte, err error, unended bool) error {
	r.line++
	switch {
	case err == nil:
		r.whole += int64(len(line))
		r.unended = unended
		return nil
	case unended:
		r.torn = append([]byte{}, line...)
		return io.EOF
	}
	return &Damage{Path: r.name, Line: r.line, Err: err}
}

// appendLine appends the next line to text, with its newline; io.EOF where it lacks that.
func (r *Reader) appendLine(text []byte) ([]byte, error) {
	for {
		part, err := r.in.ReadSlice('\n')
		text = append(text, part...)
		if err != bufio.ErrBufferFull {
			return text, err
		}
	}
}

// ReadFile reads all lines of the file at path into values of T. The error is a *Damage where a line is not one.
func ReadFile[T any](path string, parse func(line []byte, value *T) error) (values []T, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	for v, err := range All(NewReader(file, path), parse) {
		if err != nil {
			return nil, err
		}
		values = append(values, v)
	}
	return values, nil
}
