//go:build cgo && linux && amd64

package cpu

/*
#cgo CFLAGS: -O3
#cgo LDFLAGS: -lm
#cgo noescape call_gemm
#cgo nocallback call_gemm
#cgo noescape call_norm
#cgo nocallback call_norm
#cgo noescape call_heads
#cgo nocallback call_heads
#cgo noescape call_softmax
#cgo nocallback call_softmax
#cgo noescape call_spread
#cgo nocallback call_spread
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

// available lists the kernel sets of this processor, the fastest first.
func available(dtype transformer.Dtype) (sets []*kernels) {
	x, bf16 := cpu.X86, dtype == transformer.BF16
	wide := x.HasAVX512F && x.HasAVX512BW && x.HasAVX512VL && x.HasAVX512DQ
	if bf16 && wide && x.HasAMXTile && x.HasAMXBF16 && C.allow_tiles() != 0 {
		sets = append(sets, inC("amx", dtype, C.SPLIT, &C.amx_bf16))
	}
	if bf16 && wide && x.HasAVX512BF16 {
		sets = append(sets, inC("avx512bf16", dtype, C.NARROW, &C.avx512_dot))
	}
	if wide {
		sets = append(sets, inC("avx512", dtype, C.WIDE, pick(bf16, &C.avx512_bf16, &C.avx512_f32)))
	}
	if x.HasAVX2 && x.HasFMA {
		sets = append(sets, inC("avx2", dtype, C.WIDE, pick(bf16, &C.avx2_bf16, &C.avx2_f32)))
	}
	return append(sets, portable(dtype))
}

func pick[T any](condition bool, yes, no T) T {
	if condition {
		return yes
	}
	return no
}

func float(p unsafe.Pointer) *C.float { return (*C.float)(p) }
func bytes(p unsafe.Pointer) *C.byte  { return (*C.byte)(p) }
func floats(f []float32) *C.float     { return (*C.float)(unsafe.SliceData(f)) }
func flag(b bool) C.int               { return pick[C.int](b, 1, 0) }

// inC are the kernels of a table. All memory that they see lies in arenas, outside the Go heap, and every pointer is
// passed as one to numbers, so that a call costs no checks of it.
func inC(name string, dtype transformer.Dtype, form C.enum_form, t *C.struct_table) *kernels {
	bf16 := flag(dtype == transformer.BF16)
	return &kernels{
		name: name, narrow: form == C.NARROW,
		gemm: func(c unsafe.Pointer, ldc int, a unsafe.Pointer, lda int, b unsafe.Pointer, stride, m, panels, k int, add bool) {
			C.call_gemm(t, float(c), C.long(ldc), bytes(a), C.long(lda), bytes(b), C.long(stride), C.long(m), C.long(panels),
				C.long(k), flag(add))
		},
		norm: func(out unsafe.Pointer, ldo int, x unsafe.Pointer, ldx, rows, n int, weight []float32, eps float32) {
			C.call_norm(t, bytes(out), C.long(ldo), form, float(x), C.long(ldx), C.long(rows), C.long(n), floats(weight),
				C.float(eps))
		},
		heads: func(h *heads) { C.call_heads(t, bytes(unsafe.Pointer(h)), form, bf16) },
		softmax: func(out operands, s unsafe.Pointer, lds int, reach []int32, inv []float32, n int, scale float32) {
			C.call_softmax(t, bytes(out.data), C.long(out.stride), form, float(s), C.long(lds),
				(*C.int32_t)(unsafe.SliceData(reach)), floats(inv), C.long(len(reach)), C.long(n), C.float(scale))
		},
		spread: func(out unsafe.Pointer, ldo int, x unsafe.Pointer, ldx int, inv []float32, kv, first, group, d int) {
			C.call_spread(t, bytes(out), C.long(ldo), form, float(x), C.long(ldx), floats(inv), C.long(kv), C.long(first),
				C.long(len(inv)), C.long(group), C.long(d))
		},
		swiglu: func(out operands, column int, gateUp unsafe.Pointer, ldx, rows, pairs int) {
			C.call_swiglu(t, bytes(out.data), C.long(out.stride), form, C.long(column), float(gateUp), C.long(ldx), C.long(rows), C.long(pairs))
		},
		reduce: func(logits []float32) (top int, second, sum, weighted float32) {
			var sums [3]float32
			top = int(C.call_reduce(t, floats(logits), C.long(len(logits)), floats(sums[:])))
			return top, sums[0], sums[1], sums[2]
		},
	}
}
