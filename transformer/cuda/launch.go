package cuda

import (
	"fmt"
	"unsafe"
)

// A grid is the number of blocks of a launch in x, y and z.
type grid [3]int

// A launcher puts kernels on a stream and remembers the first error, so that a forward reads as a list of launches.
// Arguments go through one buffer (CU_LAUNCH_PARAM_BUFFER_POINTER), which the driver copies.
type launcher struct {
	err    error
	buffer [32]uint64
	size   uintptr
	extra  [5]uintptr
}

// launch puts a kernel on the device's stream; args is its argument, the Go twin of the struct of the same name in
// the source.
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
	if err := d.call(d.driver.launch, fn, uintptr(g[0]), uintptr(g[1]), uintptr(g[2]), uintptr(threads), 1, 1, uintptr(shared), d.queue, 0,
		uintptr(unsafe.Pointer(&l.extra))); err != nil {
		l.err = fmt.Errorf("kernel %s in %v blocks: %w", name, g, err)
	}
}

// done returns and forgets the first error since the last call.
func (d *device) done() error {
	err := d.launcher.err
	d.launcher.err = nil
	return err
}

// copyIn and copyOut put a copy between pinned memory and the device on the stream, fill puts bytes there.
func (d *device) copyIn(to pointer, from unsafe.Pointer, n int64) {
	if d.launcher.err == nil {
		d.launcher.err = d.call(d.upload, uintptr(to), uintptr(from), uintptr(n), d.queue)
	}
}

func (d *device) copyOut(to unsafe.Pointer, from pointer, n int64) {
	if d.launcher.err == nil {
		d.launcher.err = d.call(d.download, uintptr(to), uintptr(from), uintptr(n), d.queue)
	}
}

func (d *device) clear(to pointer, n int64) {
	if d.launcher.err == nil && n > 0 {
		d.launcher.err = d.call(d.fill, uintptr(to), 0, uintptr(n), d.queue)
	}
}
