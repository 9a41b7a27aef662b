// Package speed measures the three kinds of forwards that decoders are made of, on any backend:
//
//   - prefill: many rows of a fresh sequence, the prompt;
//   - decode: one row a sequence over a filled cache, what an autoregressive decoder does for each token;
//   - block: several rows over a filled cache that see each other, what a diffusion decoder does.
//
// Each result stands beside the ceiling of the machine that it meets, so that a slow engine shows. The tests take
// turns, round after round, so that drift of the machine meets all of them alike; the median counts. Ceilings drift too,
// with what the neighbours read from the same memory, so they are measured anew before each test of each round, and a
// share is the median of the samples' own.
package speed

import (
	"context"
	"fmt"
	"slices"
	"time"

	"tandem/transformer"
)

// The kinds of tests.
const (
	Prefill = "prefill"
	Decode  = "decode"
	Block   = "block"
)

// A Test is one forward, repeated.
type Test struct {
	Kind    string
	Rows    int // positions of each sequence in a forward
	Batch   int // sequences
	Context int // positions that are cached before; 0 for a prefill
	Repeat  int // forwards of a round; those of a decode go on position by position
}

// slots is how long the test's sequences become.
func (t Test) slots() int {
	if t.Kind == Decode {
		return t.Context + t.Repeat
	}
	return t.Context + t.Rows
}

// check reports a test that makes no sense.
func (t Test) check() error {
	if t.Rows < 1 || t.Batch < 1 || t.Context < 0 || t.Repeat < 1 {
		return fmt.Errorf("%s of %d rows, batch %d, context %d, %d forwards: all but the context must be at least 1", t.Kind, t.Rows, t.Batch, t.Context, t.Repeat)
	}
	return nil
}

// A Row is the result of a test, in the form of tandem bench's JSON. Rates are those of the median sample.
type Row struct {
	Test              string    `json:"test"`
	Rows              int       `json:"rows"`
	Batch             int       `json:"batch"`
	Context           int       `json:"context"`
	Dtype             string    `json:"dtype"`
	Threads           int       `json:"threads"`
	Device            string    `json:"device"`
	Geometry          string    `json:"geometry"`
	TokensPerSecond   float64   `json:"tokens_per_second"` // positions computed
	ForwardsPerSecond float64   `json:"forwards_per_second"`
	GBPerSecond       float64   `json:"gb_per_second"` // weights and K/V read
	GFLOPPerSecond    float64   `json:"gflop_per_second"`
	CeilingKind       string    `json:"ceiling_kind"` // bandwidth or compute: which one the forward meets first
	Ceiling           float64   `json:"ceiling"`      // GB/s or GFLOP/s: the median of those measured before the samples
	Share             float64   `json:"share"`        // of the ceiling, from 0 to 1: the median of the samples' own
	Samples           []float64 `json:"samples"`      // seconds of a forward, a sample a round

	// Ceilings are those that the machine had at each sample, by the names of the transformer package.
	Ceilings []map[string]float64 `json:"-"`
}

// Measure runs the tests in so many rounds, after one that is not counted, and fills in Samples and Ceilings; Rate does
// the rest. Ceilings measures those of the backend's machine. Progress, if not nil, is called after each test of each round.
func Measure(ctx context.Context, backend transformer.Backend, tests []Test, rounds int, ceilings func() (map[string]float64, error), progress func(done, total int)) ([]Row, error) {
	config, about := backend.Config(), backend.Describe()
	rows := make([]Row, len(tests))
	for i, t := range tests {
		if err := t.check(); err != nil {
			return nil, err
		}
		if most := config.MaxPositions; most > 0 && t.slots() > most {
			return nil, fmt.Errorf("%s needs %d positions, %s has %d: lower the context or the rows", t.Kind, t.slots(), config.Name, most)
		}
		rows[i] = Row{Test: t.Kind, Rows: t.Rows, Batch: t.Batch, Context: t.Context, Dtype: string(about.Dtype), Threads: about.Threads,
			Device: about.Device, Geometry: config.Name}
	}
	for round := range rounds + 1 {
		for i, t := range tests {
			if round > 0 {
				now, err := ceilings()
				if err != nil {
					return nil, err
				}
				rows[i].Ceilings = append(rows[i].Ceilings, now)
			}
			seconds, err := t.run(ctx, backend)
			if err != nil {
				return nil, err
			}
			if round > 0 {
				rows[i].Samples = append(rows[i].Samples, seconds)
			}
			if progress != nil {
				progress(round*len(tests)+i+1, (rounds+1)*len(tests))
			}
		}
	}
	return rows, nil
}

