package cuda

import (
	"fmt"
	"unsafe"
)

// A pointer is an address in the device's memory.
type pointer uintptr

// at is n bytes further on.
func (p pointer) at(n int64) pointer { return p + pointer(n) }

// A driver is libcuda, opened at run time: the addresses of the entry points that the package calls, by the names of
// cuda.h. The library's own names may end in a version.
type driver struct {
	path string

	cuInit, cuDriverGetVersion                                                            uintptr
	cuDeviceGetCount, cuDeviceGet, cuDeviceGetName, cuDeviceGetUuid, cuDeviceGetAttribute uintptr
	cuDevicePrimaryCtxRetain, cuDevicePrimaryCtxRelease, cuCtxSetCurrent                  uintptr
	cuMemGetInfo, cuMemAlloc, cuMemFree, cuMemHostAlloc, cuMemFreeHost                    uintptr
	cuMemcpyHtoDAsync, cuMemcpyDtoHAsync, cuMemsetD8Async                                 uintptr
	cuStreamCreate, cuStreamDestroy, cuStreamSynchronize                                  uintptr
	cuStreamBeginCapture, cuStreamEndCapture, cuGraphDestroy                              uintptr
	cuGraphInstantiateWithFlags, cuGraphLaunch, cuGraphExecDestroy                        uintptr
	cuModuleLoadData, cuModuleUnload, cuModuleGetFunction                                 uintptr
	cuFuncSetAttribute, cuLaunchKernelEx                                                  uintptr
	cuEventCreate, cuEventRecord, cuEventSynchronize, cuEventElapsedTime, cuEventDestroy  uintptr
	cuGetErrorName                                                                        uintptr
}

// symbols lists the entry points by name.
func (d *driver) symbols() map[string]*uintptr {
	return map[string]*uintptr{
		"cuInit": &d.cuInit, "cuDriverGetVersion": &d.cuDriverGetVersion,
		"cuDeviceGetCount": &d.cuDeviceGetCount, "cuDeviceGet": &d.cuDeviceGet, "cuDeviceGetName": &d.cuDeviceGetName,
		"cuDeviceGetUuid_v2": &d.cuDeviceGetUuid, "cuDeviceGetAttribute": &d.cuDeviceGetAttribute,
		"cuDevicePrimaryCtxRetain": &d.cuDevicePrimaryCtxRetain, "cuDevicePrimaryCtxRelease_v2": &d.cuDevicePrimaryCtxRelease,
		"cuCtxSetCurrent": &d.cuCtxSetCurrent,
		"cuMemGetInfo_v2": &d.cuMemGetInfo, "cuMemAlloc_v2": &d.cuMemAlloc, "cuMemFree_v2": &d.cuMemFree,
		"cuMemHostAlloc": &d.cuMemHostAlloc, "cuMemFreeHost": &d.cuMemFreeHost,
		"cuMemcpyHtoDAsync_v2": &d.cuMemcpyHtoDAsync, "cuMemcpyDtoHAsync_v2": &d.cuMemcpyDtoHAsync, "cuMemsetD8Async": &d.cuMemsetD8Async,
		"cuStreamCreate": &d.cuStreamCreate, "cuStreamDestroy_v2": &d.cuStreamDestroy, "cuStreamSynchronize": &d.cuStreamSynchronize,
		"cuStreamBeginCapture_v2": &d.cuStreamBeginCapture, "cuStreamEndCapture": &d.cuStreamEndCapture,
		"cuGraphDestroy":              &d.cuGraphDestroy,
		"cuGraphInstantiateWithFlags": &d.cuGraphInstantiateWithFlags, "cuGraphLaunch": &d.cuGraphLaunch,
		"cuGraphExecDestroy": &d.cuGraphExecDestroy,
		"cuModuleLoadData":   &d.cuModuleLoadData, "cuModuleUnload": &d.cuModuleUnload, "cuModuleGetFunction": &d.cuModuleGetFunction,
		"cuFuncSetAttribute": &d.cuFuncSetAttribute, "cuLaunchKernelEx": &d.cuLaunchKernelEx,
		"cuEventCreate": &d.cuEventCreate, "cuEventRecord": &d.cuEventRecord, "cuEventSynchronize": &d.cuEventSynchronize,
		"cuEventElapsedTime": &d.cuEventElapsedTime, "cuEventDestroy_v2": &d.cuEventDestroy,
		"cuGetErrorName": &d.cuGetErrorName,
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

// The error codes that are handled.
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
	if syscall(d.cuGetErrorName, code, uintptr(unsafe.Pointer(text))); *text != nil {
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
