//go:build linux

package sandbox

import (
	"bytes"
	"crypto/rand"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"tandem/record"
)

//go:embed driver.py
var driver string

// A request is what the Runner sends its launcher.
type request struct {
	Plan    plan
	Program Program
	Limits  Limits
	Dir     string // empty folder of this run
	UID     int    // user id of the interpreter; 0: chosen by the plan
}

// launcherMain reads a request from stdin, runs it and writes the report to stdout.
func launcherMain() int {
	var report struct {
		Outcome Outcome
		Err     string
	}
	var req request
	if err := json.NewDecoder(os.Stdin).Decode(&req); err != nil {
		report.Err = "bad request: " + err.Error()
	} else if report.Outcome, err = req.run(); err != nil {
		report.Err = err.Error()
	}
	if json.NewEncoder(os.Stdout).Encode(report) != nil {
		return 2
	}
	return 0
}

// run confines this process and judges the program in a child of it.
func (req request) run() (Outcome, error) {
	if err := req.confine(); err != nil {
		return Outcome{}, err
	}
	return req.judge()
}

// A watch is the supervision of one interpreter.
type watch struct {
	limits  Limits
	cmd     *exec.Cmd
	nonce   string
	limited atomic.Pointer[Outcome] // the limit that ended it
}

// judge starts the interpreter, watches over it and reads the verdict.
func (req request) judge() (Outcome, error) {
	job, jobIn, err := os.Pipe()
	if err != nil {
		return Outcome{}, err
	}
	verdict, verdictIn, err := os.Pipe()
	if err != nil {
		return Outcome{}, err
	}
	out, outIn, err := os.Pipe()
	if err != nil {
		return Outcome{}, err
	}
	w := &watch{limits: req.Limits, nonce: rand.Text()}
	w.cmd = exec.Command(req.Plan.Python.Path, "-s", "-S", "-B", "-X", "utf8", "-c", driver)
	w.cmd.Env = []string{"PYTHONHASHSEED=0"} // the order of a set is the same whenever a program is judged
	w.cmd.Dir = req.Dir
	if req.Plan.namespaces() {
		w.cmd.Dir = workDir
	}
	w.cmd.Stdout, w.cmd.Stderr = outIn, outIn
	w.cmd.ExtraFiles = []*os.File{job, verdictIn}
	w.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if uid := req.uid(); uid != 0 {
		w.cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}
	}
	began := time.Now()
	if err := w.cmd.Start(); err != nil {
		return Outcome{}, fmt.Errorf("cannot start %s: %w", req.Plan.Python.Path, err)
	}
	for _, f := range []*os.File{job, verdictIn, outIn} {
		f.Close()
	}
	go func() {
		jobIn.WriteString(req.job(w.nonce)) // an interpreter that dies early does not read it
		jobIn.Close()
	}()
	said := make(chan []byte, 1)
	go func() { said <- w.readOutput(out) }()
	ended := make(chan struct{})
	go w.watchClocks(began, ended)
	waitErr := w.cmd.Wait()
	wall := time.Since(began)
	close(ended)
	req.Plan.endAll()

	verdict.SetReadDeadline(time.Now().Add(time.Second)) // a child in a weaker tier may hold the other end
	text, _ := io.ReadAll(io.LimitReader(verdict, 1<<16))
	out.SetReadDeadline(time.Now().Add(time.Second))
	outcome, err := w.outcome(text, <-said, waitErr)
	outcome.Wall = wall
	if state := w.cmd.ProcessState; state != nil {
		outcome.CPU = state.UserTime() + state.SystemTime()
		if usage, ok := state.SysUsage().(*syscall.Rusage); ok {
			outcome.Memory = usage.Maxrss << 10
		}
	}
	return outcome, err
}

// job is what the driver reads: the resource limits, the lengths of the texts, the texts.
func (req request) job(nonce string) string {
	l := req.Limits
	cpu := int64((l.CPU+time.Second-1)/time.Second) + 1 // the watch ends it before; this one holds if the watch is gone
	texts := []string{nonce, req.Program.Source, req.Program.Setup, req.Program.Test, req.Program.EntryPoint, map[bool]string{true: "beside"}[req.Program.Beside]}
	processes := 64
	if !req.Plan.OtherUID && !req.Plan.namespaces() {
		processes = 1024 // the limit counts all processes of the user
	}
	head := fmt.Sprintf("%d %d %d %d %d %d %d", cpu, l.Memory, fileLimit, 64, processes, 64<<20, 0)
	for _, t := range texts {
		head += fmt.Sprintf(" %d", len(t))
	}
	return head + "\n" + strings.Join(texts, "")
}

// fileLimit bounds a file that a program writes, in bytes.
const fileLimit = 16 << 20

// stop ends the interpreter because of a limit.
func (w *watch) stop(result record.Result, detail string) {
	w.limited.CompareAndSwap(nil, &Outcome{Result: result, Detail: detail})
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

// outcome reads what stands on the verdict's descriptor: "nonce ready", then "nonce result" and a line of detail.
func (w *watch) outcome(text, said []byte, waitErr error) (Outcome, error) {
	if o := w.limited.Load(); o != nil {
		return *o, nil
	}
	rest, ready := strings.CutPrefix(string(text), w.nonce+" ready\n")
	if !ready && len(text) == 0 {
		return Outcome{}, fmt.Errorf("the interpreter did not start: %v %s", waitErr, firstLine(string(said)))
	}
	if line, ok := strings.CutPrefix(rest, w.nonce+" "); ready && ok {
		result, detail, _ := strings.Cut(line, "\n")
		if r := record.Result(result); judged[r] {
			return Outcome{Result: r, Detail: oneLine(detail)}, nil
		}
	}
	var exit *exec.ExitError
	if errors.As(waitErr, &exit) {
		status := exit.Sys().(syscall.WaitStatus)
		if status.Signaled() && status.Signal() == syscall.SIGXCPU {
			return Outcome{Result: record.TimeLimit, Detail: "the limit of processor time"}, nil
		}
		return Outcome{Result: record.RuntimeError, Detail: "it ended before the test did: " + exit.Error()}, nil
	}
	return Outcome{Result: record.RuntimeError, Detail: "it ended before the test did, with exit status 0"}, nil
}

// judged are the results that the driver may give.
var judged = map[record.Result]bool{record.Pass: true, record.Fail: true, record.RuntimeError: true,
	record.SyntaxError: true, record.MemoryLimit: true}

// oneLine makes a detail fit for a report.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	return strings.TrimSpace(s[:min(len(s), 300)])
}
