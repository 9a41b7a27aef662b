package mapped

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNew: the bytes are the file's, also after it is closed, and gone after Close.
func TestNew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	for text, want := range map[string]string{"some bytes": "", "": "the file is empty"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		m, err := New(file)
		if err := file.Close(); err != nil {
			t.Error(err)
		}
		if want != "" {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%q: error %v, want %q", text, err, want)
			}
			continue
		}
		if err != nil || string(m.Bytes()) != text {
			t.Fatalf("%q became %q, %v", text, m.Bytes(), err)
		}
		for range 2 {
			if err := m.Close(); err != nil || m.Bytes() != nil {
				t.Errorf("closed: %q, %v", m.Bytes(), err)
			}
		}
	}
}
