package datasets

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"
)

func packed(t testing.TB, text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func utf16Text(order binary.AppendByteOrder, text string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, u)
	}
	return string(b)
}

// TestTextsThatCannotBeRead: what is no UTF-8, no whole gzip file or no characters is refused, with its line, whichever format
// the suite has; a mark before the text is dropped.
func TestTextsThatCannotBeRead(t *testing.T) {
	var b strings.Builder
	for i := range 5000 {
		b.WriteString(strings.Replace(line, "a/0", fmt.Sprint(i), 1) + "\n")
	}
	long := b.String()
	cases := []struct{ name, text, want string }{
		{"UTF-16, little-endian", utf16Text(binary.LittleEndian, "\ufeff"+line), "it is UTF-16 or UTF-32: write it as UTF-8"},
		{"UTF-16, big-endian", utf16Text(binary.BigEndian, "\ufeff"+line), "it is UTF-16 or UTF-32"},
		{"UTF-16 without a mark", utf16Text(binary.LittleEndian, line), "it is UTF-16 or UTF-32"},
		{"UTF-16, packed", packed(t, utf16Text(binary.BigEndian, line)), "it is UTF-16 or UTF-32"},
		{"gzip, cut", packed(t, long)[:200], "the gzip file is cut off: copy or pack it anew"},
		{"gzip, cut in its head", packed(t, long)[:5], "the gzip file is cut off"},
		{"gzip, cut before its sum", packed(t, line)[:len(packed(t, line))-3], "the gzip file is cut off"},
		{"gzip, damaged", packed(t, line)[:len(packed(t, line))-8] + "\x00\x00\x00\x00\x00\x00\x00\x00", "the gzip file is damaged"},
		{"zstd", "\x28\xb5\x2f\xfd....", "it is packed with zstd: unpack it"},
		{"not UTF-8", "\n" + strings.Replace(line, "pass", "pa\xffs", 1), "line 2: byte 68 (0xff) is no UTF-8: write the file as UTF-8"},
		{"high half", strings.Replace(line, "pass", `\ud83d`, 1), `line 1: \ud83d is half of a surrogate pair, which is no character: remove it`},
		{"low half", strings.Replace(line, "pass", `\\\uDE00`, 1), `line 1: \uDE00 is half`},
		{"halves the wrong way", strings.Replace(line, "pass", `\ude00\ud83d`, 1), `line 1: \ude00 is half`},
		{"two high halves", strings.Replace(line, "pass", `\ud83d\ud83d\ude00`, 1), `line 1: \ud83d is half`},
		{"a line too long", line + "\n" + strings.Repeat(" ", maxLine+1) + "\n", "line 2: it is longer than 16 MiB"},
	}
	path := filepath.Join(t.TempDir(), "own.jsonl")
	for _, c := range cases {
		r, err := Unpacked(strings.NewReader(c.text))
		if err == nil {
			_, err = Read("a", r)
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: read: %v, want %q", c.name, err, c.want)
		}
		if err := os.WriteFile(path, []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err = find(t, "humaneval").LoadFile(path)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: loaded: %v, want %q", c.name, err, c.want)
		}
	}
	for name, text := range map[string]string{"pair": `\ud83d\ude00`, "escaped": `\\ud83d`, "replacement": "\ufffd", "in a row": `\\\ud83d\uDE00\\\\ud83d`} {
		suite, err := Read("a", strings.NewReader("\ufeff"+strings.Replace(line, "pass", text, 1)))
		if err != nil || len(suite.Tasks) != 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
	task := `{"task_id": 9, "text": "T", "code": "def f(): pass", "test_list": ["assert f() == 1"]}`
	for _, text := range []string{task, "[" + task + "]"} {
		for bad, want := range map[string]string{"\xff": "is no UTF-8", `\ud800`: "half of a surrogate pair"} {
			if err := os.WriteFile(path, []byte(strings.Replace(text, "T", bad, 1)), 0o644); err != nil {
				t.Fatal(err)
			}
			if _, err := find(t, "mbpp").LoadFile(path); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("MBPP: %v, want %q", err, want)
			}
		}
		if err := os.WriteFile(path, []byte("\ufeff"+text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := find(t, "mbpp").LoadFile(path); err != nil {
			t.Errorf("MBPP with a mark: %v", err)
		}
	}
}

// FuzzLines: whatever the bytes, packed or not, they are refused or give lines, in order, that hold them all but for blanks.
func FuzzLines(f *testing.F) {
	f.Add([]byte("{}\n\n[]\r\n"))
	f.Add([]byte(packed(f, "{}\n"))[:20])
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Unpacked(bytes.NewReader(data))
		if err != nil {
			return
		}
		var got []byte
		last := 0
		for l, err := range Lines(r) {
			if err != nil {
				return
			}
			if l.Number <= last {
				t.Errorf("line %d after %d", l.Number, last)
			}
			last, got = l.Number, append(got, l.Text...)
		}
		again, _ := Unpacked(bytes.NewReader(data))
		all, err := io.ReadAll(again)
		if err != nil || strings.Join(strings.Fields(string(all)), "") != strings.Join(strings.Fields(string(got)), "") {
			t.Errorf("%q gives %q: %v", data, got, err)
		}
	})
}
