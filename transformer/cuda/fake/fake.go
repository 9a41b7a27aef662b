// Package fake is a libcuda that runs the kernels on the processor. Tests use it where there is no GPU.
package fake

import (
	"crypto/sha256"
	"embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"tandem/transformer/cuda/kernels"
)

//go:embed driver
var files embed.FS

// driver compiles the library, once, and returns its path: in the user's cache, under the hash of its sources. It needs
// g++.
var driver = sync.OnceValues(func() (string, error) {
	work, err := os.MkdirTemp("", "fakecuda")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(work)
	hash, err := unpack(work)
	if err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	path := filepath.Join(cache, "tandem", fmt.Sprintf("libfakecuda-%x.so", hash[:8]))
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", err
	}
	made := fmt.Sprintf("%s.%d", path, os.Getpid())
	command := exec.Command("g++", "-std=c++17", "-O3", "-march=native", "-ffp-contract=off", "-fno-math-errno", "-Wno-unknown-pragmas", "-fPIC", "-shared",
		"-o", made, filepath.Join(work, "fake", "driver", "fakecuda.cc"))
	if out, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("g++: %w: %s", err, out)
	}
	return path, os.Rename(made, path)
})

// Path is the driver of a test: the one that TANDEM_CUDA_DRIVER names, such as libcuda.so.1 where there is a GPU, or else
// this one. Where it cannot be built the test is skipped.
func Path(t testing.TB) string {
	t.Helper()
	if path := os.Getenv("TANDEM_CUDA_DRIVER"); path != "" {
		return path
	}
	path, err := driver()
	if err != nil {
		t.Skipf("the fake driver cannot be built: %v", err)
	}
	return path
}

// unpack writes the sources into a folder, as they lie to each other here, and returns their hash.
func unpack(work string) ([]byte, error) {
	hash := sha256.New()
	write := func(name string, text []byte) error {
		hash.Write(text)
		name = filepath.Join(work, name)
		return errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, text, 0o644))
	}
	for _, name := range kernels.Files {
		if err := write("kernels/"+name+".cu", kernels.Part(name)); err != nil {
			return nil, err
		}
	}
	for _, name := range []string{"driver/emulation.h", "driver/fakecuda.cc"} {
		text, err := files.ReadFile(name)
		if err == nil {
			err = write("fake/"+name, text)
		}
		if err != nil {
			return nil, err
		}
	}
	return hash.Sum(nil), nil
}
