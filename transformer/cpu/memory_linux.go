package cpu

import (
	"fmt"

	"golang.org/x/sys/unix"
)

func mapMemory(n int) ([]byte, error) {
	b, err := unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return nil, fmt.Errorf("cpu: cannot reserve %d MiB of memory: %w", n>>20, err)
	}
	if n >= 1<<21 {
		unix.Madvise(b, unix.MADV_HUGEPAGE) // a wish: small pages work as well, only slower
	}
	return b, nil
}

func unmapMemory(b []byte) error { return unix.Munmap(b) }

// freeMemory is how many bytes can be had without swapping: what the system can give, by its own estimate, and no more than the
// limits of control groups leave. 0: the system does not say.
func freeMemory() int64 {
	kib, ok := number("/proc", "meminfo", "MemAvailable:")
	if !ok {
		return 0
	}
	if left, limited := groupMemory("/"); limited {
		return max(min(kib<<10, left), 1)
	}
	return kib << 10
}
