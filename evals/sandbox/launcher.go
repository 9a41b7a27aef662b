//go:build linux

package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"tandem/record"
)

// A request is what the launcher is told. Descriptors 3 and 4 are the interpreter's, and pass through.
type request struct {
	Plan   plan
	Script script
	Limits Limits
	Seed   uint32 // of the interpreter's hashes
	Dir    string // empty folder of this run
	UID    int    // user id of the interpreter; 0: chosen by the plan
}

// A report is what the launcher says when the interpreter has ended.
type report struct {
	Result    record.Result // the limit that ended it; empty for any other end
	Detail    string        // the limit; or how it ended
	CPU, Wall time.Duration
	Memory    int64  // peak resident bytes
	Said      string // the beginning of its output
	Err       string // why there was no run
}

// launcherMain reads a request from stdin, runs it and writes the report to stdout.
func launcherMain() int {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) // an error then, where the judge has gone
	var rep report
	var req request
	err := json.NewDecoder(os.Stdin).Decode(&req)
	if err == nil {
		err = req.confine()
	}
	if err == nil {
		rep, err = req.supervise()
	}
	if err != nil {
		rep.Err = err.Error()
	}
	if json.NewEncoder(os.Stdout).Encode(rep) != nil {
		req.Plan.endGroup()
		return 2
	}
	return 0
}

// A watch is the supervision of one interpreter.
type watch struct {
	limits  Limits
	cmd     *exec.Cmd
	limited atomic.Pointer[report] // the limit that ended it
}

// supervise starts the interpreter and watches over it until it ends.
func (req request) supervise() (report, error) {
	out, outIn, err := os.Pipe()
	if err != nil {
		return report{}, err
	}
	w := &watch{limits: req.Limits, cmd: req.interpreter(outIn)}
	began := time.Now()
	if err := w.cmd.Start(); err != nil {
		return report{}, fmt.Errorf("cannot start %s: %w", req.Plan.Python.Path, err)
	}
	for _, f := range append(w.cmd.ExtraFiles, outIn) {
		f.Close()
	}
	said := make(chan []byte, 1)
	go func() { said <- w.readOutput(out) }()
	go func() {
		io.Copy(io.Discard, os.Stdin) // it ends when the judge wants the end, or has come to its own
		w.cmd.Process.Kill()
	}()
	ended := make(chan struct{})
	go w.watchClocks(began, ended)
	waitErr := w.cmd.Wait()
	rep := report{Detail: ending(waitErr), Wall: time.Since(began)}
	close(ended)
	req.Plan.endAll()
	out.SetReadDeadline(time.Now().Add(time.Second)) // a child in a weaker tier may hold the other end
	rep.Said = firstLine(string(<-said))
	if limit := w.limited.Load(); limit != nil {
		rep.Result, rep.Detail = limit.Result, limit.Detail
	} else if signaled(waitErr) == syscall.SIGXCPU {
		rep.Result, rep.Detail = record.TimeLimit, "the limit of processor time"
	}
	rep.CPU = w.cmd.ProcessState.UserTime() + w.cmd.ProcessState.SystemTime()
	if usage, ok := w.cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		rep.Memory = usage.Maxrss << 10
	}
	return rep, nil
}

// interpreter is the command that runs the script; both its output streams are out.
func (req request) interpreter(out *os.File) *exec.Cmd {
	args := append([]string{"-s", "-S", "-B", "-X", "utf8", "-c", string(req.Script)}, req.rlimits()...)
	cmd := exec.Command(req.Plan.Python.Path, args...)
	cmd.Env = []string{"PYTHONHASHSEED=" + strconv.FormatUint(uint64(req.Seed), 10)} // a set's order is the same in every run
	cmd.Dir = req.Dir
	if req.Plan.namespaces() {
		cmd.Dir = workDir
	}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.ExtraFiles = []*os.File{os.NewFile(3, "job"), os.NewFile(4, "answers")}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if uid := req.uid(); uid != 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}
	}
	return cmd
}

// rlimits are the arguments of a script, in the order of bound in frames.py.
func (req request) rlimits() []string {
	cpu := int64(-1)
	if req.Limits.CPU < unbounded {
		cpu = int64((req.Limits.CPU+time.Second-1)/time.Second) + 1 // the watch ends it before; this one holds if the watch is gone
	}
	processes := int64(64)
	if !req.Plan.OtherUID && !req.Plan.namespaces() {
		processes = 1024 // the limit counts all processes of the user
	}
	var args []string
	for _, n := range []int64{cpu, req.Limits.Memory, fileLimit, 64, processes, 64 << 20, 0} {
		args = append(args, strconv.FormatInt(n, 10))
	}
	return args
}

// fileLimit bounds a file that a program writes, in bytes.
const fileLimit = 16 << 20

// unbounded is a time that no run takes.
const unbounded = 1000 * time.Hour

// stop ends the interpreter because of a limit.
func (w *watch) stop(result record.Result, detail string) {
	w.limited.CompareAndSwap(nil, &report{Result: result, Detail: detail})
	w.cmd.Process.Kill()
}

// readOutput drains the program's output up to its limit and returns the beginning, for a message.
func (w *watch) readOutput(out io.Reader) []byte {
	var kept bytes.Buffer
	chunk := make([]byte, 1<<16)
	total := int64(0)
	for {
		n, err := out.Read(chunk)
		if room := 512 - kept.Len(); room > 0 {
			kept.Write(chunk[:min(n, room)])
		}
		if total += int64(n); total > w.limits.Output {
			w.stop(record.OutputLimit, fmt.Sprintf("more than %d bytes of output", w.limits.Output))
			return kept.Bytes()
		}
		if err != nil {
			return kept.Bytes()
		}
	}
}

// tick is how often the clocks are read.
const tick = 5 * time.Millisecond

// watchClocks ends the interpreter when its processor time or the wall time runs out.
func (w *watch) watchClocks(began time.Time, ended <-chan struct{}) {
	if w.limits.CPU >= unbounded && w.limits.Wall >= unbounded {
		return
	}
	clock := int32(^w.cmd.Process.Pid<<3 | 2) // the processor-time clock of another process: clock_getcpuclockid(3)
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-ended:
			return
		case <-ticker.C:
		}
		var cpu unix.Timespec
		if unix.ClockGettime(clock, &cpu) == nil && time.Duration(cpu.Nano()) > w.limits.CPU {
			w.stop(record.TimeLimit, fmt.Sprintf("more than %v of processor time", w.limits.CPU))
		}
		if time.Since(began) > w.limits.Wall {
			w.stop(record.TimeLimit, fmt.Sprintf("more than %v of wall time", w.limits.Wall))
		}
	}
}

// ending says how a process ended.
func ending(waitErr error) string {
	if waitErr == nil {
		return "exit status 0"
	}
	return waitErr.Error()
}

// signaled is the signal that ended a process, 0 where none did.
func signaled(waitErr error) syscall.Signal {
	var exit *exec.ExitError
	if errors.As(waitErr, &exit) {
		if status := exit.Sys().(syscall.WaitStatus); status.Signaled() {
			return status.Signal()
		}
	}
	return 0
}

// oneLine makes a detail fit for a report.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	return strings.TrimSpace(strings.ToValidUTF8(s[:min(len(s), 300)], ""))
}
