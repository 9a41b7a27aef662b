package cpu

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// An affinity is a set of processors that a thread may run on.
type affinity unix.CPUSet

// thisThread is the affinity of the calling thread; empty where the system does not say.
func thisThread() (a affinity) {
	if unix.SchedGetaffinity(0, (*unix.CPUSet)(&a)) != nil {
		return affinity{}
	}
	return a
}

// bind moves the calling thread to the processors of the set. That is a wish: where the system refuses, the thread stays as it is.
func (a *affinity) bind() { unix.SchedSetaffinity(0, (*unix.CPUSet)(a)) }

// places splits the processors of a set into as many sets that share none, of whole cores where there are enough. It is nil
// where there are fewer processors than sets, or nothing to split.
//
// Note: not one processor each where there are more than threads. A second process would choose the same ones, or another
// program might already keep one of them busy; so a thread may still move, but never to where another thread of the pool is.
func (a affinity) places(n int) []affinity {
	set := unix.CPUSet(a)
	if n < 2 || set.Count() < n {
		return nil
	}
	units := cores(&set)
	if len(units) < n {
		var alone [][]int
		for _, core := range units {
			for _, processor := range core {
				alone = append(alone, []int{processor})
			}
		}
		units = alone
	}
	out := make([]affinity, n)
	for t := range out {
		from, to := share(len(units), 1, t, n)
		for _, unit := range units[from:to] {
			for _, processor := range unit {
				(*unix.CPUSet)(&out[t]).Set(processor)
			}
		}
	}
	return out
}

// cores lists the processors of a set, those of one core together.
func cores(set *unix.CPUSet) (list [][]int) {
	at := map[string]int{}
	for processor, left := 0, set.Count(); left > 0; processor++ {
		if !set.IsSet(processor) {
			continue
		}
		left--
		siblings, err := os.ReadFile(fmt.Sprintf("/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", processor))
		i, known := at[string(siblings)]
		if err != nil || !known {
			i = len(list)
			at[string(siblings)], list = i, append(list, nil)
		}
		list[i] = append(list[i], processor)
	}
	return list
}

// yield lets other threads that wait for this processor run. A thread that waits for one without a processor would else keep its
// own from the process that holds the other up. The Go scheduler's yield would hand on the goroutine of a locked thread, which
// takes longer and gives no processor away.
func yield() { unix.Syscall(unix.SYS_SCHED_YIELD, 0, 0, 0) }
