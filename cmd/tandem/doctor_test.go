package main

import (
	"strings"
	"testing"
)

// Kernels that make a comparison unfair are named, and only those.
func TestUnfairKernels(t *testing.T) {
	if got := unfair([]string{"portable"}); !strings.Contains(got, "unfair to the refiner") {
		t.Errorf("plain Go alone: %q", got)
	}
	if got := unfair([]string{"avx2", "portable"}); got != "" {
		t.Errorf("kernels in C: %q", got)
	}
}
