//go:build cgo && linux

package cpu

/*
#cgo CFLAGS: -O3
#include "ceiling.h"
*/
import "C"

import (
	"unsafe"

	"golang.org/x/sys/cpu"

	"tandem/transformer"
)

// rates are the loops that this processor can run.
func rates() (out []rate) {
	x := cpu.X86
	switch {
	case x.HasAVX512F:
		out = append(out, rate{transformer.F32Ceiling, func(n int) float64 { return float64(C.ceiling_fma512(C.long(n))) }})
	case x.HasAVX2 && x.HasFMA:
		out = append(out, rate{transformer.F32Ceiling, func(n int) float64 { return float64(C.ceiling_fma256(C.long(n))) }})
	default:
		out = append(out, portableRate)
	}
	if x.HasAVX512BF16 {
		out = append(out, rate{transformer.BF16DotCeiling, func(n int) float64 { return float64(C.ceiling_dot512(C.long(n))) }})
	}
	if x.HasAMXTile && x.HasAMXBF16 && C.ceiling_tiles_allowed() != 0 {
		out = append(out, rate{transformer.BF16Ceiling, func(n int) float64 { return float64(C.ceiling_tiles(C.long(n))) }})
	}
	return out
}

// read goes once over p.
func read(p []byte) {
	start, n := (*C.char)(unsafe.Pointer(unsafe.SliceData(p))), C.long(len(p)&^1023)
	switch {
	case cpu.X86.HasAVX512F:
		C.ceiling_read512(start, n)
	case cpu.X86.HasAVX2:
		C.ceiling_read256(start, n)
	default:
		portableRead(p)
	}
}
