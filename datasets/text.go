package datasets

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"unicode/utf8"
)

// Unpacked reads what r holds, and through gzip where it begins as such a file does. What it cannot read as UTF-8 or gzip is
// an error that names it: another packing, UTF-16, a gzip file without its end.
func Unpacked(r io.Reader) (io.Reader, error) {
	b := bufio.NewReaderSize(r, 1<<16)
	head, _ := b.Peek(6)
	for magic, name := range map[string]string{"PK\x03\x04": "zip", "\x28\xb5\x2f\xfd": "zstd", "\xfd7zXZ\x00": "xz", "BZh": "bzip2"} {
		if bytes.HasPrefix(head, []byte(magic)) {
			return nil, fmt.Errorf("it is packed with %s: unpack it, or pack it with gzip", name)
		}
	}
	if !bytes.HasPrefix(head, []byte{0x1f, 0x8b}) {
		return b, checkUTF16(head)
	}
	z, err := gzip.NewReader(b)
	if err != nil {
		return nil, gzipError(err)
	}
	b = bufio.NewReaderSize(whole{z}, 1<<16)
	head, _ = b.Peek(4)
	return b, checkUTF16(head)
}

// checkUTF16 knows UTF-16 and UTF-32 by their marks, or by the zero byte that each of JSON's characters has there.
func checkUTF16(head []byte) error {
	if bytes.HasPrefix(head, []byte{0xff, 0xfe}) || bytes.HasPrefix(head, []byte{0xfe, 0xff}) || bytes.IndexByte(head, 0) >= 0 {
		return errors.New("it is UTF-16 or UTF-32: write it as UTF-8")
	}
	return nil
}

// whole names the errors of a gzip file that is cut off or damaged.
type whole struct{ io.Reader }

func (w whole) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	return n, gzipError(err)
}

func gzipError(err error) error {
	switch {
	case err == nil || err == io.EOF:
		return err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the gzip file is cut off: copy or pack it anew")
	}
	return fmt.Errorf("the gzip file is damaged: copy or pack it anew: %w", err)
}

// mark is what some editors put before a text.
var mark = []byte("\ufeff")

// maxLine bounds one JSON line, in bytes.
const maxLine = 16 << 20

// A Line is one of a file, without blanks around it, and its number from 1 on.
type Line struct {
	Number int
	Text   []byte // until the next one
}

// Lines yields the lines that are not blank. An error names its line, ends the sequence and is for what cannot be read,
// is longer than 16 MiB or no UTF-8.
func Lines(r io.Reader) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		scan := bufio.NewScanner(r)
		scan.Buffer(nil, maxLine)
		number := 0
		for scan.Scan() && scan.Err() == nil { // what stands before an error is no whole line
			number++
			text := bytes.TrimSpace(scan.Bytes())
			if len(text) == 0 {
				continue
			}
			if err := CheckUTF8(text); err != nil {
				yield(Line{}, fmt.Errorf("line %d: %w", number, err))
				return
			}
			if !yield(Line{number, text}, nil) {
				return
			}
		}
		err := scan.Err()
		if errors.Is(err, bufio.ErrTooLong) {
			err = fmt.Errorf("it is longer than %d MiB: write one JSON object a line", maxLine>>20)
		}
		if err != nil {
			yield(Line{}, fmt.Errorf("line %d: %w", number+1, err))
		}
	}
}

// unmarshal is json.Unmarshal for texts that it keeps exactly; a mark before the text is dropped.
func unmarshal(text []byte, v any) error {
	if err := CheckUTF8(text); err != nil {
		return err
	}
	if err := CheckSurrogates(text); err != nil {
		return err
	}
	return json.Unmarshal(bytes.TrimPrefix(text, mark), v)
}

// CheckUTF8 is an error where the text is no UTF-8, which encoding/json would turn into U+FFFD.
func CheckUTF8(text []byte) error {
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && n == 1 {
			return fmt.Errorf("byte %d (0x%02x) is no UTF-8: write the file as UTF-8", i+1, text[i])
		}
		i += n
	}
	return nil
}

// CheckSurrogates is an error where the JSON text escapes half of a surrogate pair ("\ud800"), which is no character and which
// encoding/json would turn into U+FFFD.
func CheckSurrogates(text []byte) error {
	for i := bytes.IndexByte(text, '\\'); i >= 0 && i+1 < len(text); {
		next := i + 2
		if u := unit(text[i:]); 0xd800 <= u && u < 0xe000 {
			if low := unit(text[min(i+6, len(text)):]); u >= 0xdc00 || low < 0xdc00 || low > 0xdfff {
				return fmt.Errorf("%s is half of a surrogate pair, which is no character: remove it", text[i:i+6])
			}
			next = i + 12
		}
		more := bytes.IndexByte(text[next:], '\\')
		if more < 0 {
			break
		}
		i = next + more
	}
	return nil
}

// unit is the number of the escape \uXXXX that the text begins with, -1 where it begins with none.
func unit(text []byte) int64 {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return -1
	}
	u, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	if err != nil {
		return -1
	}
	return int64(u)
}
