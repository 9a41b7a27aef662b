//go:build linux

package sandbox

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"tandem/record"
)

// Run judges one program. A failure of the sandbox itself is an Outcome with record.SandboxError, which says
// nothing about the program; the error is non-nil only when ctx ended first.
func (r *Runner) Run(ctx context.Context, program Program, limits Limits) (Outcome, error) {
	out, err := r.judge(ctx, program, limits.orDefault())
	if ctx.Err() != nil {
		return Outcome{}, ctx.Err()
	}
	if err != nil {
		out.Result, out.Detail = record.SandboxError, err.Error()
	}
	out.Detail, out.Tier, out.Beside = oneLine(out.Detail), r.plan.Tier, program.Beside
	return out, nil
}

// judge runs the program and its test, until the verdict or the end of the program.
func (r *Runner) judge(ctx context.Context, program Program, limits Limits) (Outcome, error) {
	script, ask := besideScript, judgeItself
	if !program.Beside {
		t, err := r.pool.take(r.plan)
		if err != nil {
			return Outcome{}, fmt.Errorf("the test's process: %w", err)
		}
		defer r.pool.put(t)
		script, ask = guestScript, t.referee
	}
	guest, err := r.plan.start(script, limits, program.Seed)
	if err != nil {
		return Outcome{}, err
	}
	defer guest.close()
	defer context.AfterFunc(ctx, guest.end)()

	var v verdict
	if err = guest.ready(); err == nil {
		go guest.watchClock(limits.CPU)
		v, err = ask(guest, program)
	}
	guest.end()
	<-guest.ended
	out := Outcome{CPU: guest.report.CPU, Wall: guest.report.Wall, Memory: guest.report.Memory, Output: guest.said.String()}
	if guest.err != nil {
		return out, guest.err
	}
	if errors.Is(err, errNotReady) {
		return out, fmt.Errorf("%w: %s %s", errNotReady, guest.report.Detail, firstLine(out.Output))
	}
	out.Result, out.Detail, err = v.with(guest.report, err)
	return out, err
}

// A verdict is what the test came to.
type verdict struct {
	result record.Result
	detail string
}

// with weighs the verdict, or why there is none, against the way in which the program ended.
func (v verdict) with(end report, err error) (record.Result, string, error) {
	switch {
	case end.Result != "":
		return end.Result, end.Detail, nil
	case errors.Is(err, errFrame):
		return record.OutputLimit, fmt.Sprintf("an answer of more than %d bytes", frameLimit), nil
	case errors.Is(err, errGuest):
		return record.RuntimeError, "it ended before the test did: " + end.Detail, nil
	case err != nil:
		return "", "", err
	case v.result == record.SandboxError:
		return "", "", errors.New(v.detail)
	}
	return v.result, v.detail, nil
}

var (
	errNotReady = errors.New("the interpreter did not start")
	errGuest    = errors.New("the candidate's process does not answer")
)

// referee has the test's process t judge the candidate in guest. A t whose conversation was broken off has ended.
func (t *process) referee(guest *process, program Program) (v verdict, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		v, err = t.converse(guest, program)
	}()
	select {
	case <-done:
	case <-guest.ended:
		for _, f := range []*os.File{t.to, t.from, guest.to, guest.from} {
			f.SetDeadline(time.Unix(1, 0))
		}
		if <-done; err != nil {
			err = fmt.Errorf("%w: %w", errGuest, err)
		}
	}
	if err != nil {
		t.end()
	}
	t.to.SetDeadline(time.Time{})
	t.from.SetDeadline(time.Time{})
	return v, err
}

// converse gives t the job and passes on what it says to the guest, and what the guest answers, until t gives the
// verdict. The two take turns: one frame of the guest is read for each of t's, and what it writes beyond is not read.
func (t *process) converse(guest *process, program Program) (verdict, error) {
	job, err := json.Marshal(program)
	if err != nil {
		return verdict{}, err
	}
	if err := writeFrame(t.to, job); err != nil {
		return verdict{}, fmt.Errorf("the test's process: %v", err)
	}
	for {
		said, err := readFrame(t.from, refereeFrameLimit)
		if err != nil {
			return verdict{}, fmt.Errorf("the test's process: %v", err)
		}
		if v, ok := bytes.CutPrefix(said, []byte("V")); ok {
			return readVerdict(v)
		}
		if err := writeFrame(guest.to, bytes.TrimPrefix(said, []byte("C"))); err != nil {
			return verdict{}, fmt.Errorf("%w: %w", errGuest, err)
		}
		answer, err := readFrame(guest, frameLimit)
		if err != nil {
			return verdict{}, fmt.Errorf("%w: %w", errGuest, err)
		}
		if err := writeFrame(t.to, answer); err != nil {
			return verdict{}, fmt.Errorf("the test's process: %v", err)
		}
	}
}

// ready waits for the interpreter's first frame, which comes before it has run anything of the candidate. A view of the
// file system has no use for its folder from then on.
func (proc *process) ready() error {
	if _, err := readFrame(proc.from, frameLimit); err != nil {
		return fmt.Errorf("%w: %w", errNotReady, err)
	}
	if proc.cmd.SysProcAttr.Cloneflags != 0 {
		os.Remove(proc.folder.path)
	}
	return nil
}

// judgeItself has the candidate's process run the test too. Its verdict counts behind a nonce.
func judgeItself(guest *process, program Program) (verdict, error) {
	nonce := rand.Text()
	test := program.Setup + "\n" + program.Test
	for _, text := range []string{nonce, program.Source, test, program.EntryPoint} {
		if err := writeFrame(guest.to, []byte(text)); err != nil {
			return verdict{}, fmt.Errorf("%w: %w", errGuest, err)
		}
	}
	said, err := readFrame(guest, frameLimit)
	if err != nil {
		return verdict{}, fmt.Errorf("%w: %w", errGuest, err)
	}
	return readNonce(said, nonce)
}

// readNonce reads a verdict behind its nonce. Any other text is a program that meddles.
func readNonce(said []byte, nonce string) (verdict, error) {
	text, ok := strings.CutPrefix(string(said), nonce)
	if !ok {
		return verdict{record.RuntimeError, "it wrote a verdict of its own"}, nil
	}
	v, err := readVerdict([]byte(text))
	if err == nil && v.result == record.SandboxError {
		err = errors.New("a sandbox error of a candidate's process")
	}
	return v, err
}

// readVerdict reads a result and, on a line of its own, a detail.
func readVerdict(said []byte) (verdict, error) {
	result, detail, _ := strings.Cut(string(said), "\n")
	switch r := record.Result(result); r {
	case record.Pass, record.Fail, record.RuntimeError, record.SyntaxError, record.MemoryLimit, record.SandboxError:
		return verdict{r, detail}, nil
	}
	return verdict{}, fmt.Errorf("the test's process gave no verdict but %q", oneLine(result))
}
