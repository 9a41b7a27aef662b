package golden

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// failures records what Equal reports.
type failures struct {
	testing.TB
	text string
}

func (f *failures) Helper()                           {}
func (f *failures) Errorf(format string, args ...any) { f.text += fmt.Sprintf(format, args...) }

func TestEqual(t *testing.T) {
	t.Setenv("UPDATE_GOLDEN", "")
	path := filepath.Join(t.TempDir(), "a.txt")
	if err := os.WriteFile(path, []byte("one\ntwo\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	f := &failures{TB: t}
	if Equal(f, path, []byte("one\ntwo\n")); f.text != "" {
		t.Errorf("equal files: %s", f.text)
	}
	if Equal(f, path, []byte("one\nthree\n")); !strings.Contains(f.text, "\n-two\n+three\n") {
		t.Errorf("other text: %q", f.text)
	}
	t.Setenv("UPDATE_GOLDEN", "1")
	Equal(t, path, []byte("one\nthree\n"))
	if text, err := os.ReadFile(path); err != nil || string(text) != "one\nthree\n" {
		t.Errorf("rewritten: %q, %v", text, err)
	}
}
