package cuda

import (
	"errors"
	"fmt"
	"unsafe"
)

// An arena is one allocation on the device, laid out before it is made.
type arena struct {
	device *device
	base   pointer
	size   int64
	parts  []*pointer
}

const align = 256 // bytes, as cuMemAlloc aligns

// take lays out n bytes; *to is their address once the arena is made.
func (a *arena) take(to *pointer, n int64) {
	*to = pointer(a.size)
	a.parts = append(a.parts, to)
	a.size += roundUp(n, align)
}

// make allocates what was laid out, after a check of the free memory. Errors name what is to be stored.
func (a *arena) make(d *device, what string) error {
	var free, total int64
	if err := d.room(&free, &total); err != nil {
		return err
	}
	if a.size > free {
		return tooLittle(d, what, a.size, free)
	}
	a.device = d
	base := new(pointer)
	if err := d.call(d.cuMemAlloc, uintptr(unsafe.Pointer(base)), uintptr(max(a.size, align))); err != nil {
		a.device = nil
		var f failure
		if errors.As(err, &f) && f.code == outOfMemory {
			return tooLittle(d, what, a.size, free)
		}
		return err
	}
	a.base = *base
	for _, p := range a.parts {
		*p += a.base
	}
	return nil
}

func tooLittle(d *device, what string, need, free int64) error {
	return fmt.Errorf("cuda: %s needs %.1f GiB, but %s has %.1f GiB free: choose less", what,
		float64(need)/(1<<30), d.title, float64(free)/(1<<30))
}

// free gives the allocation back.
func (a *arena) free() error {
	if a.device == nil {
		return nil
	}
	d := a.device
	a.device = nil
	return d.call(d.cuMemFree, uintptr(a.base))
}

// pinned is page-locked memory of the host, from and to which the device copies directly.
type pinned struct {
	device *device
	data   unsafe.Pointer
	size   int64
}

func (p *pinned) make(d *device, n int64) error {
	data := new(unsafe.Pointer)
	if err := d.call(d.cuMemHostAlloc, uintptr(unsafe.Pointer(data)), uintptr(max(n, align)), 0); err != nil {
		return err
	}
	*p = pinned{d, *data, n}
	return nil
}

func (p *pinned) free() error {
	if p.device == nil {
		return nil
	}
	d := p.device
	p.device = nil
	return d.call(d.cuMemFreeHost, uintptr(p.data))
}

// bytes is all of it.
func (p *pinned) bytes() []byte { return unsafe.Slice((*byte)(p.data), p.size) }

// list is n entries from an offset on.
func list[T any](p *pinned, offset int64, n int) []T {
	return unsafe.Slice((*T)(unsafe.Add(p.data, offset)), n)
}

func roundUp[T int | int64](n, to T) T { return (n + to - 1) / to * to }
