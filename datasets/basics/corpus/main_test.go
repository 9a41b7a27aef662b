package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"tandem/datasets"
	"tandem/datasets/basics"
)

func TestRunWritesDocuments(t *testing.T) {
	out := filepath.Join(t.TempDir(), "corpus.jsonl")
	if err := run([]string{"-seed", "3", "-n", "25", "-out", out}, os.Stderr); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.Split(bytes.TrimSpace(data), []byte("\n"))
	if len(lines) != 25 {
		t.Fatalf("%d documents, want 25", len(lines))
	}
	i := 0
	for want := range basics.Corpus(3) {
		var got basics.Document
		if err := json.Unmarshal(lines[i], &got); err != nil || got != want {
			t.Fatalf("document %d is %+v, want %+v (%v)", i, got, want, err)
		}
		if i++; i == len(lines) {
			break
		}
	}
}

func TestRunWritesDevelopmentTasks(t *testing.T) {
	out := filepath.Join(t.TempDir(), "dev.jsonl")
	if err := run([]string{"-dev", "30", "-out", out}, os.Stderr); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	suite, err := datasets.Read("dev", file)
	if err != nil || len(suite.Tasks) != 30 {
		t.Errorf("%d tasks, want 30 (%v)", len(suite.Tasks), err)
	}
}

func TestRunRefusesBadArguments(t *testing.T) {
	for _, args := range [][]string{
		{}, {"-n", "-1", "-out", "x"}, {"-out", filepath.Join(t.TempDir(), "none", "x")}, {"-nonsense"}, {"-out", "x", "more"},
	} {
		if err := run(args, &bytes.Buffer{}); err == nil {
			t.Errorf("run(%q) gave no error", args)
		}
	}
}
