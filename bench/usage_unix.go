//go:build unix

package bench

import (
	"time"

	"golang.org/x/sys/unix"
)

// rusageTime is the processor time of all threads.
func rusageTime(r unix.Rusage) time.Duration { return time.Duration(r.Utime.Nano() + r.Stime.Nano()) }
