package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	validator "github.com/santhosh-tekuri/jsonschema/v6"

	"tandem/internal/golden"
)

const folder = "../../docs/schema"

// TestSchemas: the committed schemas are those of the types.
func TestSchemas(t *testing.T) {
	dir := t.TempDir()
	if err := write(dir); err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text, err := os.ReadFile(filepath.Join(dir, f.name))
		if err != nil {
			t.Fatal(err)
		}
		golden.Equal(t, filepath.Join(folder, f.name), text)
	}
}

// check validates a value against a committed schema.
func check(t *testing.T, name string, text []byte) error {
	t.Helper()
	s, err := validator.NewCompiler().Compile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	value, err := validator.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(value)
}

// TestFiles: real files of this version and of every earlier one are as the schemas say.
func TestFiles(t *testing.T) {
	runs, _ := filepath.Glob("testdata/*.jsonl")
	summaries, _ := filepath.Glob("../../docs/results/*/summary.json")
	if len(runs) == 0 || len(summaries) == 0 {
		t.Fatalf("%d runs, %d summaries", len(runs), len(summaries))
	}
	for _, path := range runs {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
			name := "record.schema.json"
			if i == 0 {
				name = "header.schema.json"
			}
			if err := check(t, name, []byte(line)); err != nil {
				t.Errorf("%s, line %d: %v", path, i+1, err)
			}
		}
	}
	for _, path := range summaries {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := check(t, "summary.schema.json", text); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// TestWrong: a file of another shape is refused, so that the checks above mean something.
func TestWrong(t *testing.T) {
	for name, text := range map[string]string{
		"record.schema.json":  `{"task": 7}`,
		"header.schema.json":  `{"schema": "one"}`,
		"summary.schema.json": `{"schema": 1, "decoders": {}}`,
	} {
		if !json.Valid([]byte(text)) || check(t, name, []byte(text)) == nil {
			t.Errorf("%s accepts %s", name, text)
		}
	}
}
