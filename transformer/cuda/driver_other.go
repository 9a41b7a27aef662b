//go:build !linux

package cuda

import "fmt"

// openDriver fails: the driver is supported on Linux only.
func openDriver(string) (*driver, error) {
	return nil, fmt.Errorf("cuda: %w: only Linux is supported", ErrNoDevice)
}

func syscall(uintptr, ...uintptr) uintptr { return 1 }

func (d *driver) call(uintptr, ...uintptr) error { return ErrNoDevice }
