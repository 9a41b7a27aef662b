package cpu

import "unsafe"

// An arena hands out zeroed memory, aligned to 64 bytes, and frees all of it at once. Where the system allows it the memory
// lies outside the Go heap, where the garbage collector does not look at it, and in huge pages.
type arena struct {
	total  int64
	counts bool // what it would hand out, and hands out nothing
	blocks [][]byte
}

const align = 64 // bytes of a cache line and of a vector register

// bytes returns n bytes, zeroed and aligned.
func (a *arena) bytes(n int) ([]byte, error) {
	n = roundUp(max(n, 1), align)
	a.total += int64(n)
	if a.counts {
		return nil, nil
	}
	block, err := mapMemory(n)
	if err != nil {
		return nil, err
	}
	a.blocks = append(a.blocks, block)
	return block, nil
}

// free gives everything back; slices into the arena are dead from then on.
func (a *arena) free() (err error) {
	for _, b := range a.blocks {
		if e := unmapMemory(b); e != nil {
			err = e
		}
	}
	a.blocks = nil
	return err
}

// carve cuts n numbers from an arena.
func carve[T any](a *arena, n int) ([]T, error) {
	var t T
	b, err := a.bytes(n * int(unsafe.Sizeof(t)))
	if err != nil || a.counts {
		return nil, err
	}
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), n), nil
}

func roundUp(n, to int) int { return (n + to - 1) / to * to }
