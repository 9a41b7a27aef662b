//go:build linux

package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync/atomic"
	"syscall"
	"time"

	"tandem/record"
)

// A process is an interpreter in a sandbox of its own, seen from outside: the launcher that started it, and the pipes to
// and from the interpreter itself.
type process struct {
	to, from  *os.File      // frames
	waits     atomic.Uint64 // odd while the judge waits for an answer, see Read
	out       *os.File      // what it writes on stdout and stderr
	said      bothEnds      // of that
	drained   chan struct{} // closed when said holds all
	folder    folder        // of the host: the root of the sandbox's view, or its work folder
	alive     *os.File      // the launcher ends the interpreter when this closes, also with the end of this program
	cmd       *exec.Cmd
	complaint bytes.Buffer
	answer    bytes.Buffer
	limited   atomic.Pointer[string] // the limit of time for which the judge ended it
	ending    atomic.Bool
	reaped    chan struct{} // closed when the launcher's number is no longer its own
	ended     chan struct{} // closed when report, said and err are there
	report    report
	err       error
}

// grace is how long a launcher may take to end before it counts as lost.
const grace = 10 * time.Second

// start puts an interpreter with a script into a new sandbox. It runs until it ends, a limit ends it, or end is called.
func (p plan) start(s script, limits Limits, seed uint32) (*process, error) {
	req := request{Plan: p, Script: s, Limits: limits, Seed: seed}
	folder, err := newFolder()
	if err != nil {
		return nil, err
	}
	proc := &process{folder: folder, drained: make(chan struct{}), reaped: make(chan struct{}), ended: make(chan struct{})}
	uid := s.uid()
	if p.OtherUID && !p.namespaces() {
		req.UID = uid
		err = os.Chown(folder.path, uid, uid)
	}
	req.Dir = folder.path
	if err == nil {
		err = proc.launch(req, p.attributes(uid))
	}
	if err != nil {
		folder.remove()
		return nil, err
	}
	go func() {
		defer close(proc.drained)
		io.Copy(&proc.said, proc.out)
	}()
	go proc.wait()
	return proc, nil
}

// launch starts the launcher and hands it the request.
func (proc *process) launch(req request, attributes *syscall.SysProcAttr) error {
	in, err := json.Marshal(req)
	if err != nil {
		return err
	}
	var ends [4][2]*os.File // read, write
	for i := range ends {
		if ends[i][0], ends[i][1], err = os.Pipe(); err != nil {
			return err
		}
	}
	stdin, job, answers, output := ends[0][0], ends[1][0], ends[2][1], ends[3][1]
	proc.alive, proc.to, proc.from, proc.out = ends[0][1], ends[1][1], ends[2][0], ends[3][0]
	defer func() {
		for _, f := range []*os.File{stdin, job, answers, output} {
			f.Close()
		}
	}()
	proc.cmd = exec.Command("/proc/self/exe")
	proc.cmd.Args = []string{launcherName}
	proc.cmd.Env = []string{"GOMAXPROCS=2", "GOTRACEBACK=none"}
	proc.cmd.Stdin, proc.cmd.Stdout, proc.cmd.Stderr = stdin, &proc.answer, &proc.complaint
	proc.cmd.ExtraFiles = []*os.File{job, answers, output}
	proc.cmd.SysProcAttr = attributes
	proc.cmd.WaitDelay = time.Second
	if err := proc.cmd.Start(); err != nil {
		proc.close()
		return err
	}
	if _, err := proc.alive.Write(in); err != nil {
		proc.end()
	}
	return nil
}

// end ends the interpreter. Its report comes when ended is closed.
func (proc *process) end() { proc.endWithin(grace) }

// endWithin ends the interpreter, and the launcher too where that takes longer than timeout.
func (proc *process) endWithin(timeout time.Duration) {
	if proc.ending.Swap(true) {
		return
	}
	proc.alive.Close()
	lost := time.AfterFunc(timeout, func() { syscall.Kill(-proc.cmd.Process.Pid, syscall.SIGKILL) })
	go func() {
		<-proc.ended
		lost.Stop()
	}()
}

