//go:build !linux

package cpu

import "unsafe"

func mapMemory(n int) ([]byte, error) {
	b := make([]byte, n+align)
	skip := -int(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) & (align - 1)
	return b[skip : skip+n], nil
}

func unmapMemory([]byte) error { return nil }

func freeMemory() int64 { return 0 }
