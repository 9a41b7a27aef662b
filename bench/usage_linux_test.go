package bench

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"
)

// TestUsageSeesWaiting: two threads that share a processor wait for each other, and that shows.
func TestUsageSeesWaiting(t *testing.T) {
	before := readUsage()
	if !before.knows {
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
	for readUsage().waited <= before.waited { // until the test's own limit
		runtime.Gosched()
	}
	after := readUsage()
	stop.Store(true)
	done.Wait()
	if got := interference(before, after, 2, runtime.NumCPU()); got.Waited == nil || *got.Waited <= 0 || got.Busy <= 0 {
		t.Errorf("%+v", got)
	}
}
