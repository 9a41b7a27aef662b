//go:build linux

package sandbox

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// The clock of a candidate is the processor time of its processes and the time in which all of them sleep while the judge
// waits for an answer. A process that waits for a processor does not sleep, so the load of the machine moves no verdict.
//
// Note: the kernel's own account of waiting (/proc/PID/schedstat) would be exact, but for one thread only, and it does not
// tell a sleep from the wait for the test. Two looks 10 ms apart tell both.

// tick is how often the clock is read.
const tick = 10 * time.Millisecond

// A look is what the judge sees of a candidate at once.
type look struct {
	at   time.Time
	cpu  time.Duration
	wait uint64 // number of the wait in which all of it sleeps; 0: something runs, or it is not its turn
}

// slept is the time between two looks in which the candidate slept: none unless both fall into the same wait.
func (l look) slept(before look) time.Duration {
	if l.wait == 0 || l.wait != before.wait {
		return 0
	}
	return max(0, l.at.Sub(before.at)-max(0, l.cpu-before.cpu))
}

// watchClock ends the candidate when its clock passes the limit.
func (proc *process) watchClock(limit time.Duration) {
	if self, err := os.Readlink("/proc/self"); err != nil || self != strconv.Itoa(os.Getpid()) {
		return // the /proc of other processes' numbers
	}
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	var before look
	for slept := time.Duration(0); ; {
		select {
		case <-proc.reaped:
			return
		case <-ticker.C:
		}
		now := proc.look()
		slept += now.slept(before)
		before = now
		switch {
		case now.cpu > limit:
			proc.stop(overCPU(limit))
		case now.cpu+slept > limit:
			proc.stop(fmt.Sprintf("more than %v of processor time and sleep", limit))
		}
	}
}

// stop ends the candidate for a limit of time. The launcher is not waited for long: beside a fork bomb it hardly runs.
func (proc *process) stop(limit string) {
	proc.limited.CompareAndSwap(nil, &limit)
	proc.endWithin(time.Second)
}

// look looks at the candidate. It sleeps for its own sake if its processes sleep, its answer is awaited, nothing of it
// has arrived, and no output of it waits to be drained.
func (proc *process) look() look {
	l := look{at: time.Now(), wait: proc.waits.Load()}
	var seen usage
	seen.below(strconv.Itoa(proc.cmd.Process.Pid))
	l.cpu = seen.cpu
	if l.wait%2 == 0 || seen.processes == 0 || seen.awake || pending(proc.from) || pending(proc.out) || proc.waits.Load() != l.wait {
		l.wait = 0
	}
	return l
}

// Read reads what the interpreter answers. While there is nothing to read, waits is odd.
func (proc *process) Read(p []byte) (int, error) {
	conn, err := proc.from.SyscallConn()
	if err != nil {
		return 0, err
	}
	proc.waits.Add(1)
	err = conn.Read(arrived)
	proc.waits.Add(1)
	if err != nil {
		return 0, err
	}
	return proc.from.Read(p)
}

// arrived says whether a read from the pipe would return at once.
func arrived(fd uintptr) bool {
	n, _ := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
	return n != 0 // what cannot be told is left to the read
}

// pending says whether the pipe holds something, or is closed.
func pending(pipe *os.File) bool {
	yes := true
	if conn, err := pipe.SyscallConn(); err == nil {
		conn.Control(func(fd uintptr) { yes = arrived(fd) })
	}
	return yes
}

// A usage is what processes have used and do.
type usage struct {
	processes int
	cpu       time.Duration // that of the children they waited for included
	awake     bool          // a thread runs, wants to, or waits for a disk
}

// mostProcesses bounds a look; rlimits allow fewer. A program with more of them is awake.
const mostProcesses = 2000

// below adds the processes that descend from pid, in the kernel's list of each thread's children.
func (u *usage) below(pid string) {
	tasks, _ := os.ReadDir("/proc/" + pid + "/task")
	for _, task := range tasks {
		children, _ := os.ReadFile("/proc/" + pid + "/task/" + task.Name() + "/children")
		for child := range strings.FieldsSeq(string(children)) {
			if u.processes++; u.processes > mostProcesses {
				u.awake = true
				return
			}
			u.add(child)
			u.below(child)
		}
	}
}

// add adds the process pid itself.
func (u *usage) add(pid string) {
	stat := statOf("/proc/" + pid + "/stat")
	if len(stat) < 18 {
		return // it has ended
	}
	for _, field := range stat[11:15] { // utime, stime, and those of the children that it waited for
		ticks, _ := strconv.ParseInt(field, 10, 64)
		u.cpu += time.Duration(ticks) * (time.Second / userHZ)
	}
	u.awake = u.awake || awake(stat[0])
	if threads := stat[17]; threads == "1" {
		return
	}
	tasks, _ := os.ReadDir("/proc/" + pid + "/task")
	for _, task := range tasks {
		stat := statOf("/proc/" + pid + "/task/" + task.Name() + "/stat")
		u.awake = u.awake || len(stat) > 0 && awake(stat[0])
	}
}

// userHZ is the unit of times in /proc, which is the same on all processors that Go runs on.
const userHZ = 100

// statOf returns the fields of a stat file that follow the name, the state first: proc_pid_stat(5).
func statOf(path string) []string {
	text, _ := os.ReadFile(path)
	return strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
}

// awake is true of the states of a thread that is not asleep, stopped or dead.
func awake(state string) bool { return state == "R" || state == "D" }
