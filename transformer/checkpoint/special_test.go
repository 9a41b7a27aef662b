//go:build unix

package checkpoint_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"tandem/transformer/checkpoint"
)

// TestSpecialFiles: what is no regular file is refused before it is opened, since a named pipe would wait for ever; links to
// regular files are as good as these.
func TestSpecialFiles(t *testing.T) {
	for want, make := range map[string]func(path string) error{
		"named pipe": func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"folder":     func(path string) error { return os.Mkdir(path, 0o700) },
		"device":     func(path string) error { return os.Symlink("/dev/zero", path) },
		"socket": func(path string) error {
			listener, err := net.Listen("unix", path)
			if err == nil {
				t.Cleanup(func() { listener.Close() })
			}
			return err
		},
	} {
		for _, special := range []string{"config.json", "tokenizer.json", "model.safetensors", "model.safetensors.index.json"} {
			dir, err := os.MkdirTemp("", "") // short enough for a socket's name
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { os.RemoveAll(dir) })
			for _, name := range []string{"config.json", "tokenizer.json", "model.safetensors"} {
				if name == special || name == "model.safetensors" && strings.HasPrefix(special, name) {
					continue
				}
				link(t, dir, name)
			}
			if err := make(filepath.Join(dir, special)); err != nil {
				t.Fatal(err)
			}
			_, err = checkpoint.Load(dir, "")
			if text := special + ": it is a " + want + " and no regular file"; err == nil || !strings.Contains(err.Error(), text) {
				t.Errorf("got %v, want %q", err, text)
			}
		}
	}
	dir := t.TempDir()
	for _, name := range []string{"config.json", "tokenizer.json", "model.safetensors"} {
		link(t, dir, name)
	}
	if _, err := checkpoint.Load(dir, ""); err != nil {
		t.Errorf("links to regular files: %v", err)
	}
}

// link makes a symbolic link to a file of the embedded checkpoint.
func link(t testing.TB, dir, name string) {
	t.Helper()
	to, err := filepath.Abs(filepath.Join("embedded", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
}
