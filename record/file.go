package record

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"

	"tandem/record/jsonl"
)

// The rules of a results file, beside those of any file of JSON Lines (package jsonl):
//
//   - The first line is the Header, every other line one Record.
//   - Of records of one Key, as files that were put together hold them, the first counts: it is the one that a resumed run
//     would have kept.

// A Writer adds records to a results file. Any number of goroutines may use it.
type Writer struct{ lines *jsonl.Writer }

// Create starts a results file, replacing one of that name, and writes its header with this Schema. A file that another
// process is writing is an error, a *jsonl.Busy.
func Create(path string, header Header) (*Writer, error) {
	lines, err := jsonl.Create(path)
	if err != nil {
		return nil, inFile(err)
	}
	header.Schema = Schema
	w := &Writer{lines}
	if err := w.write(header); err != nil {
		return nil, errors.Join(err, lines.Close())
	}
	return w, nil
}

// Held is what a results file holds: the keys (Record.Key) of its records, and of each whether it was disturbed.
type Held map[string]bool

// Has says whether the file holds a record of the key.
func (h Held) Has(key string) bool {
	_, ok := h[key]
	return ok
}

// Append reopens the results file of an interrupted run. It cuts off a torn last line and returns the header and what the
// file holds. A file that another process is writing is an error, a *jsonl.Busy, and one that is not there a *Missing.
func Append(path string) (w *Writer, header Header, held Held, err error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) { // else it would be created
		return nil, Header{}, nil, &Missing{path}
	}
	held = Held{}
	lines, err := jsonl.Append(path, func(in *jsonl.Reader) error {
		if header, err = readHeader(in, path); err != nil {
			return err
		}
		for r, err := range records(in, nil) {
			if err != nil {
				return err
			}
			held[r.Key()] = r.Err == "" && r.Disturbed()
		}
		return nil
	})
	if err != nil {
		return nil, Header{}, nil, inFile(err)
	}
	return &Writer{lines}, header, held, nil
}

// Write adds one record. When the disk is full or the file cannot be written, the torn line is taken back as far
// as possible, the error says so, and every later Write returns it again.
func (w *Writer) Write(r Record) error { return w.write(r) }

func (w *Writer) write(v any) error {
	if err := w.lines.Write(v); err != nil {
		return fmt.Errorf("results file: %w", err)
	}
	return nil
}

// Close flushes the file to the disk and closes it.
func (w *Writer) Close() error {
	if err := w.lines.Close(); err != nil {
		return fmt.Errorf("results file: %w", err)
	}
	return nil
}

// Read reads a results file's header at once and its records as the sequence is iterated (it may be iterated
// several times; each opens the file again). A torn last line is dropped; after an error nothing follows. A file that is not
// there is a *Missing.
func Read(path string) (Header, iter.Seq2[Record, error], error) { return Select(path, nil) }

// Select is Read of the records that keep asks for; the others are hardly parsed. keep is called by several goroutines at once.
func Select(path string, keep func(task, decoder string) bool) (Header, iter.Seq2[Record, error], error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Header{}, nil, &Missing{path}
	}
	if err != nil {
		return Header{}, nil, inFile(err)
	}
	defer file.Close()
	header, err := readHeader(jsonl.NewReader(file, path), path)
	if err != nil {
		return Header{}, nil, inFile(err)
	}
	return header, func(yield func(Record, error) bool) { readRecords(path, keep, yield) }, nil
}

func readRecords(path string, keep func(task, decoder string) bool, yield func(Record, error) bool) {
	file, err := os.Open(path)
	if err != nil {
		yield(Record{}, inFile(err))
		return
	}
	defer file.Close()
	in := jsonl.NewReader(file, path)
	if _, err := readHeader(in, path); err != nil {
		yield(Record{}, inFile(err))
		return
	}
	for r, err := range records(in, keep) {
		if !yield(r, inFile(err)) {
			return
		}
	}
}

