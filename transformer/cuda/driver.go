package cuda

import (
	"fmt"
	"unsafe"
)

// A pointer is an address in the device's memory.
type pointer uintptr

// at is n bytes further on.
func (p pointer) at(n int64) pointer { return p + pointer(n) }

// A driver is libcuda, opened at run time: the addresses of the entry points that the package calls, under their
// real names (those of cuda.h are macros for some).
type driver struct {
	path string

	init, version, count, get, name, attribute uintptr
	unique                                     uintptr
	retain, release, current, info             uintptr
	alloc, free, hostAlloc, hostFree           uintptr
	upload, download, fill                     uintptr
	stream, streamEnd, sync                    uintptr
	capture, captured                          uintptr
	graph, graphLaunch, graphEnd, captureEnd   uintptr
	load, unload, function, allow, launch      uintptr
	event, record, reached, elapsed, eventEnd  uintptr
	errorName                                  uintptr
}

// symbols lists the entry points by name.
func (d *driver) symbols() map[string]*uintptr {
	return map[string]*uintptr{
		"cuInit": &d.init, "cuDriverGetVersion": &d.version, "cuDeviceGetCount": &d.count, "cuDeviceGet": &d.get,
		"cuDeviceGetName": &d.name, "cuDeviceGetUuid_v2": &d.unique, "cuDeviceGetAttribute": &d.attribute,
		"cuDevicePrimaryCtxRetain": &d.retain, "cuDevicePrimaryCtxRelease_v2": &d.release, "cuCtxSetCurrent": &d.current,
		"cuMemGetInfo_v2": &d.info, "cuMemAlloc_v2": &d.alloc, "cuMemFree_v2": &d.free,
		"cuMemHostAlloc": &d.hostAlloc, "cuMemFreeHost": &d.hostFree,
		"cuMemcpyHtoDAsync_v2": &d.upload, "cuMemcpyDtoHAsync_v2": &d.download, "cuMemsetD8Async": &d.fill,
		"cuStreamCreate": &d.stream, "cuStreamDestroy_v2": &d.streamEnd, "cuStreamSynchronize": &d.sync,
		"cuStreamBeginCapture_v2": &d.capture, "cuStreamEndCapture": &d.captured,
		"cuGraphInstantiateWithFlags": &d.graph, "cuGraphLaunch": &d.graphLaunch, "cuGraphExecDestroy": &d.graphEnd,
		"cuGraphDestroy": &d.captureEnd, "cuModuleLoadData": &d.load, "cuModuleUnload": &d.unload,
		"cuModuleGetFunction": &d.function, "cuFuncSetAttribute": &d.allow, "cuLaunchKernelEx": &d.launch,
		"cuEventCreate": &d.event, "cuEventRecord": &d.record, "cuEventSynchronize": &d.reached,
		"cuEventElapsedTime": &d.elapsed, "cuEventDestroy_v2": &d.eventEnd, "cuGetErrorName": &d.errorName,
	}
}

// A failure is what a call of the driver returned.
type failure struct {
	call, name string
	code       int
}

func (f failure) Error() string {
	return fmt.Sprintf("cuda: %s failed: %s (%d)", f.call, f.name, f.code)
}

// The codes that are told apart.
const (
	outOfMemory    = 2
	noBinary       = 209
	unsupportedPTX = 222
)

// result makes an error of what an entry point returned.
func (d *driver) result(fn uintptr, code uintptr) error {
	if int32(code) == 0 {
		return nil
	}
	f := failure{call: "a call", name: "error", code: int(int32(code))}
	for name, at := range d.symbols() {
		if *at == fn {
			f.call = name
		}
	}
	text := new(unsafe.Pointer)
	if syscall(d.errorName, code, uintptr(unsafe.Pointer(text))); *text != nil {
		f.name = text0(*text)
	}
	return f
}

// text0 is a C string.
func text0(p unsafe.Pointer) string {
	n := 0
	for *(*byte)(unsafe.Add(p, n)) != 0 {
		n++
	}
	return string(unsafe.Slice((*byte)(p), n))
}
