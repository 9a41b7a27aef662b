package cuda

import (
	"fmt"
	"strings"

	"github.com/ebitengine/purego"
)

// places are where systems keep the driver's library: on the loader's path, in containers, on WSL.
var places = []string{"libcuda.so.1", "/usr/local/nvidia/lib64/libcuda.so.1", "/usr/lib/wsl/lib/libcuda.so.1", "libcuda.so"}

// openDriver finds libcuda and its entry points.
func openDriver(path string) (*driver, error) {
	tried := places
	if path != "" {
		tried = []string{path}
	}
	for _, p := range tried {
		lib, err := purego.Dlopen(p, purego.RTLD_NOW|purego.RTLD_GLOBAL)
		if err != nil {
			continue
		}
		d := &driver{path: p}
		for name, at := range d.symbols() {
			if *at, err = purego.Dlsym(lib, name); err != nil {
				return nil, fmt.Errorf("cuda: the driver %s lacks %s: update it to version 580 or later", p, name)
			}
		}
		return d, nil
	}
	return nil, fmt.Errorf("cuda: %w: no NVIDIA driver among %s: install it", ErrNoDevice, strings.Join(tried, ", "))
}

// syscall calls a C function with integer arguments. The directive keeps what pointers among the arguments point to in
// place: without it a growing stack would move the results away from the address that C was given.
//
//go:uintptrescapes
func syscall(fn uintptr, args ...uintptr) uintptr {
	r, _, _ := purego.SyscallN(fn, args...)
	return r
}

// call is syscall for an entry point of the driver.
//
//go:uintptrescapes
func (d *driver) call(fn uintptr, args ...uintptr) error {
	r, _, _ := purego.SyscallN(fn, args...)
	if int32(r) == 0 {
		return nil
	}
	return d.result(fn, r)
}
