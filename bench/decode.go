package bench

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"iter"
	"slices"
	"sort"
	"sync"
	"time"

	"tandem/decoders"
	"tandem/evals"
	"tandem/record"
)

// decodeGroup decodes a group's examples at once, one on each decoder.
func (s Setup) decodeGroup(ctx context.Context, g group, lane []decoders.Decoder) []record.Record {
	records, prompts := make([]record.Record, len(g.examples)), make([][]int32, len(g.examples))
	for i, e := range g.examples {
		prompts[i] = encode(s.Tokenizer, e.Prompt)
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
		s.fill(r, g.examples[i].End)
	}
	return records
}

// encode gives the ids of a prompt, with the tokens that the tokenizer puts before a text where the prompt wants them.
func encode(t Tokenizer, p Prompt) []int32 {
	ids := t.Encode(p.Text)
	if framed, ok := t.(interface {
		Frame() (before, after []int32)
	}); ok && p.Framed {
		before, _ := framed.Frame()
		ids = slices.Concat(before, ids)
	}
	return ids
}

// hashOf is the hex SHA-256 of what is asked, as JSON: ids, messages or a text.
func hashOf(asked any) string {
	text, err := json.Marshal(asked)
	if err != nil {
		panic(err) // numbers and texts alone
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
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
	request.Stop = func(token int32) bool { return e.End.Add(s.Tokenizer.Piece(token)) }
	r := e.record(plan.MaxTokens + 1)
	r.PromptTokens, r.PromptSHA256 = len(prompt), hashOf(prompt)
	if h, ok := d.(interface{ Hold() (release func()) }); ok {
		defer h.Hold()()
	}
	start := time.Now()
	follow(&r, d.Decode(ctx, request))
	r.Seconds = time.Since(start).Seconds()
	return r
}

// record begins the example's record, with room for so many steps.
func (e example) record(steps int) record.Record {
	return record.Record{Task: e.Task, Level: e.Level, Decoder: e.decoder, Sample: e.sample, Repeat: e.repeat, Attempt: e.attempt, Seed: e.seed,
		Trace: make(record.Trace, 0, steps)}
}

// follow keeps the steps of a decoding, and the error that ends it.
func follow(r *record.Record, steps iter.Seq2[record.Step, error]) {
	for step, err := range steps {
		if err != nil {
			r.Err = err.Error()
			break
		}
		r.Trace = append(r.Trace, step)
	}
}

// fill folds the finished trace into the record's other fields. A record with an Err keeps its trace for the
// reader and gets no completion. The completion is all that was written before an EOS; what counts of it ends where the answer does.
func (s Setup) fill(r *record.Record, end evals.Ending) {
	if s.Ideal != nil {
		for _, step := range r.Trace {
			r.Ideal += s.Ideal(step, s.Header.Ceilings)
		}
	}
	if s.Work != nil {
		r.Work = map[record.Kind]record.Work{}
		for _, step := range r.Trace {
			one, sum := s.Work(step), r.Work[step.Kind]
			r.Work[step.Kind] = record.Work{Bytes: sum.Bytes + one.Bytes, FLOPs: sum.FLOPs + one.FLOPs}
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
	if at, ends := end.Cut(r.Completion); ends && s.Header.Plan.Length != forced {
		r.Tokens, r.Stop = begunBefore(s.Tokenizer, useful, at), record.StopWord
	}
	r.Pieces = make([]string, len(canvas))
	for i, token := range canvas {
		if token >= 0 {
			r.Canvas++
			r.Pieces[i] = s.Tokenizer.Piece(token)
		}
	}
}

// begunBefore is how many tokens of an output begin before so many bytes of its text.
func begunBefore(t Tokenizer, output []int32, at int) int {
	return sort.Search(len(output), func(i int) bool { return len(t.Decode(output[:i])) >= at })
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
