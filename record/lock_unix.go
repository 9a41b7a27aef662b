//go:build linux || darwin || freebsd || netbsd || openbsd

package record

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// lock takes a results file for this process until it is closed: two that write one file would tear each other's lines.
// File systems without locks go without.
func lock(file *os.File) error {
	if errors.Is(syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB), syscall.EWOULDBLOCK) {
		return fmt.Errorf("results file: another process is writing %s: wait for it, or choose another --out", file.Name())
	}
	return nil
}
