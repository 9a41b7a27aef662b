package decoders

import (
	"context"
	"errors"
	"slices"
	"time"

	"tandem/transformer"
)

// patience is the least time that a batch waits for a sequence which is decoding but has not asked yet; otherwise
// as long as the last forward took.
const patience = time.Millisecond

// Batch shares a session of at least n sequences among n sessions of one sequence each, so that n decoders on n
// goroutines run as one batch without knowing of it. Their forwards are gathered: a Forward runs as soon as every
// sequence that is decoding has asked for one. A sequence decodes from its first Forward to its Reset or Close,
// and sequences may begin and end at any time (continuous batching). One that lets the others wait for longer than
// a forward takes is left out until it asks again.
//
// The session belongs to the batch from then on and is closed with the last of the n. A forward that fails is run
// again sequence by sequence, so that a bad pass is the error of its own sequence only.
func Batch(session transformer.Session, n int) []transformer.Session {
	b := &batch{session: session, events: make(chan event), decoding: make([]bool, n), asked: make([]*ask, n), open: n}
	out := make([]transformer.Session, n)
	for i := range out {
		out[i] = &seat{batch: b, index: i}
	}
	go b.serve()
	return out
}

// An ask is one sequence's wish for a forward.
type ask struct {
	ctx     context.Context
	pass    transformer.Pass
	guesses []transformer.Guess // copied: the session overwrites its own
	err     error
	done    chan struct{}
}

// An event is what a seat tells the batch: an ask, a reset (no ask) or its end.
type event struct {
	index int
	ask   *ask
	close bool
	done  chan error // of a reset or an end
}

// batch is the goroutine that uses the session.
type batch struct {
	session  transformer.Session
	events   chan event
	decoding []bool // sequences that a forward waits for
	asked    []*ask // at most one for each sequence
	open     int    // seats not closed
	took     time.Duration
}

func (b *batch) serve() {
	timer := time.NewTimer(patience)
	for b.open > 0 {
		timer.Stop()
		if b.waiting() {
			timer.Reset(max(patience, b.took))
		}
		select {
		case e := <-b.events:
			b.handle(e)
		case <-timer.C:
			for i := range b.decoding {
				b.decoding[i] = b.asked[i] != nil
			}
		}
		if b.ready() {
			b.forward()
		}
	}
}

// waiting says whether some sequence has asked.
func (b *batch) waiting() bool {
	return slices.ContainsFunc(b.asked, func(a *ask) bool { return a != nil })
}

// ready says whether all that decode have asked.
func (b *batch) ready() bool {
	for i, a := range b.asked {
		if b.decoding[i] && a == nil {
			return false
		}
	}
	return b.waiting()
}

func (b *batch) handle(e event) {
	switch {
	case e.ask != nil:
		b.asked[e.index], b.decoding[e.index] = e.ask, true
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

// forward runs everything that was asked for and answers.
func (b *batch) forward() {
	passes := make([]transformer.Pass, len(b.asked))
	var answered []int
	for i, a := range b.asked {
		if a == nil {
			continue
		}
		if a.err = a.ctx.Err(); a.err == nil {
			passes[i] = a.pass
			answered = append(answered, i)
		}
	}
	began := time.Now()
	if len(answered) > 0 && !b.try(passes, answered) && len(answered) > 1 {
		for _, i := range answered {
			alone := make([]transformer.Pass, i+1)
			alone[i] = passes[i]
			b.try(alone, []int{i})
		}
	}
	b.took = time.Since(began)
	for i, a := range b.asked {
		if a != nil {
			b.asked[i] = nil
			close(a.done)
		}
	}
}

// try runs the passes and hands the guesses, or the error, to the sequences that answered names.
func (b *batch) try(passes []transformer.Pass, answered []int) bool {
	ctx := context.Background()
	if len(answered) == 1 {
		ctx = b.asked[answered[0]].ctx
	}
	guesses, err := b.session.Forward(ctx, passes)
	for _, i := range answered {
		if b.asked[i].err = err; err == nil {
			b.asked[i].guesses = append(b.asked[i].guesses, guesses[i]...)
		}
	}
	return err == nil
}

// errClosed is the answer to the use of a closed seat.
var errClosed = errors.New("session of a batch: it is closed")

// A seat is one sequence of a batch.
type seat struct {
	batch  *batch
	index  int
	ask    ask
	closed bool
}

func (s *seat) Forward(ctx context.Context, passes []transformer.Pass) ([][]transformer.Guess, error) {
	if len(passes) != 1 {
		return nil, errors.New("session of a batch: it has one sequence and wants one pass")
	}
	if s.closed {
		return nil, errClosed
	}
	if len(passes[0].Tokens) == 0 {
		return [][]transformer.Guess{nil}, ctx.Err()
	}
	s.ask = ask{ctx: ctx, pass: passes[0], guesses: s.ask.guesses[:0], done: make(chan struct{})}
	s.batch.events <- event{index: s.index, ask: &s.ask}
	<-s.ask.done
	if s.ask.err != nil {
		return nil, s.ask.err
	}
	return [][]transformer.Guess{s.ask.guesses}, nil
}

// Reset forgets the sequence and lets the others go on without it. It does nothing for other indices than 0.
func (s *seat) Reset(sequence int) {
	if sequence == 0 && !s.closed {
		s.tell(event{index: s.index})
	}
}

// Memory is of the whole session, which all sequences share.
func (s *seat) Memory() int64 { return s.batch.session.Memory() }

func (s *seat) Close() error {
	if s.closed {
		return nil
	}
	s.closed = true
	return s.tell(event{index: s.index, close: true})
}

func (s *seat) tell(e event) error {
	e.done = make(chan error, 1)
	s.batch.events <- e
	return <-e.done
}
