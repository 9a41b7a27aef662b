//go:build linux && cgo

package telemetry

import (
	"encoding/json"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// fake compiles a stand-in for NVML, of some kinds (see testdata/nvml.c), against the nvml.h of go-nvml.
func fake(t *testing.T, kinds ...string) (path string) {
	t.Helper()
	module, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/NVIDIA/go-nvml").Output()
	if err != nil {
		t.Skipf("go-nvml's header cannot be found: %v", err)
	}
	header := filepath.Join(strings.TrimSpace(string(module)), "pkg", "nvml")
	path = filepath.Join(t.TempDir(), "libnvidia-ml.so.1")
	args := []string{"-shared", "-fPIC", "-Wall", "-Werror", "-Wno-unused", "-I", header, "-o", path, "testdata/nvml.c"}
	for _, kind := range kinds {
		args = append(args, "-D"+kind)
	}
	if out, err := exec.Command("gcc", args...).CombinedOutput(); errors.Is(err, exec.ErrNotFound) {
		t.Skip("no gcc")
	} else if err != nil {
		t.Fatalf("gcc: %v\n%s", err, out)
	}
	return path
}

const uuid = "GPU-7d4f1b6e-3c0a-4a52-9a8e-1f6d2c5b9e01"

func text(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestGPU(t *testing.T) {
	source, err := open(fake(t), "")
	if err != nil {
		t.Fatal(err)
	}
	got := text(t, source.GPU())
	want := `{"name":"NVIDIA H200 141GB HBM3e","uuid":"` + uuid + `","driver":"550.54.15","memory_bytes":151397597184,"power_limit_watts":700,"ecc":true,"mig":false}`
	if got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	r := source.Read()
	if r.At.IsZero() || *r.Watts != 10 || *r.SMClock != 1001 || *r.MemoryClock != 1002 || *r.Celsius != 41 || *r.MemoryUsed != 1<<20 ||
		strings.Join(r.Reasons, ", ") != "power cap, hardware thermal slowdown" {
		t.Errorf("%s", text(t, r))
	}
	if j, err := source.Joules(); j != 5.25 || err != nil {
		t.Errorf("%g J, %v", j, err)
	}
	if err := source.Close(); err != nil {
		t.Error(err)
	}
}

// An old driver lacks functions: what they say is left out, and the rest is read.
func TestOldDriver(t *testing.T) {
	source, err := open(fake(t, "OLD"), "")
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	if g := source.GPU(); g.MIG != nil || g.Name == "" {
		t.Errorf("%s", text(t, g))
	}
	if r := source.Read(); *r.Watts != 123 || r.Celsius != nil || strings.Join(r.Reasons, ", ") != "idle" {
		t.Errorf("%s", text(t, r))
	}
	if _, err := source.Joules(); err == nil || !strings.Contains(err.Error(), "no energy counter") {
		t.Errorf("error %v", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	if _, err := open(filepath.Join(t.TempDir(), "none.so"), ""); !errors.Is(err, errNone) {
		t.Errorf("without a library: %v", err)
	}
	if _, err := open(fake(t, "DEAD"), ""); !errors.Is(err, errNone) {
		t.Errorf("without a driver: %v", err)
	}
	whole := fake(t)
	source, err := open(whole, uuid)
	if err != nil {
		t.Fatalf("by UUID: %v", err)
	}
	if source.GPU().UUID != uuid {
		t.Errorf("by UUID: %s", text(t, source.GPU()))
	}
	source.Close()
	if _, err := open(whole, "GPU-none"); err == nil || !strings.Contains(err.Error(), "knows no GPU GPU-none") {
		t.Errorf("unknown UUID: %v", err)
	}
	if _, err := open(fake(t, "EMPTY"), ""); !errors.Is(err, errNone) {
		t.Errorf("no GPU: %v", err)
	}
}

// The real library: a machine without a driver gets errNone and goes on.
func TestOpenHere(t *testing.T) {
	source, err := Open("")
	if errors.Is(err, errNone) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if g := source.GPU(); g.Name == "" || g.Memory <= 0 {
		t.Errorf("%s", text(t, g))
	}
	t.Logf("%s", text(t, source.Read()))
	if err := source.Close(); err != nil {
		t.Error(err)
	}
}
