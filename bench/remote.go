package bench

import (
	"context"
	"sync"
	"time"

	"tandem/decoders"
	"tandem/record"
)

// isRemote says that a lane's decoders ask a server.
func isRemote(lane []decoders.Decoder) bool {
	if len(lane) == 0 {
		return false
	}
	_, remote := lane[0].(decoders.Remote)
	return remote
}

// isOpen says that requests are sent at a rate, whether others were answered or not.
func isOpen(lane []decoders.Decoder) bool {
	s, err := decoders.ParseName(lane[0].Name())
	return err == nil && s.Rate > 0
}

// askGroup asks a group's examples with as many requests in flight as the lane has decoders. In a closed loop the next one is sent when
// one has been answered; in an open one, of a decoder with a rate, when it is due. Each record is written when its answer has ended,
// where the server publishes counters one record later; those that a cancelled ctx cut off are dropped.
func (s Setup) askGroup(ctx context.Context, g group, lane []decoders.Decoder, write func(record.Record) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	l := newLoop(g, len(lane), s.Header.Plan.Seed)
	rose := window(ctx, lane[0])
	waiting, answered := make(chan request), make(chan record.Record)
	var wait sync.WaitGroup
	for _, d := range lane {
		wait.Go(func() {
			for r := range waiting {
				one := s.ask(ctx, r, d.(decoders.Remote), l)
				l.free <- struct{}{}
				answered <- one
			}
		})
	}
	go func() {
		defer close(answered)
		defer wait.Wait()
		defer close(waiting)
		l.send(ctx, g.examples, waiting)
	}()
	var failed error
	var last *record.Record
	for r := range answered {
		if failed != nil || r.Err != "" && ctx.Err() != nil {
			continue
		}
		if last != nil {
			failed = write(*last)
		}
		if last = &r; rose == nil && failed == nil {
			failed, last = write(r), nil
		}
		if failed != nil {
			cancel()
		}
	}
	if last != nil && failed == nil {
		last.Reply.Window = rose()
		failed = write(*last)
	}
	if failed != nil {
		return failed
	}
	return ctx.Err()
}

// window reads a server's counters; rose, called when the group is over, is by how much they have risen. It is nil where there are none.
func window(ctx context.Context, d decoders.Decoder) (rose func() map[string]float64) {
	counted, ok := d.(decoders.Counted)
	if !ok {
		return nil
	}
	before := counted.Counters(ctx)
	if before == nil {
		return nil
	}
	return func() map[string]float64 {
		after := counted.Counters(ctx)
		for name, v := range after {
			if v -= before[name]; v < 0 { // the server began anew
				return nil
			}
			after[name] = v
		}
		return after
	}
}

// ask asks one example. What is measured is the request that was answered.
func (s Setup) ask(ctx context.Context, q request, d decoders.Remote, l *loop) record.Record {
	plan, r := s.Header.Plan, q.record(0)
	asked := decoders.Request{Text: q.Text, Messages: q.Messages, Stops: q.End.Stops(), MaxTokens: plan.MaxTokens, Seed: q.seed}
	if plan.Nonce {
		q.begin(&asked)
	}
	if r.PromptSHA256 = hashOf(asked.Text); len(asked.Messages) > 0 {
		r.PromptSHA256 = hashOf(asked.Messages)
	}
	before, late := l.change(1), time.Since(l.began)-q.due
	follow(&r, d.Decode(ctx, asked))
	share := l.change(-1) - before
	reply := d.Reply()
	r.Reply, r.Seconds = &reply, reply.Seconds
	if l.shared {
		reply.Arrival = &record.Arrival{Loop: l.began.UTC().Round(0), Due: q.due.Seconds(), Late: max(0, late.Seconds()) + reply.Waited}
	}
	if whole := reply.Seconds + reply.Waited; l.shared && whole > 0 {
		r.BatchSeconds = share.Seconds() * reply.Seconds / whole // without what came before the request that was answered
	}
	if r.Err != "" {
		return r
	}
	r.PromptTokens, r.Tokens, r.Stop, r.Completion = reply.PromptTokens, reply.Tokens, reply.Stop, reply.Text
	if _, ends := q.End.Cut(r.Completion); ends {
		r.Stop = record.StopWord // the server wrote, and counted, what follows it too
	}
	return r
}

// A flight counts the requests in flight, and shares each moment among them: the shares of all requests add up to the wall-clock
// during which there was any.
type flight struct {
	mu   sync.Mutex
	now  int
	last time.Time
	sum  time.Duration // of what a request would have got that had always been there
}

// change adds requests and returns the sum so far.
func (f *flight) change(by int) time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	at := time.Now()
	if f.now > 0 {
		f.sum += at.Sub(f.last) / time.Duration(f.now)
	}
	f.now, f.last = f.now+by, at
	return f.sum
}