// wait collects the launcher's report and removes what is left of the sandbox.
func (proc *process) wait() {
	err := proc.cmd.Wait()
	close(proc.reaped)
	if proc.cmd.SysProcAttr.Cloneflags == 0 {
		endGroup(proc.cmd.Process.Pid) // whatever the program left behind
	}
	proc.report, proc.err = readReport(proc.answer.Bytes(), proc.complaint.String(), err)
	if limit := proc.limited.Load(); limit != nil {
		proc.report.Result, proc.report.Detail = record.TimeLimit, *limit
	}
	proc.folder.remove()
	for _, f := range []*os.File{proc.from, proc.out} {
		f.SetReadDeadline(time.Now().Add(time.Second)) // in the weaker tiers a child may hold the other end
	}
	<-proc.drained
	close(proc.ended)
}

// endGroup ends the processes of a group, and waits for that: on a busy machine they take a while, and count against the
// limits of other runs. Those that nobody reaps stay as zombies.
func endGroup(group int) {
	for deadline := time.Now().Add(time.Second); syscall.Kill(-group, syscall.SIGKILL) == nil && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
}

// close ends the interpreter, waits for it and closes the pipes.
func (proc *process) close() {
	if proc.cmd.Process != nil {
		proc.end()
		<-proc.ended
	}
	proc.alive.Close()
	proc.to.Close()
	proc.from.Close()
	proc.out.Close()
}

// User ids that an interpreter may run under: a range that systems leave free, one for each of many concurrent runs,
// so that one program's processes count against no other's limit. The tests' processes, which live long, have their
// own part of it. Each judge begins elsewhere.
const (
	firstUID    = 64000
	refereeUIDs = 128
	guestUIDs   = 1024 - refereeUIDs
)

var (
	started   atomic.Uint32
	uidOffset = rand.Uint32N(guestUIDs)
)

// uid is the user id for a new process of the script.
func (s script) uid() int {
	n := uidOffset + started.Add(1)
	if s == refereeScript {
		return firstUID + int(n%refereeUIDs)
	}
	return firstUID + refereeUIDs + int(n%guestUIDs)
}

// attributes puts the launcher into a session of its own and, where planned, into namespaces in which it is root.
// uid becomes user 1 there. No signal of the parent's death is asked for: the kernel sends it when the thread ends that
// started the launcher, which Go may let happen early. The launcher reads that this program is gone from its stdin.
func (p plan) attributes(uid int) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setsid: true}
	if !p.namespaces() {
		return attr
	}
	attr.Cloneflags = syscall.CLONE_NEWUSER | syscall.CLONE_NEWPID | syscall.CLONE_NEWNET | syscall.CLONE_NEWNS |
		syscall.CLONE_NEWIPC | syscall.CLONE_NEWUTS
	attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}}
	attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}}
	if p.OtherUID {
		attr.UidMappings = append(attr.UidMappings, syscall.SysProcIDMap{ContainerID: 1, HostID: uid, Size: 1})
		attr.GidMappings = append(attr.GidMappings, syscall.SysProcIDMap{ContainerID: 1, HostID: uid, Size: 1})
		attr.GidMappingsEnableSetgroups = true
	}
	return attr
}

// limitResults are what a launcher may report: never a pass.
var limitResults = map[record.Result]bool{"": true, record.TimeLimit: true}

// readReport decodes the launcher's report. A launcher that died of a signal without one was killed by the
// program, which only the weaker tiers allow, or by the kernel for the program's memory.
func readReport(text []byte, complaint string, runErr error) (report, error) {
	var r report
	if err := json.Unmarshal(text, &r); err == nil {
		if r.Err != "" {
			return report{}, errors.New(r.Err)
		}
		if !limitResults[r.Result] {
			return report{}, fmt.Errorf("the launcher reports the limit %q, which does not exist", r.Result)
		}
		return r, nil
	}
	var exit *exec.ExitError
	if errors.As(runErr, &exit) && exit.Sys().(syscall.WaitStatus).Signaled() {
		return report{Result: record.RuntimeError, Detail: "the program's supervisor was killed"}, nil
	}
	return report{}, fmt.Errorf("the launcher gave no report: %v %s", runErr, firstLine(complaint))
}
