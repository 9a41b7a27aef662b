package cuda

import (
	"fmt"
	"unsafe"
)

// A grid is the number of blocks of a launch in x, y and z.
type grid [3]int

// A config and an attribute are CUlaunchConfig and CUlaunchAttribute of cuda.h.
type (
	config struct {
		grid, block [3]uint32
		shared, _   uint32
		stream      uintptr
		attributes  uintptr
		count, _    uint32
	}
	attribute struct {
		id, _ uint32
		value [8]uint64
	}
)

// overlap is CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION: a kernel may start before the one ahead of it is done;
// the kernel itself waits for it.
const overlap = 6

// A launcher puts kernels on a stream and remembers the first error, so that a forward reads as a list of launches.
// Arguments go through one buffer (CU_LAUNCH_PARAM_BUFFER_POINTER), which the driver copies.
type launcher struct {
	err       error
	overlaps  bool // kernels may start early and wait themselves
	config    config
	attribute attribute
	buffer    [32]uint64
	size      uintptr
	extra     [5]uintptr
}

// launch puts a kernel on the device's stream. args is its argument: the Go twin of the struct of that name in the kernels'
// source.
func launch[T any](d *device, name string, threads int, g grid, shared int, args T) {
	l := &d.launcher
	if l.err != nil {
		return
	}
	fn, ok := d.kernels[name]
	if !ok {
		l.err = fmt.Errorf("cuda: no kernel %s", name)
		return
	}
	*(*T)(unsafe.Pointer(&l.buffer)) = args
	l.size = unsafe.Sizeof(args)
	l.extra = [5]uintptr{1, uintptr(unsafe.Pointer(&l.buffer)), 2, uintptr(unsafe.Pointer(&l.size)), 0}
	l.config = config{grid: [3]uint32{uint32(g[0]), uint32(g[1]), uint32(g[2])}, block: [3]uint32{uint32(threads), 1, 1}, shared: uint32(shared),
		stream: d.queue}
	if l.overlaps {
		l.attribute = attribute{id: overlap, value: [8]uint64{1}}
		l.config.attributes, l.config.count = uintptr(unsafe.Pointer(&l.attribute)), 1
	}
	if err := d.call(d.cuLaunchKernelEx, uintptr(unsafe.Pointer(&l.config)), fn, 0, uintptr(unsafe.Pointer(&l.extra))); err != nil {
		l.err = fmt.Errorf("kernel %s in %v blocks: %w", name, g, err)
	}
}

// done returns and forgets the first error since the last call.
func (d *device) done() error {
	err := d.launcher.err
	d.launcher.err = nil
	return err
}

// copyIn and copyOut put a copy between pinned memory and the device on the stream; clear puts a fill with zeros there.
func (d *device) copyIn(to pointer, from unsafe.Pointer, n int64) {
	if d.launcher.err == nil {
		d.launcher.err = d.call(d.cuMemcpyHtoDAsync, uintptr(to), uintptr(from), uintptr(n), d.queue)
	}
}

func (d *device) copyOut(to unsafe.Pointer, from pointer, n int64) {
	if d.launcher.err == nil {
		d.launcher.err = d.call(d.cuMemcpyDtoHAsync, uintptr(to), uintptr(from), uintptr(n), d.queue)
	}
}

func (d *device) clear(to pointer, n int64) {
	if d.launcher.err == nil && n > 0 {
		d.launcher.err = d.call(d.cuMemsetD8Async, uintptr(to), 0, uintptr(n), d.queue)
	}
}
