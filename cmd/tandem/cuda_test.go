package main

import (
	"testing"

	"tandem/transformer/cuda/fake"
)

// TestCheckCUDA: the check at the start accepts a device that computes what the processor does. The driver is the one that
// runs the kernels on the processor.
func TestCheckCUDA(t *testing.T) {
	t.Setenv("TANDEM_CUDA_DRIVER", fake.Path(t))
	if err := checkCUDA(); err != nil {
		t.Error(err)
	}
}
