//go:build !(cgo && linux && amd64)

package cpu

import "tandem/transformer"

// available lists the kernel sets, the fastest first.
func available(dtype transformer.Dtype) []*kernels { return []*kernels{portable(dtype)} }
