package cpu

import (
	"fmt"
	"slices"
	"strings"
	"unsafe"

	"tandem/transformer"
)

// Kernels are the inner loops of one instruction set and one dtype. Operands are the left-hand numbers of matrix
// products: float32, or each the sum of two bf16, which keeps 16 bits of its mantissa, or narrow: rounded to the dtype's
// Activations, as PyTorch and llama.cpp have them. Rows start on 64 bytes.
type kernels struct {
	name   string
	narrow bool

	// gemm: c[m, 16*panels] = a[m, k] times panels of weights that lie stride bytes apart; with add, c is added to. Row
	// strides lda and ldc are in numbers. k is a multiple of the layout's depth. gemmKV has panels of keys or values.
	gemm, gemmKV func(c unsafe.Pointer, ldc int, a unsafe.Pointer, lda int, b unsafe.Pointer, stride, m, panels, k int, add bool)
	// norm: operands out[rows, n] = x * weight / rms(x), with row strides ldo and ldx.
	norm func(out unsafe.Pointer, ldo int, x unsafe.Pointer, ldx, rows, n int, weight []float32, eps float32)
	// qkvEpilogue: from the product with the weights of q, k and v to attention, for one token.
	qkvEpilogue func(h *qkvArgs)
	// softmax: operands out[i] = exp(scale*(s[i]-max)) for floor <= i < reach, 0 up to n, for every row; inv is 1 / their sum.
	softmax func(out operands, s unsafe.Pointer, lds int, floor, reach []int32, inv []float32, n int, scale float32)
	// storeAttention: rows of x[rows, d] times their inv become operands of the output projection. Query row first+i is head
	// (first+i)%group of the group kv of its token; out is the row of the first one.
	storeAttention func(out unsafe.Pointer, ldo int, x unsafe.Pointer, ldx int, inv []float32, kv, first, group, d int)
	// swiglu: operands out[rows, column…column+16*pairs] from pairs of 16 gates and 16 ups.
	swiglu func(out operands, column int, gateUp unsafe.Pointer, ldx, rows, pairs int)
	// reduce: the largest logit with the lowest index, the second largest, the sums of e and of x*e with
	// e = exp(x), x = logit - largest.
	reduce func(logits []float32) (top int, second, sum, weighted float32)
}

// QkvArgs are one token's queries, keys and values, and what qkvEpilogue does with them: x += bias (when not nil), RMSNorm of q
// and k with weight (when not nil), rotary embedding of q and k with cos, sin (when not nil). Then q, times queryScale, goes to
// the operands of attention, and k and v go to their slots. All memory lies in arenas. Kernels in C read this struct, field by field.
type qkvArgs struct {
	x, bias               unsafe.Pointer // [H+2K, dp]; dp is d padded to panels
	qNorm, kNorm          unsafe.Pointer // [d]
	cos, sin              unsafe.Pointer // [d/2]
	query                 unsafe.Pointer // the token's first head; strides in bytes
	queryGroup, queryHead int
	keys, values          unsafe.Pointer // of the sequence, the first head; strides in bytes
	keyHead, keyPanel     int
	valueHead, valuePanel int
	slot                  int
	heads, kvHeads        int
	d, dp                 int
	eps, queryScale       float32
}

// operand is the size of an operand in bytes.
func (k *kernels) operand() int {
	if k.narrow {
		return 2
	}
	return 4
}

// available lists the kernel sets of this machine for a dtype, the fastest first.
func available(dtype transformer.Dtype) ([]*kernels, error) {
	l, err := transformer.Lookup(layouts, dtype)
	if err != nil {
		return nil, fmt.Errorf("cpu: %w", err)
	}
	return append(inC(dtype), l.portable()), nil
}

// Kernels names the kernel sets of this machine for a dtype, the fastest first. There are none for a dtype that this backend
// does not support.
func Kernels(dtype transformer.Dtype) (names []string) {
	sets, _ := available(dtype)
	for _, k := range sets {
		names = append(names, k.name)
	}
	return names
}

// choose finds a kernel set by name.
func choose(name string, dtype transformer.Dtype) (*kernels, error) {
	sets, err := available(dtype)
	if err != nil {
		return nil, err
	}
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
