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