// The files of a folder of results. The last two are there only where there is something to keep.
const (
	RunFile       = "run.jsonl"
	ScoredFile    = "scored.jsonl"
	SummaryFile   = "summary.json" // of package reports
	RawFile       = "raw.jsonl"
	TelemetryFile = "telemetry.jsonl"
)

// A Missing is the error of a results file that does not exist.
type Missing struct{ Path string }

// Error names the file.
func (m *Missing) Error() string { return m.Path + " does not exist" }

// Is says that the error is fs.ErrNotExist, too.
func (m *Missing) Is(target error) bool { return target == fs.ErrNotExist }

// inFile says of an error of the system that it is about a results file, and of a damaged line what to do.
func inFile(err error) error {
	var damage *jsonl.Damage
	var busy *jsonl.Busy
	var system *fs.PathError
	switch {
	case errors.As(err, &damage):
		return fmt.Errorf("%w: delete that line and run again", err)
	case errors.As(err, &busy) || errors.As(err, &system):
		return fmt.Errorf("results file: %w", err)
	}
	return err
}

// readHeader parses the first line and refuses another schema.
func readHeader(in *jsonl.Reader, path string) (h Header, err error) {
	var raw json.RawMessage
	err = in.Next(func(line []byte) error { return json.Unmarshal(line, &raw) })
	if err == io.EOF {
		return Header{}, fmt.Errorf("%s: no header: the run stopped before it began; delete the file and run again", path)
	}
	if err != nil {
		return Header{}, err
	}
	var version struct {
		Schema *int `json:"schema"`
	}
	if err := json.Unmarshal(raw, &version); err != nil || version.Schema == nil {
		return Header{}, fmt.Errorf("%s:1: not a results file: its first line is no header", path)
	}
	if *version.Schema != Schema {
		return Header{}, fmt.Errorf("%s: results of schema %d, but this tandem reads schema %d: use the version that wrote them, or run again",
			path, *version.Schema, Schema)
	}
	if err := json.Unmarshal(raw, &h); err != nil {
		return Header{}, fmt.Errorf("%s:1: damaged header: %w", path, err)
	}
	return h, nil
}

// records are those behind the header that keep asks for, each of a key that none had before; a nil keep asks for all.
func records(in *jsonl.Reader, keep func(task, decoder string) bool) iter.Seq2[Record, error] {
	parse := func(line []byte, r *parsed) (err error) {
		if r.kept = keep == nil || keeps(line, keep); r.kept {
			err = json.Unmarshal(line, &r.Record)
		}
		return err
	}
	return func(yield func(Record, error) bool) {
		seen := map[keyHash]bool{}
		for r, err := range jsonl.All(in, parse) {
			if err != nil {
				yield(Record{}, err)
				return
			}
			if !r.kept || keep != nil && !keep(r.Task, r.Decoder) {
				continue
			}
			key := sha256.Sum256([]byte(r.Key()))
			if seen[keyHash(key[:16])] {
				continue
			}
			seen[keyHash(key[:16])] = true
			if !yield(r.Record, nil) {
				return
			}
		}
	}
}

// A parsed line is a record, unless its beginning says that it is not asked for.
type parsed struct {
	Record
	kept bool
}

// A keyHash stands for a Key: of a million records the keys themselves would be much of what is in memory.
type keyHash [16]byte

// keeps says whether a record's line is asked for, as its first two fields tell. A line that begins otherwise is kept, since
// only a parser of all of it can tell.
func keeps(line []byte, keep func(task, decoder string) bool) bool {
	in := json.NewDecoder(bytes.NewReader(line))
	var begin [5]any // { "task" task "decoder" decoder
	for i := range begin {
		token, err := in.Token()
		if err != nil {
			return true
		}
		begin[i] = token
	}
	task, ok := begin[2].(string)
	decoder, too := begin[4].(string)
	return begin[1] != "task" || begin[3] != "decoder" || !ok || !too || keep(task, decoder)
}
