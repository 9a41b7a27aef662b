//go:build unix

package main

import (
	"maps"
	"os"
	"slices"
	"testing"

	"tandem/transformer/cuda/kernels"
)

// TestCompile compiles the kernels for all targets, where NVRTC is at hand: on the loader's path or where TANDEM_NVRTC
// says. The latter is taken for the version of requirements.txt, which makes the embedded images again, byte for byte.
func TestCompile(t *testing.T) {
	n, err := open(os.Getenv("TANDEM_NVRTC"))
	if err != nil {
		t.Skipf("kernels are not compiled: %v", err)
	}
	for _, target := range kernels.Targets {
		image, err := n.compile(kernels.Source(), target)
		if err != nil {
			t.Fatal(err)
		}
		if os.Getenv("TANDEM_NVRTC") != "" && kernels.Hash(image) != kernels.Compiled().Images[target] {
			t.Errorf("%s compiles to another image than the embedded one: run make kernels", target)
		}
		if target[:2] != "sm" {
			continue
		}
		names, err := entries(image)
		if err != nil {
			t.Fatal(err)
		}
		if m := kernels.Compiled(); !slices.Equal(names, m.Kernels) {
			t.Errorf("%s holds the kernels %q, the manifest says %q", target, names, m.Kernels)
		}
		if u, err := usage(image); err != nil || !maps.Equal(u.Registers, kernels.Compiled().Uses[target].Registers) {
			t.Errorf("%s takes %v, the manifest says otherwise; %v", target, u, err)
		}
	}
	if _, err := n.compile("extern \"C\" __global__ void f() { wrong; }", "sm_80"); err == nil {
		t.Error("a wrong source compiles")
	}
}
