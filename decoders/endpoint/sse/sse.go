// Package sse reads server-sent events (WHATWG HTML, 9.2) and stamps each with the time at which the read of the connection that
// completed it returned. So an event that waits in a buffer for the one before it to be parsed keeps its own time.
//
// Lines end in LF, CRLF or CR; comments and unknown fields are skipped. Bytes are handed on as they came: a character that is cut
// by a read is whole again in the event.
package sse

import (
	"bytes"
	"fmt"
	"io"
	"time"
)

// An Event is what stands between two blank lines. Data is valid until the next call of Next.
type Event struct {
	Name string    // of the field event; "" where there is none
	Data []byte    // the lines of the fields data, with newlines between
	At   time.Time // when the read returned that completed it; with a monotonic clock
}

// A TooLarge is the error of an event that is larger than the reader's bound.
type TooLarge struct{ Most int }

// Error says the bound.
func (e *TooLarge) Error() string { return fmt.Sprintf("an event has more than %d bytes", e.Most) }

// chunk is how much is asked of the connection at once, in bytes. A read returns what is there, so a larger one delays nothing.
const chunk = 32 << 10

// A Reader reads events, each of at most so many bytes.
type Reader struct {
	in   io.Reader
	most int

	buf     []byte // what was read
	from    int    // of buf, where the next line begins
	scanned int    // of buf, up to where no line ends
	at      time.Time
	err     error // of the last read
	crlf    bool  // the last line ended in CR: an LF that follows belongs to it
	begun   bool  // a first line was read, before which a byte order mark may stand

	name string
	data []byte
	some bool // there was a data field
}

// NewReader returns a reader of events of at most most bytes.
func NewReader(in io.Reader, most int) *Reader { return &Reader{in: in, most: most} }

// Next returns the next event that has data. At the end of the stream the error is io.EOF, or io.ErrUnexpectedEOF where it ends
// within a line; an event whose lines are whole counts although no blank line follows.
func (r *Reader) Next() (Event, error) {
	r.name, r.data, r.some = "", r.data[:0], false
	for {
		line, err := r.line()
		if err == io.EOF && r.some {
			return Event{r.name, r.data, r.at}, nil
		}
		if err != nil {
			return Event{}, err
		}
		if len(line) == 0 {
			if r.some {
				return Event{r.name, r.data, r.at}, nil
			}
			r.name = ""
			continue
		}
		if r.field(line); len(r.data) > r.most {
			return Event{}, &TooLarge{r.most}
		}
	}
}

// field takes a line in.
func (r *Reader) field(line []byte) {
	key, value, _ := bytes.Cut(line, []byte(":"))
	value = bytes.TrimPrefix(value, []byte(" "))
	switch string(key) {
	case "event":
		r.name = string(value)
	case "data":
		if r.some {
			r.data = append(r.data, '\n')
		}
		r.data, r.some = append(r.data, value...), true
	}
}

// line is the next line without its end.
func (r *Reader) line() ([]byte, error) {
	for {
		if r.crlf && r.from < len(r.buf) {
			if r.buf[r.from] == '\n' {
				r.from++
			}
			r.crlf = false
		}
		r.scanned = max(r.scanned, r.from)
		if i := bytes.IndexAny(r.buf[r.scanned:], "\r\n"); i >= 0 {
			line, end := r.buf[r.from:r.scanned+i], r.scanned+i
			r.crlf, r.from, r.scanned = r.buf[end] == '\r', end+1, end+1
			if !r.begun {
				line = bytes.TrimPrefix(line, []byte("\ufeff"))
			}
			r.begun = true
			return line, nil
		}
		r.scanned = len(r.buf)
		if len(r.buf)-r.from > r.most+len("data: ") {
			return nil, &TooLarge{r.most}
		}
		if err := r.read(); err != nil {
			return nil, err
		}
	}
}

// read adds what one read of the connection returns to the buffer, and stamps it.
func (r *Reader) read() error {
	if r.err != nil {
		return r.ended()
	}
	if r.from > 0 {
		r.buf = r.buf[:copy(r.buf, r.buf[r.from:])]
		r.scanned, r.from = r.scanned-r.from, 0
	}
	if cap(r.buf)-len(r.buf) < chunk {
		r.buf = append(make([]byte, 0, 2*len(r.buf)+2*chunk), r.buf...)
	}
	n, err := r.in.Read(r.buf[len(r.buf) : len(r.buf)+chunk])
	if n > 0 {
		r.at = time.Now()
	}
	r.buf, r.err = r.buf[:len(r.buf)+n], err
	if n == 0 && err != nil {
		return r.ended()
	}
	return nil
}

// ended is the error of a stream that is over.
func (r *Reader) ended() error {
	if r.err == io.EOF && r.from < len(r.buf) {
		return io.ErrUnexpectedEOF
	}
	return r.err
}
