// Package bench runs decoders over tasks and writes down what happened, so that a difference between them is a
// difference of decoding and not of the order, the moment or the machine. A caller
//
//  1. describes where it runs (Environment) and fills a record.Header with the suite, the model and the plan;
//  2. puts the prompts, the decoders and the tokenizer into a Setup;
//  3. calls Run, which warms each decoder up, runs every (task, decoder, sample, repeat) in a seeded random order,
//     appends one record at a time to a results file, and decodes again what other work on the machine disturbed;
//  4. calls Run again after an interruption: what the file holds is not decoded again.
//
// Judging comes later and elsewhere. The clock runs during Decode alone: loading, tokenisation and writing are
// outside.
package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"tandem/decoders"
	"tandem/evals"
	"tandem/record"
)

// A Tokenizer turns text into tokens and back.
type Tokenizer interface {
	Encode(text string) []int32
	Decode(tokens []int32) string
	Piece(token int32) string // the text of one token, for a replay
}

// A Prompt is one task as the model is asked.
type Prompt struct {
	Task, Text string
	Messages   []decoders.Message // in place of the text, for an endpoint that chats
	Framed     bool               // the tokenizer's frame goes before the text, where it has one (tokenizer.Frame)
	Level      int                // of the task, for its records (datasets.Example)
	End        evals.Ending       // where an answer ends before its EOS; the zero value: nowhere
}

// A Setup is all that a run needs. Header.Plan says how much is run. With a Batch of n, n decoders of one name
// decode n tasks at once; a record's Seconds is then its own wait, and its Share what it cost.
type Setup struct {
	Header    record.Header // the file's first line; its Suite, Model, Decoders and Plan must be those of this run
	Prompts   []Prompt
	Others    map[string][]Prompt // by decoder: the same tasks, in the same order, as it is asked otherwise; may be nil
	Decoders  []decoders.Decoder  // Header.Plan.Batch of each name; as many as they like of a decoders.Remote
	Tokenizer Tokenizer
	EOS       []int32 // any of them ends an output

	Ideal    func(step record.Step, ceilings map[string]float64) float64 // seconds the pass takes at the ceilings; nil: unknown
	Work     func(step record.Step) record.Work                          // that of the pass; nil: unknown
	Memory   func(decoder string) int64                                  // bytes at the peak; nil: unknown
	Progress func(done, total int)                                       // after each example, those of an earlier run included; may be nil
	Raw      func(record.RawReply) error                                 // the streams of endpoints that keep them; nil: they are dropped
	Turn     func(context.Context) error                                 // called before each decoding or batch of them; its error ends the run; may be nil

	usage func() usage // in place of readUsage, for tests
}

// A Tally is what a run did.
type Tally struct {
	Total   int // examples of the plan, and further ones of disturbed decodings so far
	Resumed int // found in the file
	Written int // decoded now, failed ones included
	Failed  int // of Written, those whose record has an Err
	Extra   int // of Written and Resumed, further decodings of disturbed ones
}

// A sink is where records go.
type sink interface{ Write(record.Record) error }

// Run executes the plan and appends to the results file at path, which it creates or, after an interruption,
// resumes. A resume needs the same suite, model, decoders, plan and machine; else the error is a *Mismatch. An
// example whose decoding fails is recorded with its Err, and the run goes on. A decoding that other work disturbed
// (record.Interference) is kept and decoded again at the end, Plan.Extra times at the most. A cancelled ctx drops the example
// in flight, keeps the finished ones and returns the ctx's error; a record that cannot be written stops the run at
// once.
func Run(ctx context.Context, path string, s Setup) (tally Tally, err error) {
	if err := s.check(); err != nil {
		return Tally{}, err
	}
	out, header, held, err := open(path, s.Header)
	if err != nil {
		return Tally{}, err
	}
	s.Header.Ceilings = header.Ceilings // of one run there is one measurement
	defer func() { err = errors.Join(err, out.Close()) }()
	tally, err = run(ctx, s, out, held)
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		err = fmt.Errorf("interrupted: %d of %d examples are kept in %s; the same command resumes: %w",
			tally.Resumed+tally.Written, tally.Total, path, err)
	}
	return tally, err
}

// open creates the results file, or reopens it with the header and the keys that it holds. An empty one, as a start that was
// interrupted leaves it, holds nothing to keep.
func open(path string, header record.Header) (*record.Writer, record.Header, record.Held, error) {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		out, err := record.Create(path, header)
		return out, header, record.Held{}, err
	}
	out, before, held, err := record.Append(path)
	if err != nil {
		return nil, before, nil, err
	}
	if err := same(path, before, header); err != nil {
		return nil, before, nil, errors.Join(err, out.Close())
	}
	return out, before, held, nil
}

// run decodes the plan's examples that are not held, and then the disturbed ones again.
func run(ctx context.Context, s Setup, out sink, held record.Held) (tally Tally, err error) {
	warm := map[string]bool{}
	for attempt := range 1 + s.Header.Plan.Extra {
		if err := s.runOnce(ctx, s.order(held, attempt, &tally), warm, out, held, &tally); err != nil {
			return tally, err
		}
	}
	return tally, nil
}

