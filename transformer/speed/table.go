package speed

import (
	"context"
	"slices"
	"time"

	"tandem/transformer"
)

// A table is a session and the tests that take turns at it.
type table struct {
	session transformer.Session
	vocab   int
	tests   []int // of the plan
}

// tables are those of one batch size.
type tables []*table

// of is the table of test i, nil where it was left out.
func (ts tables) of(i int) *table {
	for _, t := range ts {
		if slices.Contains(t.tests, i) {
			return t
		}
	}
	return nil
}

// open opens a session for all prefills among the tests and one for each context, and fills the contexts. What is open
// is returned with the error too.
func (m *measurement) open(ctx context.Context, tests []int) (out tables, err error) {
	type place struct {
		prefill bool
		context int
	}
	var order []place
	at := map[place][]int{}
	for _, i := range tests {
		p := place{m.Tests[i].Kind == Prefill, m.Tests[i].Context}
		if at[p] == nil {
			order = append(order, p)
		}
		at[p] = append(at[p], i)
	}
	for _, p := range order {
		t := m.session(at[p])
		if t == nil {
			continue
		}
		out = append(out, t)
		if err := t.fill(ctx, m.Tests[t.tests[0]]); err != nil {
			return out, err
		}
	}
	return out, nil
}

// session opens a session that is long enough for the tests. Where memory does not hold it, the longest test is left out; nil
// where that goes for all.
func (m *measurement) session(tests []int) *table {
	tests = slices.Clone(tests)
	for len(tests) > 0 {
		longest := 0
		for n, i := range tests {
			if m.Tests[i].slots() > m.Tests[tests[longest]].slots() {
				longest = n
			}
		}
		test := m.Tests[tests[longest]]
		session, err := m.backend.Open(test.Batch, test.slots())
		if err == nil {
			return &table{session, m.backend.Config().Vocab, tests}
		}
		m.left = append(m.left, LeftOut{test, err.Error()})
		tests = slices.Delete(tests, longest, longest+1)
	}
	return nil
}

// fill writes the context of the test's sequences.
func (t *table) fill(ctx context.Context, test Test) error {
	if test.Context == 0 {
		return nil
	}
	passes := make([]transformer.Pass, test.Batch)
	for i := range passes {
		passes[i] = transformer.Pass{Tokens: tokens(test.Context, i, t.vocab), Span: 1}
	}
	_, err := t.session.Forward(ctx, passes)
	return err
}

// run returns the seconds of a forward, the mean of the sample's, by the clock on the wall and by the device's own; the
// latter is 0 where the device has none. The forward before them, not counted, touches the memory and the caches, and lets
// a backend prepare what recurs.
func (t *table) run(ctx context.Context, test Test) (wall, device float64, err error) {
	defer transformer.Hold(t.session)()
	passes := test.passes(t.vocab)
	if err := t.forward(ctx, test, passes); err != nil {
		return 0, 0, err
	}
	var took time.Duration
	before := t.deviceTime()
	for n := range test.Repeat {
		for i := range passes {
			if test.Kind == Decode && n > 0 {
				passes[i].Start++
			}
		}
		began := time.Now()
		if err := t.forward(ctx, test, passes); err != nil {
			return 0, 0, err
		}
		took += time.Since(began)
	}
	n := float64(test.Repeat)
	return took.Seconds() / n, (t.deviceTime() - before).Seconds() / n, nil
}

// forward runs the passes once; a prefill's sequences are fresh ones.
func (t *table) forward(ctx context.Context, test Test, passes []transformer.Pass) error {
	if test.Kind == Prefill {
		for i := range passes {
			t.session.Reset(i)
		}
	}
	_, err := t.session.Forward(ctx, passes)
	return err
}

// deviceTime is what the device has spent on the session, 0 where it does not say.
func (t *table) deviceTime() time.Duration {
	if timed, ok := t.session.(transformer.Timed); ok {
		return timed.DeviceTime()
	}
	return 0
}

// passes are the test's forward. The rows of a block see each other and the context and nothing beyond, which a Span of
// just as many positions says: Span 0 would reach whatever an earlier test left behind them.
func (t Test) passes(vocab int) []transformer.Pass {
	passes := make([]transformer.Pass, t.Batch)
	for i := range passes {
		passes[i] = transformer.Pass{Tokens: tokens(t.Rows, i+1, vocab), Start: t.Context, Span: 1, Want: []int{t.Rows - 1}}
		if t.Kind == Block {
			passes[i].Span, passes[i].Want = t.Context+t.Rows, all(t.Rows)
		}
	}
	return passes
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
