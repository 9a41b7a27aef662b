//go:build cgo && linux && amd64

package cpu

/*
#cgo CFLAGS: -O3
#cgo LDFLAGS: -lm
#cgo noescape call_gemm
#cgo nocallback call_gemm
#cgo noescape call_norm
#cgo nocallback call_norm
#cgo noescape call_qkv_epilogue
#cgo nocallback call_qkv_epilogue
#cgo noescape call_softmax
#cgo nocallback call_softmax
#cgo noescape call_store_attention
#cgo nocallback call_store_attention
#cgo noescape call_swiglu
#cgo nocallback call_swiglu
#cgo noescape call_reduce
#cgo nocallback call_reduce
#include "call.h"
*/
import "C"

import (
	"unsafe"

	"golang.org/x/sys/cpu"

	"tandem/transformer"
)

// tables are the kernel sets in C of each dtype, the fastest first.
var tables = map[transformer.Dtype][]struct {
	name  string
	runs  func() bool // on this processor
	table *C.struct_table
}{
	transformer.F32: {
		{"avx512", hasAVX512, &C.avx512_f32},
		{"avx2", hasAVX2, &C.avx2_f32},
	},
	transformer.BF16: {
		{"amx", hasTiles, &C.amx_bf16},
		{"avx512bf16", hasDot, &C.avx512_dot},
		{"avx512", hasAVX512, &C.avx512_bf16},
		{"avx2", hasAVX2, &C.avx2_bf16},
	},
}

func hasAVX2() bool { return cpu.X86.HasAVX2 && cpu.X86.HasFMA }
func hasAVX512() bool {
	x := cpu.X86
	return x.HasAVX512F && x.HasAVX512BW && x.HasAVX512VL && x.HasAVX512DQ
}
func hasDot() bool { return hasAVX512() && cpu.X86.HasAVX512BF16 }
func hasTiles() bool {
	return hasAVX512() && cpu.X86.HasAMXTile && cpu.X86.HasAMXBF16 && C.allow_tiles() != 0
}

// inC lists the kernel sets in C that this processor runs, the fastest first.
func inC(dtype transformer.Dtype) (sets []*kernels) {
	for _, t := range tables[dtype] {
		if t.runs() {
			sets = append(sets, newKernels(t.name, t.table))
		}
	}
	return sets
}

func float(p unsafe.Pointer) *C.float { return (*C.float)(p) }
func bytes(p unsafe.Pointer) *C.byte  { return (*C.byte)(p) }
func floats(f []float32) *C.float     { return (*C.float)(unsafe.SliceData(f)) }
func ints(i []int32) *C.int32_t       { return (*C.int32_t)(unsafe.SliceData(i)) }
func flag(b bool) C.int {
	if b {
		return 1
	}
	return 0
}

// newKernels are the kernels of a table. All memory that they see lies in arenas, outside the Go heap, and every pointer is
// passed as one to numbers, so that a call costs no checks of it.
func newKernels(name string, t *C.struct_table) *kernels {
	gemm := func(c unsafe.Pointer, ldc int, a unsafe.Pointer, lda int, b unsafe.Pointer, stride, m, panels, k int, add bool) {
		C.call_gemm(t, float(c), C.long(ldc), bytes(a), C.long(lda), bytes(b), C.long(stride), C.long(m), C.long(panels),
			C.long(k), flag(add))
	}
	return &kernels{
		name: name, narrow: t.form == C.NARROW, gemm: gemm, gemmKV: gemm,
		norm: func(out unsafe.Pointer, ldo int, x unsafe.Pointer, ldx, rows, n int, weight []float32, eps float32) {
			C.call_norm(t, bytes(out), C.long(ldo), float(x), C.long(ldx), C.long(rows), C.long(n), floats(weight),
				C.float(eps))
		},
		qkvEpilogue: func(h *qkvArgs) { C.call_qkv_epilogue(t, bytes(unsafe.Pointer(h))) },
		softmax: func(out operands, s unsafe.Pointer, lds int, floor, reach []int32, inv []float32, n int, scale float32) {
			C.call_softmax(t, bytes(out.data), C.long(out.stride), float(s), C.long(lds),
				ints(floor), ints(reach), floats(inv), C.long(len(reach)), C.long(n), C.float(scale))
		},
		storeAttention: func(out unsafe.Pointer, ldo int, x unsafe.Pointer, ldx int, inv []float32, kv, first, group, d int) {
			C.call_store_attention(t, bytes(out), C.long(ldo), float(x), C.long(ldx), floats(inv), C.long(kv), C.long(first),
				C.long(len(inv)), C.long(group), C.long(d))
		},
		swiglu: func(out operands, column int, gateUp unsafe.Pointer, ldx, rows, pairs int) {
			C.call_swiglu(t, bytes(out.data), C.long(out.stride), C.long(column), float(gateUp), C.long(ldx), C.long(rows), C.long(pairs))
		},
		reduce: func(logits []float32) (top int, second, sum, weighted float32) {
			var sums [3]float32
			top = int(C.call_reduce(t, floats(logits), C.long(len(logits)), floats(sums[:])))
			return top, sums[0], sums[1], sums[2]
		},
	}
}
