// Package strictjson reads the JSON files of a checkpoint, which come from elsewhere: one value of valid UTF-8 in which no
// key stands twice. What is wrong is one line that names the key. Time is linear in the length.
package strictjson

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Unmarshal reads data, which holds one JSON value, into v, as json.Unmarshal of version 2 does: names of fields match by
// case, and keys that v has no place for are skipped.
func Unmarshal(data []byte, v any) error {
	return explain(json.Unmarshal(data, v))
}

// explain puts an error of the library into the words of whoever has the file before them.
func explain(err error) error {
	var syntax *jsontext.SyntacticError
	var misfit *json.SemanticError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("unexpected end: the file is cut off; fetch it again")
	case errors.Is(err, jsontext.ErrDuplicateName) && errors.As(err, &syntax):
		return fmt.Errorf("key %q stands twice%s: keep one of them", syntax.JSONPointer.LastToken(), within(syntax.JSONPointer.Parent()))
	case errors.As(err, &syntax):
		return fmt.Errorf("not JSON at byte %d%s: %s", syntax.ByteOffset, within(syntax.JSONPointer), oneLine(syntax.Err))
	case errors.As(err, &misfit) && misfit.Err != nil && !errors.Is(misfit.Err, strconv.ErrSyntax):
		return fmt.Errorf("bad value%s: %s", within(misfit.JSONPointer), oneLine(misfit.Err))
	case errors.As(err, &misfit):
		return fmt.Errorf("bad value%s: want %s", within(misfit.JSONPointer), wanted(misfit.GoType))
	}
	return err
}

// within names the place of a value; the whole file has no name.
func within(at jsontext.Pointer) string {
	if at == "" {
		return ""
	}
	return " in " + strings.TrimPrefix(oneLine(errors.New(string(at))), "/")
}

// oneLine is an error without line breaks that a file may have brought into it.
func oneLine(err error) string {
	return strings.NewReplacer("\n", `\n`, "\r", `\r`).Replace(err.Error())
}

// wanted says what JSON a type is read from.
func wanted(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Int, reflect.Int32, reflect.Int64:
		return "a whole number"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a string"
	case reflect.Slice, reflect.Array:
		return "a list"
	}
	return "an object"
}
