package decoders

import (
	"context"
	"errors"
	"slices"
	"time"

	"tandem/transformer"
)

// minWait is the least time that a batch waits for a sequence which is decoding but has sent no request yet. It waits
// longer where the last forward took longer.
const minWait = time.Millisecond

// Batch shares a session of at least n sequences among n sessions of one sequence each, its lanes. So n decoders on n
// goroutines run as one batch and need not know it. The batch gathers their forwards: it runs one forward for all as soon
// as every sequence that is decoding has requested one. A sequence decodes from its first Forward to its Reset or Close.
// Sequences may begin and end at any time (continuous batching). A sequence that lets the others wait for longer than a
// forward takes is left out until its next request.
//
// The batch owns the session and closes it with the last lane. A forward that fails is run again sequence by sequence, so
// that a bad pass is an error of its own sequence only.
func Batch(session transformer.Session, n int) []transformer.Session {
	b := &batch{session: session, events: make(chan event), decoding: make([]bool, n), requests: make([]*request, n), open: n}
	out := make([]transformer.Session, n)
	for i := range out {
		out[i] = &lane{batch: b, index: i}
	}
	go b.serve()
	return out
}

// A request is one sequence's pass for the next forward, and its answer.
type request struct {
	ctx     context.Context
	pass    transformer.Pass
	guesses []transformer.Guess // copied: the session overwrites its own
	err     error
	done    chan struct{}
}

// An event is what a lane tells the batch: a request, a reset (no request) or that it closes.
type event struct {
	index   int
	request *request
	close   bool
	done    chan error // of a reset or a close
}

// batch is the goroutine that uses the session.
type batch struct {
	session  transformer.Session
	events   chan event
	decoding []bool     // sequences that a forward waits for
	requests []*request // at most one per sequence; nil: none
	open     int        // lanes that are not closed
	took     time.Duration
}

func (b *batch) serve() {
	timer := time.NewTimer(minWait)
	for b.open > 0 {
		timer.Stop()
		if b.waiting() {
			timer.Reset(max(minWait, b.took))
		}
		select {
		case e := <-b.events:
			b.handle(e)
		case <-timer.C:
			for i := range b.decoding {
				b.decoding[i] = b.requests[i] != nil
			}
		}
		if b.ready() {
			b.forward()
		}
	}
}

// waiting says whether there is a request.
func (b *batch) waiting() bool {
	return slices.ContainsFunc(b.requests, func(r *request) bool { return r != nil })
}

// ready says whether every sequence that is decoding has sent a request.
func (b *batch) ready() bool {
	for i, r := range b.requests {
		if b.decoding[i] && r == nil {
			return false
		}
	}
	return b.waiting()
}

func (b *batch) handle(e event) {
	switch {
	case e.request != nil:
		b.requests[e.index], b.decoding[e.index] = e.request, true
	case e.close:
		b.decoding[e.index] = false
		b.session.Reset(e.index)
		b.open--
		var err error
		if b.open == 0 {
			err = b.session.Close()
		}
		e.done <- err
	default:
		b.decoding[e.index] = false
		b.session.Reset(e.index)
		e.done <- nil
	}
}

// forward runs all requests as one batch and answers them.
func (b *batch) forward() {
	passes := make([]transformer.Pass, len(b.requests))
	var running []int
	for i, r := range b.requests {
		if r == nil {
			continue
		}
		if r.err = r.ctx.Err(); r.err == nil {
			passes[i] = r.pass
			running = append(running, i)
		}
	}
	began := time.Now()
	if len(running) > 0 && !b.try(passes, running) && len(running) > 1 {
		for _, i := range running {
			one := make([]transformer.Pass, i+1)
			one[i] = passes[i]
			b.try(one, []int{i})
		}
	}
	b.took = time.Since(began)
	for i, r := range b.requests {
		if r != nil {
			b.requests[i] = nil
			close(r.done)
		}
	}
}

// try runs the passes and gives the guesses, or the error, to the requests of the running sequences.
func (b *batch) try(passes []transformer.Pass, running []int) bool {
	ctx := context.Background()
	if len(running) == 1 {
		ctx = b.requests[running[0]].ctx
	}
	guesses, err := b.session.Forward(ctx, passes)
	for _, i := range running {
		if b.requests[i].err = err; err == nil {
			b.requests[i].guesses = append(b.requests[i].guesses, guesses[i]...)
		}
	}
	return err == nil
}

// errClosed is the answer to the use of a closed lane.
var errClosed = errors.New("session of a batch: it is closed")

// A lane is one sequence of a batch.
type lane struct {
	batch   *batch
	index   int
	request request
	closed  bool
}

func (l *lane) Forward(ctx context.Context, passes []transformer.Pass) ([][]transformer.Guess, error) {
	if len(passes) != 1 {
		return nil, errors.New("session of a batch: it has one sequence and wants one pass")
	}
	if l.closed {
		return nil, errClosed
	}
	if len(passes[0].Tokens) == 0 {
		return [][]transformer.Guess{nil}, ctx.Err()
	}
	l.request = request{ctx: ctx, pass: passes[0], guesses: l.request.guesses[:0], done: make(chan struct{})}
	l.batch.events <- event{index: l.index, request: &l.request}
	<-l.request.done
	if l.request.err != nil {
		return nil, l.request.err
	}
	return [][]transformer.Guess{l.request.guesses}, nil
}

// Reset forgets the sequence; the others no longer wait for it. It does nothing for indices other than 0.
func (l *lane) Reset(sequence int) {
	if sequence == 0 && !l.closed {
		l.tell(event{index: l.index})
	}
}

// Memory is of the whole session, which all sequences share.
func (l *lane) Memory() int64 { return l.batch.session.Memory() }

func (l *lane) Close() error {
	if l.closed {
		return nil
	}
	l.closed = true
	return l.tell(event{index: l.index, close: true})
}

func (l *lane) tell(e event) error {
	e.done = make(chan error, 1)
	l.batch.events <- e
	return <-e.done
}
