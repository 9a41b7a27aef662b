package bench

import (
	"context"
	"slices"
	"sync"
	"time"

	"tandem/decoders"
	"tandem/record"
)

// decodeGroup decodes a group's examples at once, one on each decoder.
func (s Setup) decodeGroup(ctx context.Context, g group, lane []decoders.Decoder) []record.Record {
	records, prompts := make([]record.Record, len(g.examples)), make([][]int32, len(g.examples))
	for i, e := range g.examples {
		prompts[i] = s.Tokenizer.Encode(e.Text)
	}
	before := s.readUsage()
	start := time.Now()
	var wait sync.WaitGroup
	for i, e := range g.examples {
		wait.Go(func() { records[i] = s.decode(ctx, e, prompts[i], lane[i]) })
	}
	wait.Wait()
	share := time.Since(start).Seconds() / float64(len(records))
	after := s.readUsage()
	for i := range records {
		r := &records[i]
		if e := s.Header.Environment; e.Device == "cpu" && e.Threads > 0 {
			r.Interference = interference(before, after, e.Threads)
		}
		if s.Header.Plan.Batch > 1 {
			r.BatchSeconds = share
		}
		s.fill(r)
	}
	return records
}

func (s Setup) readUsage() usage {
	if s.usage != nil {
		return s.usage()
	}
	return readUsage()
}

// decode runs one example. The clock runs from the call of Decode to its end and sees nothing else.
func (s Setup) decode(ctx context.Context, e example, prompt []int32, d decoders.Decoder) record.Record {
	plan := s.Header.Plan
	request := decoders.Request{Prompt: prompt, MaxTokens: plan.MaxTokens, Seed: e.seed, Forced: plan.Length == forced}
	r := record.Record{
		Task: e.Task, Decoder: e.decoder, Sample: e.sample, Repeat: e.repeat, Attempt: e.attempt, Seed: e.seed,
		PromptTokens: len(prompt),
		Trace:        make(record.Trace, 0, plan.MaxTokens+1),
	}
	if h, ok := d.(interface{ Hold() (release func()) }); ok {
		defer h.Hold()()
	}
	start := time.Now()
	for step, err := range d.Decode(ctx, request) {
		if err != nil {
			r.Err = err.Error()
			break
		}
		r.Trace = append(r.Trace, step)
	}
	r.Seconds = time.Since(start).Seconds()
	return r
}

// fill folds the finished trace into the record's other fields. A record with an Err keeps its trace for the
// reader and gets no completion.
func (s Setup) fill(r *record.Record) {
	if s.Ideal != nil {
		for _, step := range r.Trace {
			r.Ideal += s.Ideal(step, s.Header.Ceilings)
		}
	}
	if s.Memory != nil {
		r.PeakMemory = s.Memory(r.Decoder)
	}
	if r.Err != "" {
		return
	}
	canvas := r.Trace.Tokens()
	useful, stop := cutAtEOS(canvas, s.EOS)
	r.Tokens, r.Stop = len(useful), stop
	r.Completion = s.Tokenizer.Decode(useful)
	r.Pieces = make([]string, len(canvas))
	for i, token := range canvas {
		if token >= 0 {
			r.Canvas++
			r.Pieces[i] = s.Tokenizer.Piece(token)
		}
	}
}

// cutAtEOS is the useful part of an output: all before the first EOS, or before the first position that was
// never committed, since nothing behind a hole can be read.
func cutAtEOS(canvas, eos []int32) ([]int32, record.Stop) {
	for i, token := range canvas {
		if slices.Contains(eos, token) {
			return canvas[:i], record.StopEOS
		}
		if token < 0 {
			return canvas[:i], record.StopLength
		}
	}
	return canvas, record.StopLength
}
