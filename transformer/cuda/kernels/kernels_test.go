package kernels

import (
	"slices"
	"testing"
)

// TestManifest fails when a source was changed and not compiled, or an image is not the one that was.
func TestManifest(t *testing.T) {
	m := Compiled()
	if m.Source != Hash(Source()) {
		t.Error("the *.cu files differ from those that were compiled: run `make kernels`")
	}
	if m.Compiler != "NVRTC "+Compiler {
		t.Errorf("compiled by %s, not NVRTC %s: run `make kernels`", m.Compiler, Compiler)
	}
	if !slices.Equal(m.Options, Options) {
		t.Errorf("compiled with %v, not %v: run `make kernels`", m.Options, Options)
	}
	for _, target := range Targets {
		image, err := Image(target)
		if err != nil {
			t.Fatal(err)
		}
		if m.Images[target] != Hash(image) {
			t.Errorf("%s is not the image of the manifest: run `make kernels`", FileName(target))
		}
	}
}

// spilling are the kernels that keep something in local memory, and why.
var spilling = map[string]string{
	"attend_bf16_256": "two sums of 16 rows by 256 dims are all 256 registers that a thread may have; no model of the cards has such heads",
	"guess_cut":       "a block of 1024 threads has 64 registers for each; a few numbers that are needed once wait in memory",
}

// TestUsage: machine code of every kernel was looked at, and none but the known ones spills registers to memory.
func TestUsage(t *testing.T) {
	m := Compiled()
	for _, target := range Targets {
		u, machine := m.Uses[target]
		if !machine {
			continue
		}
		for _, name := range m.Kernels {
			if u.Registers[name] == 0 {
				t.Errorf("%s: nothing is known of %s: run `make kernels`", target, name)
			}
			if n := u.Local[name]; n > 0 && spilling[name] == "" {
				t.Errorf("%s: %s keeps %d bytes of a thread in local memory", target, name, n)
			}
		}
	}
	if len(m.Uses) != 2 {
		t.Errorf("machine code of %d targets, want sm_90a and sm_80", len(m.Uses))
	}
}
