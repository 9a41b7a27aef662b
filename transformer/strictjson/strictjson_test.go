package strictjson

import (
	"errors"
	"strings"
	"testing"
)

// A list is read by a method that refuses everything.
type list []int

func (*list) UnmarshalJSON([]byte) error { return errors.New("want a list\nof tokens") }

type file struct {
	Size  int              `json:"size"`
	Eps   *float32         `json:"eps"`
	Tied  bool             `json:"tied"`
	Name  string           `json:"name"`
	Sizes []int            `json:"sizes"`
	Range [2]int64         `json:"range"`
	Vocab map[string]int32 `json:"vocab"`
	List  list             `json:"list"`
}

func TestUnmarshal(t *testing.T) {
	for text, want := range map[string]string{
		`{"size": 3, "eps": null, "vocab": {"a": 1}, "other": {"x": 1}}`: "",
		`{"size": 3, "size": 3}`:               `key "size" stands twice: keep one of them`,
		`{"other": {"a\nb": 1, "a\nb": 2}}`:    `key "a\nb" stands twice in other: keep one of them`,
		`{"vocab": {"a": 1, "a": 2}}`:          `key "a" stands twice in vocab: keep one of them`,
		`{"vocab": {"a": 1, "\u0061": 2}}`:     `key "a" stands twice in vocab: keep one of them`,
		`{"size": `:                            `unexpected end: the file is cut off; fetch it again`,
		``:                                     `unexpected end: the file is cut off; fetch it again`,
		`<html>`:                               `not JSON at byte 0: invalid character '<' at start of value`,
		`{"size": NaN}`:                        `not JSON at byte 9 in size: invalid character 'N' at start of value`,
		`{"size": 1} {}`:                       `not JSON at byte 12: invalid character '{' after top-level value`,
		"{\"name\": \"\xff\"}":                 `not JSON at byte 10 in name: invalid UTF-8`,
		`{"size": "3"}`:                        `bad value in size: want a whole number`,
		`{"size": 3.5}`:                        `bad value in size: want a whole number`,
		`{"size": 1e40}`:                       `bad value in size: want a whole number`,
		`{"vocab": {"a": 4294967296}}`:         `bad value in vocab/a: value out of range`,
		`{"eps": 1e99}`:                        `bad value in eps: value out of range`,
		`{"eps": "1e-6"}`:                      `bad value in eps: want a number`,
		`{"tied": 1}`:                          `bad value in tied: want true or false`,
		`{"name": 1}`:                          `bad value in name: want a string`,
		`{"sizes": 1}`:                         `bad value in sizes: want a list`,
		`{"range": [1]}`:                       `bad value in range: too few array elements`,
		`{"vocab": 1}`:                         `bad value in vocab: want an object`,
		`{"list": 1}`:                          `bad value in list: want a list\nof tokens`,
		`[1]`:                                  `bad value: want an object`,
		`{"SIZE": 1, "size": 2, "Size": "no"}`: "",
	} {
		var f file
		err := Unmarshal([]byte(text), &f)
		if want == "" && err != nil || want != "" && (err == nil || err.Error() != want) {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}

// FuzzUnmarshal: whatever the file, an error is one line.
func FuzzUnmarshal(f *testing.F) {
	f.Add([]byte(`{"vocab": {"a": 1, "a": 2}, "eps": 1e-6}`))
	f.Add([]byte(`{"vocab": {"\ud800": [}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var v file
		if err := Unmarshal(data, &v); err != nil && strings.ContainsAny(err.Error(), "\r\n") {
			t.Errorf("%q", err)
		}
	})
}
