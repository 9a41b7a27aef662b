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

// askGroup asks a group's examples with as many requests in flight as the lane has decoders, a closed loop: the next one is sent when
// one has been answered. Each record is written when its answer has ended; those that a cancelled ctx cut off are dropped.
func (s Setup) askGroup(ctx context.Context, g group, lane []decoders.Decoder, write func(record.Record) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	waiting, answered := make(chan example), make(chan record.Record)
	var flight flight
	var wait sync.WaitGroup
	for _, d := range lane {
		wait.Go(func() {
			for e := range waiting {
				answered <- s.ask(ctx, e, d.(decoders.Remote), &flight, len(lane) > 1)
			}
		})
	}
	go func() {
		defer close(answered)
		defer wait.Wait()
		defer close(waiting)
		for _, e := range g.examples {
			select {
			case waiting <- e:
			case <-ctx.Done():
				return
			}
		}
	}()
	var failed error
	for r := range answered {
		if failed != nil || r.Err != "" && ctx.Err() != nil {
			continue
		}
		if failed = write(r); failed != nil {
			cancel()
		}
	}
	if failed != nil {
		return failed
	}
	return ctx.Err()
}

// ask asks one example. What is measured is the request that was answered.
func (s Setup) ask(ctx context.Context, e example, d decoders.Remote, flight *flight, shared bool) record.Record {
	plan, r := s.Header.Plan, e.record(0)
	before := flight.change(1)
	follow(&r, d.Decode(ctx, decoders.Request{Text: e.Text, Messages: e.Messages, Stops: e.End.Stops(), MaxTokens: plan.MaxTokens, Seed: e.seed}))
	share := flight.change(-1) - before
	reply := d.Reply()
	r.Reply, r.Seconds = &reply, reply.Seconds
	if whole := reply.Seconds + reply.Waited; shared && whole > 0 {
		r.BatchSeconds = share.Seconds() * reply.Seconds / whole // without what came before the request that was answered
	}
	if r.Err != "" {
		return r
	}
	r.PromptTokens, r.Tokens, r.Stop, r.Completion = reply.PromptTokens, reply.Tokens, reply.Stop, reply.Text
	if _, ends := e.End.Cut(r.Completion); ends {
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
