//go:build linux

package sandbox

import (
	"fmt"
	"sync"
)

// A pool keeps the processes of tests that are warm and idle: as many as have been in use at once.
type pool struct {
	mutex  sync.Mutex
	idle   []*process
	ending sync.WaitGroup // of those that are not kept
	closed bool
}

// What bounds a test's process: bytes of address space, and of what it sends to a candidate at once.
const (
	refereeMemory     = 4 << 30
	refereeFrameLimit = 1 << 30
)

// take returns an idle process, or starts one.
func (p *pool) take(plan plan) (*process, error) {
	for t := p.pop(); t != nil; t = p.pop() {
		select {
		case <-t.ended:
			t.close()
		default:
			return t, nil
		}
	}
	t, err := plan.start(refereeScript, Limits{CPU: unbounded, Wall: unbounded, Memory: refereeMemory}, 0)
	if err != nil {
		return nil, err
	}
	if err := t.ready(); err != nil {
		t.close()
		return nil, fmt.Errorf("%w %s", err, firstLine(t.said.String()))
	}
	return t, nil
}

// pop returns the process that was put last, nil where none is idle.
func (p *pool) pop() *process {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if len(p.idle) == 0 {
		return nil
	}
	t := p.idle[len(p.idle)-1]
	p.idle = p.idle[:len(p.idle)-1]
	return t
}

// put gives a process back. One that was ended is not kept.
func (p *pool) put(t *process) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.closed || t.ending.Load() {
		p.ending.Go(t.close)
		return
	}
	p.idle = append(p.idle, t)
}

// close ends the idle processes, and those in use when they are given back. Of all that were given back nothing is left.
func (p *pool) close() {
	p.mutex.Lock()
	p.closed = true
	idle := p.idle
	p.idle = nil
	p.mutex.Unlock()
	for _, t := range idle {
		t.close()
	}
	p.ending.Wait()
}
