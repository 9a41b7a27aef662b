package reports

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares text with testdata/name, or rewrites the file with -update.
func golden(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if text != string(want) {
		t.Errorf("%s differs (rewrite with: go test ./reports -update)\n--- got\n%s\n--- want\n%s", path, text, want)
	}
}

func TestTables(t *testing.T) {
	s := summarize(synthetic(40, 2, ar, refiner(16, 0.7), refiner(16, 0.9)))
	golden(t, "table.txt", Table(s, 0))
	golden(t, "table.md", Markdown(s))
}

// Without an autoregressive decoder there is nothing to compare with, and so no verdict.
func TestTableOfOneDecoder(t *testing.T) {
	golden(t, "single.txt", Table(summarize(synthetic(12, 1, refiner(16, 0.9))), 0))
}
