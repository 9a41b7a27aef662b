package bench

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestUsageSeesWaiting: two threads that share a processor wait for each other, and that shows.
func TestUsageSeesWaiting(t *testing.T) {
	before := readUsage()
	if before.threads == nil {
		t.Skip("this kernel does not tell how long threads wait for a processor (/proc/self/task/*/schedstat)")
	}
	var allowed unix.CPUSet
	if err := unix.SchedGetaffinity(0, &allowed); err != nil {
		t.Fatal(err)
	}
	first := 0
	for !allowed.IsSet(first) {
		first++
	}
	var stop atomic.Bool
	var done sync.WaitGroup
	for range 2 {
		done.Go(func() {
			runtime.LockOSThread() // and never unlocked: the thread ends with its affinity
			var one unix.CPUSet
			one.Set(first)
			if err := unix.SchedSetaffinity(0, &one); err != nil {
				t.Errorf("affinity: %v", err)
			}
			for !stop.Load() {
			}
		})
	}
	defer done.Wait()
	defer stop.Store(true)
	for { // until the test's own limit
		from := readUsage()
		time.Sleep(50 * time.Millisecond)
		if got := interference(from, readUsage(), 2); got.Waited != nil && *got.Waited > 0 && got.Busy > 0 {
			return
		}
	}
}
