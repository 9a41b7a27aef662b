// Package golden compares what a test makes with the file that holds it, and rewrites all such files on request:
//
//	UPDATE_GOLDEN=1 go test ./...
//
// It is a variable, since a flag would be refused by the tests of every package that does not know it.
package golden

import (
	"bytes"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/diff"
)

// Update says that tests should rewrite their golden files.
func Update() bool { return os.Getenv("UPDATE_GOLDEN") != "" }

// Equal fails the test with the lines that differ if the file at path does not hold got; under Update it writes the file instead.
func Equal(t testing.TB, path string, got []byte) {
	t.Helper()
	if Update() {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (UPDATE_GOLDEN=1 go test rewrites it):\n%s", path, diff.Diff(path, want, "test", got))
	}
}
