package main

import (
	"testing"

	"tandem/transformer/cuda/fake"
)

// TestCheckCUDA: the check at the start accepts a device that computes what the processor does. The driver is the one that
// runs the kernels on the processor.
func TestCheckCUDA(t *testing.T) {
	driver, err := fake.Driver()
	if err != nil {
		t.Skipf("the fake driver cannot be built: %v", err)
	}
	t.Setenv("TANDEM_CUDA_DRIVER", driver)
	if err := checkCUDA(); err != nil {
		t.Error(err)
	}
}
