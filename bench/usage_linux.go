package bench

import (
	"bytes"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// readUsage reads what this process has used so far, thread by thread: the sums that getrusage gives lag behind by up to a
// tick of 4 or 10 ms for the threads that run, which is longer than a decoding of a small model.
func readUsage() usage {
	u := usage{at: time.Now(), threads: map[int]thread{}}
	var r unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &r) == nil {
		u.switches = int(r.Nivcsw)
	}
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return usage{at: u.at, processor: rusageTime(r), switches: u.switches}
	}
	known := true
	for _, entry := range threads {
		tid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		var t unix.Timespec
		if unix.ClockGettime(threadClock(tid), &t) != nil {
			continue // the thread has ended
		}
		one := thread{processor: time.Duration(t.Nano())}
		u.processor += one.processor
		var ok bool
		if one.waited, ok = runDelay(tid); !ok {
			known = false
		}
		u.threads[tid] = one
	}
	if !known {
		u.threads = nil
	}
	u.steal = stolen()
	return u
}

// threadClock is the clock of the processor time of a thread: CPUCLOCK_SCHED | CPUCLOCK_PERTHREAD_MASK of Linux'
// posix-timers.h, as pthread_getcpuclockid computes it.
func threadClock(tid int) int32 { return int32(^tid<<3 | 2 | 4) }

// runDelay is how long a thread was ready to run and had no processor: the second number of its schedstat, in nanoseconds. A
// kernel that does not keep account shows zeros.
func runDelay(tid int) (time.Duration, bool) {
	data, err := os.ReadFile("/proc/self/task/" + strconv.Itoa(tid) + "/schedstat")
	if err != nil {
		_, err := os.Stat("/proc/self/task/" + strconv.Itoa(tid))
		return 0, os.IsNotExist(err) // a thread that has ended is no reason to doubt the others
	}
	fields := bytes.Fields(data)
	if len(fields) < 3 {
		return 0, false
	}
	ns, err := strconv.ParseInt(string(fields[1]), 10, 64)
	return time.Duration(ns), err == nil && string(fields[2]) != "0"
}

// stolen is the time that the hypervisor has run others in place of this machine's processors, all processors together: the
// eighth number of the first line of /proc/stat, in ticks of 10 ms.
func stolen() time.Duration {
	file, err := os.Open("/proc/stat")
	if err != nil {
		return 0
	}
	defer file.Close()
	var line [256]byte
	n, err := file.Read(line[:])
	if err != nil {
		return 0
	}
	first, _, _ := bytes.Cut(line[:n], []byte("\n"))
	fields := bytes.Fields(first)
	if len(fields) < 9 {
		return 0
	}
	ticks, err := strconv.ParseInt(string(fields[8]), 10, 64)
	if err != nil {
		return 0
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}
