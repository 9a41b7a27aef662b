//go:build linux

package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"tandem/record"
)

// Options say how a Runner is made. The zero value takes the first python3 on the PATH and the best tier.
type Options struct {
	Python  string // path or name of the interpreter
	Minimum Tier   // New fails where the machine offers less; empty: any tier will do
}

// A Runner runs programs, any number at a time.
type Runner struct {
	plan        plan
	explanation string
	runs        atomic.Uint32
}

// New finds the interpreter and the strongest tier that works here, by running a small program in each. It fails
// with ErrNoPython where there is no interpreter, and where the best tier is below the minimum.
func New(options Options) (*Runner, error) {
	if !mainCalled {
		return nil, errors.New("sandbox: Main must be called first in main, or in TestMain")
	}
	minimum := options.Minimum
	if minimum == "" {
		minimum = ResourceLimitsOnly
	}
	if err := minimum.valid(); err != nil {
		return nil, err
	}
	pythons, err := findPythons(options.Python)
	if err != nil {
		return nil, err
	}
	return probe(tiers[:minimum.rank()+1], pythons)
}

// probe returns a Runner with the first plan that can judge a right and a wrong program.
func probe(tiers []Tier, pythons []interpreter) (*Runner, error) {
	var refused []string
	for _, tier := range tiers {
		for _, plan := range plans(tier, pythons, os.Geteuid() == 0) {
			r := &Runner{plan: plan}
			err := r.works()
			if err == nil {
				r.explanation = strings.Join(append([]string{"runs with " + plan.String()}, refused...), "; ")
				return r, nil
			}
			refused = append(refused, fmt.Sprintf("not with %s: %v", plan, err))
		}
	}
	return nil, fmt.Errorf("sandbox: no isolation that is strong enough works here: %s", strings.Join(refused, "; "))
}

// works runs a program that passes and one that fails.
func (r *Runner) works() error {
	for _, try := range []struct {
		value string
		want  record.Result
	}{{"1", record.Pass}, {"2", record.Fail}} {
		program := Program{
			Source:     "def f():\n    return " + try.value + "\n",
			Test:       "def check(candidate):\n    assert candidate() == 1\n",
			EntryPoint: "f",
		}
		out, err := r.Run(context.Background(), program, Limits{})
		if err != nil {
			return err
		}
		if out.Result != try.want {
			return fmt.Errorf("%s: %s", out.Result, out.Detail)
		}
	}
	return nil
}

// Tier returns the isolation that every run of this Runner has.
func (r *Runner) Tier() Tier { return r.plan.Tier }

// Python returns the version of the interpreter, "3.11.7".
func (r *Runner) Python() string { return r.plan.Python.Version }

// Explain says in a line what the runs use, and why each stronger choice was not possible.
func (r *Runner) Explain() string { return r.explanation }

// Probe returns the best tier of this machine and the line that explains it.
func Probe() (Tier, string, error) {
	r, err := New(Options{})
	if err != nil {
		return "", "", err
	}
	return r.Tier(), r.Explain(), nil
}

// grace is how much longer than the wall limit the launcher may take before it counts as lost.
const grace = 10 * time.Second

// Run judges one program. A failure of the sandbox itself is an Outcome with record.SandboxError, which says
// nothing about the program; the error is non-nil only when ctx ended first.
func (r *Runner) Run(ctx context.Context, program Program, limits Limits) (Outcome, error) {
	limits = limits.orDefault()
	out, err := r.launch(ctx, request{Plan: r.plan, Program: program, Limits: limits})
	if ctx.Err() != nil {
		return Outcome{}, ctx.Err()
	}
	if err != nil {
		out = Outcome{Result: record.SandboxError, Detail: err.Error()}
	}
	out.Tier = r.plan.Tier
	return out, nil
}

// launch starts the launcher, hands it the request and returns its report.
func (r *Runner) launch(ctx context.Context, req request) (Outcome, error) {
	dir, err := os.MkdirTemp("", "tandem-sandbox-") // unused where the launcher mounts one of its own
	if err != nil {
		return Outcome{}, err
	}
	defer os.RemoveAll(dir)
	req.Dir = dir
	uid := firstUID + int(r.runs.Add(1)%manyUIDs)
	if r.plan.OtherUID && !r.plan.namespaces() {
		req.UID = uid
		if err := os.Chown(dir, uid, uid); err != nil {
			return Outcome{}, err
		}
	}
	in, err := json.Marshal(req)
	if err != nil {
		return Outcome{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, req.Limits.Wall+grace)
	defer cancel()
	var report, complaint bytes.Buffer
	cmd := exec.CommandContext(ctx, "/proc/self/exe")
	cmd.Args = []string{launcherName}
	cmd.Env = []string{"GOMAXPROCS=2", "GOTRACEBACK=none"}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), &report, &complaint
	cmd.SysProcAttr = r.attributes(uid)
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	runErr := cmd.Run()
	if cmd.Process != nil && !r.plan.namespaces() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // whatever the program left behind
	}
	return readReport(report.Bytes(), complaint.String(), runErr)
}

// User ids that a program may run under: a range that systems leave free, one for each of many concurrent runs,
// so that one program's processes count against no other's limit.
const (
	firstUID = 64000
	manyUIDs = 1024
)

// attributes puts the launcher into a session of its own and, where planned, into namespaces in which it is root.
// uid becomes user 1 there.
func (r *Runner) attributes(uid int) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
	if !r.plan.namespaces() {
		return attr
	}
	attr.Cloneflags = syscall.CLONE_NEWUSER | syscall.CLONE_NEWPID | syscall.CLONE_NEWNET | syscall.CLONE_NEWNS |
		syscall.CLONE_NEWIPC | syscall.CLONE_NEWUTS
	attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}}
	attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}}
	if r.plan.OtherUID {
		attr.UidMappings = append(attr.UidMappings, syscall.SysProcIDMap{ContainerID: 1, HostID: uid, Size: 1})
		attr.GidMappings = append(attr.GidMappings, syscall.SysProcIDMap{ContainerID: 1, HostID: uid, Size: 1})
		attr.GidMappingsEnableSetgroups = true
	}
	return attr
}

// readReport decodes the launcher's report. A launcher that died of a signal without one was killed by the
// program, which only the weaker tiers allow, or by the kernel for the program's memory.
func readReport(report []byte, complaint string, runErr error) (Outcome, error) {
	var rep struct {
		Outcome Outcome
		Err     string
	}
	if err := json.Unmarshal(report, &rep); err == nil {
		if rep.Err != "" {
			return Outcome{}, errors.New(rep.Err)
		}
		return rep.Outcome, nil
	}
	var exit *exec.ExitError
	if errors.As(runErr, &exit) && exit.Sys().(syscall.WaitStatus).Signaled() {
		return Outcome{Result: record.RuntimeError, Detail: "the program's supervisor was killed"}, nil
	}
	return Outcome{}, fmt.Errorf("the launcher gave no report: %v %s", runErr, firstLine(complaint))
}
