package bench

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

func TestEnvironment(t *testing.T) {
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "python3"), []byte("#!/bin/sh\necho Python 3.99.1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin)
	e := Environment(t.Context(), "1.2.3", "abcdef")
	if e.Version != "1.2.3" || e.Commit != "abcdef" || e.Go != runtime.Version() || e.Cores < 1 {
		t.Errorf("environment %+v", e)
	}
	if e.Python != "3.99.1" {
		t.Errorf("python %q", e.Python)
	}
	if age := time.Since(e.Started); age < 0 || age > time.Minute {
		t.Errorf("started %v", e.Started)
	}
	if runtime.GOOS == "linux" && (e.Kernel == "" || e.Memory == 0) {
		t.Errorf("kernel %q, memory %d", e.Kernel, e.Memory)
	}
	t.Setenv("PATH", t.TempDir())
	if e := Environment(t.Context(), "", ""); e.Python != "" {
		t.Errorf("python %q without a python3", e.Python)
	}
}
