package cpu

import (
	"fmt"
	"os"
	"strings"

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

// freeMemory is how many bytes the system can give without swapping, by its own estimate; 0: it does not say.
func freeMemory() int64 {
	info, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0
	}
	var kib int64
	for line := range strings.Lines(string(info)) {
		if n, _ := fmt.Sscanf(line, "MemAvailable: %d kB", &kib); n == 1 {
			return kib << 10
		}
	}
	return 0
}
