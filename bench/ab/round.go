package ab

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tandem/bench"
	"tandem/bench/compare"
)

// gap lies between one process's decoding and the next one's: threads that have no work left spin for about a millisecond.
const gap = 3 * time.Millisecond

// leastRounds is how many rounds there are whatever the budget: fewer have no interval.
const leastRounds = 2

// A process is a program that decodes when it is given its turn.
type process struct {
	name   string
	cmd    *exec.Cmd
	turns  io.WriteCloser
	lines  *bufio.Scanner
	stderr *tail
}

// processes is a source of rounds that are run by processes. Rounds that the folder holds already are not run again. There is no time
// for another where it would end beyond the budget, at the pace of those so far; two there are always.
func (s *session) processes(began time.Time) source {
	return func(ctx context.Context, number int) ([]*compare.Run, bool, error) {
		folders := make([]string, len(s.Builds))
		for i := range s.Builds {
			folders[i] = filepath.Join(s.Out, fmt.Sprintf("round-%02d", number+1), fmt.Sprint(i))
		}
		if runs, held := finished(folders); held {
			return runs, true, nil
		}
		if spent := time.Since(began); number >= leastRounds && spent+spent/time.Duration(number) > s.Budget {
			return nil, false, nil
		}
		s.say("round %d: %v of %v", number+1, time.Since(began).Round(time.Second), s.Budget)
		if err := s.round(ctx, number, folders); err != nil {
			return nil, false, err
		}
		runs, held := finished(folders)
		if !held {
			return nil, false, fmt.Errorf("round %d left no results in %s", number+1, filepath.Dir(folders[0]))
		}
		return runs, true, nil
	}
}

// finished reads a round; false where it is not whole.
func finished(folders []string) (runs []*compare.Run, ok bool) {
	for _, dir := range folders {
		r, err := compare.Read(dir)
		if err != nil {
			return nil, false
		}
		runs = append(runs, r)
	}
	return runs, true
}

// round runs a process of each build, in turn. Programs are judged in the first round alone: the next ones decode the same tasks.
func (s *session) round(ctx context.Context, number int, folders []string) (err error) {
	if err := os.RemoveAll(filepath.Dir(folders[0])); err != nil { // what an interrupted round left
		return err
	}
	noise := rand.New(rand.NewPCG(s.Seed, uint64(number)))
	var running []*process
	defer func() {
		for _, p := range running {
			err = errors.Join(err, p.end())
		}
		if err != nil && ctx.Err() != nil { // what the processes say of it is of no use
			err = fmt.Errorf("interrupted: %d rounds are kept in %s; the same command resumes: %w", len(s.rounds), s.Out, ctx.Err())
		}
	}()
	for _, i := range noise.Perm(len(s.Builds)) { // one after another: loading is work as well
		p, err := s.start(ctx, s.Builds[i], folders[i], number == 0)
		if err != nil {
			return err
		}
		running = append(running, p)
		if !p.wait() {
			return p.failed()
		}
	}
	return s.takeTurns(ctx, running, noise)
}

// takeTurns gives turns until all processes have ended.
func (s *session) takeTurns(ctx context.Context, running []*process, noise *rand.Rand) error {
	for alive := slices.Clone(running); len(alive) > 0; {
		var next []*process
		for _, i := range noise.Perm(len(alive)) {
			if err := ctx.Err(); err != nil {
				return err
			}
			time.Sleep(gap)
			if _, err := io.WriteString(alive[i].turns, "\n"); err != nil {
				return alive[i].failed()
			}
			if alive[i].wait() {
				next = append(next, alive[i])
			} else if err := alive[i].end(); err != nil {
				return err
			}
		}
		slices.SortFunc(next, func(a, b *process) int { return strings.Compare(a.name, b.name) }) // the draw alone orders them
		alive = next
	}
	return nil
}

// start starts a build's process.
func (s *session) start(ctx context.Context, build Program, folder string, judged bool) (*process, error) {
	p := &process{name: build.Name, cmd: exec.CommandContext(ctx, build.Path, s.Args(folder, judged)...), stderr: &tail{}}
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(os.Interrupt) }
	p.cmd.WaitDelay = 10 * time.Second
	p.cmd.Stderr = p.stderr
	p.cmd.Env = append(os.Environ(), build.Env...)
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if p.turns, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	p.lines = bufio.NewScanner(out)
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", build.Name, err)
	}
	return p, nil
}

// wait returns true when the process waits for its turn, and false when it has ended.
func (p *process) wait() bool {
	for p.lines.Scan() {
		if p.lines.Text() == bench.Ready {
			return true
		}
	}
	return false
}

// end waits for the process to end; one that waits for its turn ends by that.
func (p *process) end() error {
	if p.cmd.ProcessState != nil {
		return nil
	}
	p.turns.Close()
	for p.wait() {
	}
	if err := p.cmd.Wait(); err != nil {
		return fmt.Errorf("%s: %w: %s", p.name, err, p.stderr.last())
	}
	return nil
}

// failed is the error of a process that ended before its time.
func (p *process) failed() error {
	if err := p.end(); err != nil {
		return err
	}
	return fmt.Errorf("%s decoded nothing: it is too old to take turns, or its plan is empty", p.name)
}

// A tail keeps the end of what is written to it.
type tail struct{ text []byte }

func (t *tail) Write(data []byte) (int, error) {
	t.text = append(t.text, data...)
	t.text = t.text[max(0, len(t.text)-4096):]
	return len(data), nil
}

// last is the last line.
func (t *tail) last() string {
	lines := strings.Split(strings.TrimSpace(string(t.text)), "\n")
	return lines[len(lines)-1]
}
