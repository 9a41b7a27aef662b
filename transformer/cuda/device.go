package cuda

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"
)

// A device is the first GPU of the machine, its primary context, a stream and the kernels.
type device struct {
	*driver
	id           int32
	title        string
	uuid         [16]byte
	major, minor int32
	processors   int32  // streaming multiprocessors
	image        string // which kernels: sm_90a, sm_80 or compute_80
	context      uintptr
	queue        uintptr // the stream
	module       uintptr
	kernels      map[string]uintptr
	launcher     launcher
	mutex        sync.Mutex   // sessions share the stream
	users        atomic.Int32 // the backend and its open sessions
}

// Attributes of a device, as cuda.h numbers them.
const (
	attributeProcessors = 16
	attributeMajor      = 75
	attributeMinor      = 76
)

// String is the device for reports: its name, its multiprocessors and the kernels chosen.
func (d *device) String() string {
	return fmt.Sprintf("%s, %d SMs, %s", d.title, d.processors, d.image)
}

// Find describes the CUDA device of this machine and loads no weights onto it. driver is as in Options.
func Find(driver string) (string, error) {
	d, err := open(driver)
	if err != nil {
		return "", err
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var free, total int64
	err = errors.Join(d.enter(), d.room(&free, &total))
	text := fmt.Sprintf("%s, %.1f of %.1f GiB free", d, float64(free)/(1<<30), float64(total)/(1<<30))
	return text, errors.Join(err, d.close())
}

// open finds the driver and its first device, and loads the kernels that were compiled for it.
func open(path string) (*device, error) {
	lib, err := openDriver(path)
	if err != nil {
		return nil, err
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	d := &device{driver: lib, kernels: map[string]uintptr{}}
	if err := d.look(); err != nil {
		return nil, err
	}
	if err := d.call(d.cuDevicePrimaryCtxRetain, uintptr(unsafe.Pointer(&d.context)), uintptr(d.id)); err != nil {
		return nil, err
	}
	d.users.Add(1)
	if err := errors.Join(d.enter(), d.call(d.cuStreamCreate, uintptr(unsafe.Pointer(&d.queue)), 1), d.loadKernels()); err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

// look reads the device's properties and refuses a device or driver that cannot work.
func (d *device) look() error {
	if err := d.call(d.cuInit, 0); err != nil {
		return fmt.Errorf("%w: %w: is the GPU visible here? nvidia-smi says", ErrNoDevice, err)
	}
	var version, count int32
	if err := errors.Join(d.call(d.cuDriverGetVersion, uintptr(unsafe.Pointer(&version))),
		d.call(d.cuDeviceGetCount, uintptr(unsafe.Pointer(&count)))); err != nil {
		return err
	}
	if count == 0 {
		return fmt.Errorf("cuda: %w: the driver %s sees none: nvidia-smi says why", ErrNoDevice, d.path)
	}
	if int(version) < manifest.Driver {
		return fmt.Errorf("cuda: the driver is for CUDA %d.%d, the kernels need %d.%d: update it to version 580 or later", version/1000,
			version%1000/10, manifest.Driver/1000, manifest.Driver%1000/10)
	}
	name := make([]byte, 256)
	err := errors.Join(d.call(d.cuDeviceGet, uintptr(unsafe.Pointer(&d.id)), 0),
		d.call(d.cuDeviceGetName, uintptr(unsafe.Pointer(&name[0])), uintptr(len(name)), uintptr(d.id)),
		d.call(d.cuDeviceGetUuid, uintptr(unsafe.Pointer(&d.uuid[0])), uintptr(d.id)),
		d.ask(&d.processors, attributeProcessors), d.ask(&d.major, attributeMajor), d.ask(&d.minor, attributeMinor))
	if err != nil {
		return err
	}
	d.title = text0(unsafe.Pointer(&name[0]))
	if d.major < 8 {
		return fmt.Errorf("cuda: %s has compute capability %d.%d, the kernels need 8.0 (Ampere) or later: choose another GPU", d.title, d.major, d.minor)
	}
	return nil
}

func (d *device) ask(to *int32, attribute uintptr) error {
	return d.call(d.cuDeviceGetAttribute, uintptr(unsafe.Pointer(to)), attribute, uintptr(d.id))
}

// hold locks the stream for this goroutine, and the goroutine to its thread, because the driver's context belongs to a
// thread. end undoes both.
func (d *device) hold() (end func()) {
	d.mutex.Lock()
	runtime.LockOSThread()
	return func() {
		runtime.UnlockOSThread()
		d.mutex.Unlock()
	}
}

// enter makes the context current on this operating-system thread, to which the caller is locked.
func (d *device) enter() error { return d.call(d.cuCtxSetCurrent, d.context) }

// room asks for the free and the total memory of the device, in bytes.
func (d *device) room(free, total *int64) error {
	return d.call(d.cuMemGetInfo, uintptr(unsafe.Pointer(free)), uintptr(unsafe.Pointer(total)))
}

// wait returns when all work on the stream is done.
func (d *device) wait() error { return d.call(d.cuStreamSynchronize, d.queue) }

// close ends one use of the device. The last one unloads the kernels and releases the context.
func (d *device) close() (err error) {
	if d.users.Add(-1) > 0 {
		return nil
	}
	if d.module != 0 {
		err = d.call(d.cuModuleUnload, d.module)
	}
	if d.queue != 0 {
		err = errors.Join(err, d.call(d.cuStreamDestroy, d.queue))
	}
	return errors.Join(err, d.call(d.cuDevicePrimaryCtxRelease, uintptr(d.id)))
}
