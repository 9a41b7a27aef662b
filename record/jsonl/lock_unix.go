//go:build linux || darwin || freebsd || netbsd || openbsd

package jsonl

import (
	"errors"
	"os"
	"syscall"
)

// lock takes a file for this process until it is closed: two that write one file would tear each other's lines.
// File systems without locks go without.
func lock(file *os.File) error {
	if errors.Is(syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB), syscall.EWOULDBLOCK) {
		return &Busy{Path: file.Name()}
	}
	return nil
}