// run returns the seconds of one forward, the mean of the round's.
func (t Test) run(ctx context.Context, backend transformer.Backend) (seconds float64, err error) {
	session, err := backend.Open(t.Batch, t.slots())
	if err != nil {
		return 0, err
	}
	defer func() {
		if e := session.Close(); err == nil {
			err = e
		}
	}()
	passes := make([]transformer.Pass, t.Batch)
	if t.Context > 0 {
		for i := range passes {
			passes[i] = transformer.Pass{Tokens: tokens(t.Context, i, backend.Config().Vocab), Span: 1}
		}
		if _, err := session.Forward(ctx, passes); err != nil {
			return 0, err
		}
	}
	for i := range passes {
		passes[i] = transformer.Pass{Tokens: tokens(t.Rows, i+1, backend.Config().Vocab), Start: t.Context, Span: 1, Want: []int{t.Rows - 1}}
		if t.Kind == Block {
			passes[i].Span, passes[i].Want = 0, all(t.Rows)
		}
	}
	for range 2 { // memory is touched for the first time, and a backend may prepare what recurs: not counted
		if _, err := session.Forward(ctx, passes); err != nil {
			return 0, err
		}
	}
	var took time.Duration
	for n := range t.Repeat {
		switch {
		case t.Kind == Decode && n > 0:
			for i := range passes {
				passes[i].Start++
			}
		case t.Kind == Prefill:
			for i := range passes {
				session.Reset(i)
			}
		}
		began := time.Now()
		if _, err := session.Forward(ctx, passes); err != nil {
			return 0, err
		}
		took += time.Since(began)
	}
	return took.Seconds() / float64(t.Repeat), nil
}

// tokens are n arbitrary tokens.
func tokens(n, salt, vocab int) []int32 {
	out := make([]int32, n)
	for i := range out {
		out[i] = int32((i*7919 + salt*104729) % vocab)
	}
	return out
}

func all(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// Rate fills in the rates and shares of measured rows from what a forward costs. The ceiling that a row meets is the one
// of which it reaches the larger share.
func Rate(rows []Row, card transformer.Card) {
	for i := range rows {
		r := &rows[i]
		shape := transformer.Shape{Sequences: r.Batch, Rows: r.Rows, Guesses: 1, Reach: r.Context + r.Rows}
		if r.Test == Block {
			shape.Guesses = r.Rows
		}
		seconds := median(r.Samples)
		if seconds <= 0 {
			continue
		}
		gigabytes, gigaflops := float64(card.Bytes(shape))/1e9, card.FLOPs(shape)/1e9
		r.ForwardsPerSecond = 1 / seconds
		r.TokensPerSecond = float64(r.Rows*r.Batch) / seconds
		r.GBPerSecond, r.GFLOPPerSecond = gigabytes/seconds, gigaflops/seconds
		r.meet("bandwidth", gigabytes, func(c map[string]float64) float64 { return c[transformer.ReadCeiling] })
		r.meet("compute", gigaflops, func(c map[string]float64) float64 { return c[transformer.ComputeCeiling(card.Dtype, c)] })
	}
}

// meet compares the row's samples, each of so much work, with a ceiling and keeps it if the share is the largest so far.
func (r *Row) meet(kind string, work float64, of func(ceilings map[string]float64) float64) {
	var shares, ceilings []float64
	for i, c := range r.Ceilings {
		if ceiling := of(c); ceiling > 0 {
			shares, ceilings = append(shares, work/r.Samples[i]/ceiling), append(ceilings, ceiling)
		}
	}
	if share := median(shares); share > r.Share {
		r.CeilingKind, r.Ceiling, r.Share = kind, median(ceilings), share
	}
}

// median of an odd number of values is the middle one, of an even number the mean of the middle two.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
