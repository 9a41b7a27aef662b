package bench

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tandem/record"
)

// TestEmptyFile: a file of no bytes, as a start that was interrupted leaves it, is begun anew, unless another process has it.
func TestEmptyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.jsonl")
	other, err := record.Create(path, record.Header{})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 0); err != nil { // the other has not come to its header
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), path, setup()); err == nil || !strings.Contains(err.Error(), "another process is writing") {
		t.Errorf("beside another writer: %v", err)
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() != 0 {
		t.Fatalf("the refused run left %v, %v", info, err)
	}
	tally, err := Run(t.Context(), path, setup())
	if err != nil || tally.Resumed != 0 || tally.Written != 24 {
		t.Fatalf("tally %+v, error %v", tally, err)
	}
	if n := len(keys(t, read(t, path))); n != 24 {
		t.Errorf("%d records", n)
	}
}