// runOnce decodes groups, one after another, and adds what it writes to held.
func (s Setup) runOnce(ctx context.Context, groups []group, warm map[string]bool, out sink, held record.Held, tally *Tally) error {
	lanes := s.lanes()
	if err := s.warmUp(ctx, groups, lanes, warm); err != nil {
		return err
	}
	write := func(r record.Record) error { return s.write(r, out, held, tally) }
	for _, g := range groups {
		if err := s.turn(ctx); err != nil {
			return err
		}
		if s.Turn != nil { // unrecorded: threads wake up, and the caches hold what other processes left
			s.warm(ctx, g, lanes[g.decoder])
		}
		if isRemote(lanes[g.decoder]) {
			if err := s.askGroup(ctx, g, lanes[g.decoder], write); err != nil {
				return err
			}
			continue
		}
		records := s.decodeGroup(ctx, g, lanes[g.decoder])
		if err := ctx.Err(); err != nil {
			return err
		}
		for _, r := range records {
			if err := write(r); err != nil {
				return err
			}
		}
	}
	return nil
}

// write writes a record down and counts it.
func (s Setup) write(r record.Record, out sink, held record.Held, tally *Tally) error {
	if err := out.Write(r); err != nil {
		return err
	}
	if s.Raw != nil && r.Reply != nil && len(r.Reply.Raw) > 0 {
		raw := record.RawReply{Task: r.Task, Decoder: r.Decoder, Sample: r.Sample, Repeat: r.Repeat, Events: r.Reply.Raw}
		if err := s.Raw(raw); err != nil {
			return err
		}
	}
	held[r.Key()] = r.Err == "" && r.Disturbed()
	tally.Written++
	if r.Err != "" {
		tally.Failed++
	}
	if s.Progress != nil {
		s.Progress(tally.Resumed+tally.Written, tally.Total)
	}
	return nil
}

// warmUp lets each decoder that has work decode its first group, unrecorded: caches fill, memory is mapped, clocks
// rise. Its errors are not lost: the examples meet them again and record them.
func (s Setup) warmUp(ctx context.Context, groups []group, lanes map[string][]decoders.Decoder, warm map[string]bool) error {
	for _, g := range groups {
		if !warm[g.decoder] {
			warm[g.decoder] = true
			if err := s.turn(ctx); err != nil {
				return err
			}
			s.warm(ctx, g, lanes[g.decoder])
		}
	}
	return ctx.Err()
}

// warm decodes a group, unrecorded. Of an endpoint it opens the connections, at the cost of one request each.
func (s Setup) warm(ctx context.Context, g group, lane []decoders.Decoder) {
	if !isRemote(lane) {
		s.decodeGroup(ctx, g, lane)
		return
	}
	n := min(len(g.examples), len(lane))
	if isOpen(lane) {
		n = min(n, 1)
	}
	g.examples = slices.Clone(g.examples[:n])
	for i := range g.examples {
		g.examples[i].repeat = -1 // no repeat of the plan finds its prompts in a cache
	}
	_ = s.askGroup(ctx, g, lane, func(record.Record) error { return nil }) // the examples meet its errors again
}

// turn waits for this run's turn.
func (s Setup) turn(ctx context.Context) error {
	if s.Turn == nil {
		return nil
	}
	return s.Turn(ctx)
}

// lanes groups the decoders by name.
func (s Setup) lanes() map[string][]decoders.Decoder {
	lanes := map[string][]decoders.Decoder{}
	for _, d := range s.Decoders {
		lanes[d.Name()] = append(lanes[d.Name()], d)
	}
	return lanes
}

// check reports the first thing that makes a plan impossible to run.
func (s Setup) check() error {
	plan := s.Header.Plan
	switch {
	case len(s.Prompts) == 0:
		return errors.New("the plan holds no task: choose a higher limit or another suite")
	case len(s.Decoders) == 0:
		return errors.New("the plan holds no decoder: name one")
	case plan.Extra < 0:
		return fmt.Errorf("extra repeats %d must not be negative", plan.Extra)
	case plan.Repeats < 1 || plan.Samples < 1 || plan.Batch < 1 || plan.MaxTokens < 1:
		return fmt.Errorf("repeats %d, samples %d, batch %d and max tokens %d must all be at least 1",
			plan.Repeats, plan.Samples, plan.Batch, plan.MaxTokens)
	case plan.Length != natural && plan.Length != forced:
		return fmt.Errorf("length %q is neither %s nor %s", plan.Length, natural, forced)
	}
	if err := s.checkShard(); err != nil {
		return err
	}
	for name, lane := range s.lanes() {
		switch {
		case isRemote(lane) && plan.Length == forced:
			return fmt.Errorf("decoder %q: the length of an endpoint's answers cannot be forced", name)
		case !isRemote(lane) && len(lane) != plan.Batch:
			return fmt.Errorf("decoder %q occurs %d times for a batch of %d: name each decoder once", name, len(lane), plan.Batch)
		}
	}
	return nil
}
