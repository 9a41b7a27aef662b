package main

import (
	"bytes"
	"strings"
	"testing"
)

// Kernels that make a comparison unfair are named, and only those.
func TestUnfairKernels(t *testing.T) {
	for _, portable := range []bool{true, false} {
		var out bytes.Buffer
		if err := (machine{Portable: portable}).print(&out); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(out.String(), "unfair to the"); got != portable {
			t.Errorf("portable is %v: %s", portable, out.String())
		}
	}
}
