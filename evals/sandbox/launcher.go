//go:build linux

package sandbox

import (
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

	"tandem/record"
)

// A request is what the launcher is told. Descriptors 3 and 4 are the interpreter's, and pass through; 5 takes its output.
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

// supervise starts the interpreter and waits until it ends, or ends it at the wall limit or when the judge wants the end.
func (req request) supervise() (report, error) {
	out := os.NewFile(5, "output")
	syscall.CloseOnExec(5)
	cmd := req.interpreter(out)
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return report{}, fmt.Errorf("cannot start %s: %w", req.Plan.Python.Path, err)
	}
	for _, f := range append(cmd.ExtraFiles, out) {
		f.Close()
	}
	go func() {
		io.Copy(io.Discard, os.Stdin) // it ends when the judge wants the end, or has come to its own
		cmd.Process.Kill()
	}()
	var late atomic.Bool
	wall := time.AfterFunc(req.Limits.Wall, func() {
		late.Store(true)
		cmd.Process.Kill()
	})
	waitErr := cmd.Wait()
	wall.Stop()
	rep := report{Detail: ending(waitErr), Wall: time.Since(began)}
	req.Plan.endAll()
	rep.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	switch {
	case late.Load():
		rep.Result, rep.Detail = record.TimeLimit, fmt.Sprintf("more than %v of wall time", req.Limits.Wall)
	case signaled(waitErr) && rep.CPU > req.Limits.CPU:
		rep.Result, rep.Detail = record.TimeLimit, overCPU(req.Limits.CPU)
	}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		rep.Memory = usage.Maxrss << 10
	}
	return rep, nil
}

// overCPU says that a program's processor time was up.
func overCPU(limit time.Duration) string { return fmt.Sprintf("more than %v of processor time", limit) }

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
		cpu = int64((req.Limits.CPU+time.Second-1)/time.Second) + 1 // the judge's clock comes first, where /proc shows the program
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

// ending says how a process ended.
func ending(waitErr error) string {
	if waitErr == nil {
		return "exit status 0"
	}
	return waitErr.Error()
}

// signaled says whether a signal ended the process.
func signaled(waitErr error) bool {
	var exit *exec.ExitError
	return errors.As(waitErr, &exit) && exit.Sys().(syscall.WaitStatus).Signaled()
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
