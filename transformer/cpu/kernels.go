package cpu

import (
	"fmt"
	"slices"
	"strings"
	"unsafe"

	"tandem/transformer"
)

// Kernels are the inner loops of one instruction set and one dtype. Operands are the left-hand numbers of matrix
// products: float32, or bf16 where the set multiplies bf16 (size tells). All pointers are 64-byte aligned rows.
type kernels struct {
	name string
	size int // bytes of an operand

	// gemm: c[m, 16*panels] = a[m, k] times panels that lie stride bytes apart; with add, c is added to. Row strides
	// lda and ldc are in numbers. k is a multiple of the dtype's depth.
	gemm func(c unsafe.Pointer, ldc int, a unsafe.Pointer, lda int, b unsafe.Pointer, stride, m, panels, k int, add bool)
	// norm: operands out[n] = x * weight / rms(x).
	norm func(out unsafe.Pointer, x, weight []float32, eps float32)
	// rotate: x[d] += bias (when not nil), RMSNorm with weight (when not nil), rotary embedding with cos, sin [d/2].
	rotate func(x, bias, weight, cos, sin []float32, eps float32)
	// scale: operands out[n] = x * by.
	scale func(out unsafe.Pointer, x []float32, by float32)
	// storeK writes x [d] as one column of a panel, storeV as one row of panels that lie stride bytes apart.
	storeK func(panel unsafe.Pointer, lane int, x []float32)
	storeV func(panels unsafe.Pointer, stride, slot int, x []float32)
	// softmax: operands out[i] = exp(scale*(s[i]-max)) for i < reach, 0 up to n; returns 1 / their sum.
	softmax func(out unsafe.Pointer, s []float32, reach, n int, scale float32) float32
	// swiglu: operands out[16*pairs] from pairs of 16 gates and 16 ups.
	swiglu func(out unsafe.Pointer, gateUp []float32, pairs int)
	// reduce: the largest logit with the lowest index, the second largest, the sums of e and of x*e with
	// e = exp(x), x = logit - largest.
	reduce func(logits []float32) (top int, second, sum, weighted float32)
}

// Kernels lists the kernel sets of this machine for a dtype, the fastest first.
func Kernels(dtype transformer.Dtype) (names []string) {
	for _, k := range available(dtype) {
		names = append(names, k.name)
	}
	return names
}

// choose finds a kernel set by name.
func choose(name string, dtype transformer.Dtype) (*kernels, error) {
	sets := available(dtype)
	if name == "" {
		return sets[0], nil
	}
	i := slices.IndexFunc(sets, func(k *kernels) bool { return k.name == name })
	if i < 0 {
		return nil, fmt.Errorf("cpu: no kernels %q for %s on this machine; choose one of %s", name, dtype,
			strings.Join(Kernels(dtype), ", "))
	}
	return sets[i], nil
}
