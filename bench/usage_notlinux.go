//go:build unix && !linux

package bench

import (
	"time"

	"golang.org/x/sys/unix"
)

// readUsage reads what this process has used so far.
func readUsage() usage {
	u := usage{at: time.Now()}
	var r unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &r) == nil {
		u.processor, u.switches = rusageTime(r), int(r.Nivcsw)
	}
	return u
}
