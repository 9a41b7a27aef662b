// Package speed measures the three kinds of forwards that decoders are made of, on any backend:
//
//   - prefill: many rows of a fresh sequence, the prompt;
//   - decode: one row a sequence over a filled cache, what an autoregressive decoder does for each token;
//   - block: several rows over a filled cache that see each other, what a diffusion decoder does.
//
// The way of a measurement:
//
//  1. The tests are done batch size by batch size, since the sessions of several may not fit into memory at once. Those
//     of one batch over the same context share a session, large enough for all, whose contexts are filled once;
//     prefills have one of their own. Tests that memory does not hold are left out, the longest first.
//  2. The tests of a batch size take turns, round after round, so that drift of the machine meets all of them alike. A
//     first round is not counted, nor is the first forward of a sample.
//  3. Before each sample the ceilings are measured anew, since they drift too, with what the neighbours read from the same
//     memory. The median of the samples counts, and a share of a ceiling is the median of the samples' own (Rate).
//  4. From decode and block forwards follows at which batch an autoregressive decoder catches up with a diffusion decoder
//     that commits so many tokens per forward (Crossover).
//
// Invariant: a test leaves the context as it found it. It writes behind the context alone, and its rows reach only what
// it wrote itself, whatever another test left there.
package speed

import (
	"context"
	"fmt"
	"slices"

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
	Kind    string `json:"test"`
	Rows    int    `json:"rows"`     // positions of each sequence in a forward
	Batch   int    `json:"batch"`    // sequences
	Context int    `json:"context"`  // positions that are cached before; 0 for a prefill
	Repeat  int    `json:"forwards"` // of a sample; those of a decode go on position by position
}

// slots is how long the test's sequences become.
func (t Test) slots() int {
	if t.Kind == Decode {
		return t.Context + t.Repeat
	}
	return t.Context + t.Rows
}

// check reports a test that makes no sense, or that a model of at most so many positions has no room for.
func (t Test) check(config transformer.Config) error {
	if t.Rows < 1 || t.Batch < 1 || t.Context < 0 || t.Repeat < 1 {
		return fmt.Errorf("%s of %d rows, batch %d, context %d, %d forwards: all but the context must be at least 1", t.Kind, t.Rows, t.Batch, t.Context, t.Repeat)
	}
	if most := config.MaxPositions; most > 0 && t.slots() > most {
		return fmt.Errorf("%s needs %d positions, %s has %d: lower the context or the rows", t.Kind, t.slots(), config.Name, most)
	}
	return nil
}

// A Plan is what Measure does.
type Plan struct {
	Tests    []Test
	Rounds   int                                // samples of each test
	Ceilings func() (map[string]float64, error) // measures those of the backend's machine
	Progress func(done, total int)              // if not nil, called after each test of each round
	Finished func(rows []Row, left []LeftOut)   // if not nil, called after each batch size, with what there is so far
}

// A LeftOut is a test that was not measured.
type LeftOut struct {
	Test
	Reason string `json:"reason"`
}

// Measure runs the plan's tests. The rows, in the order of the tests, have samples and ceilings; Rate does the rest.
// Tests that do not fit into memory are left out. An error ends the measurement; what Finished was given stands.
func Measure(ctx context.Context, backend transformer.Backend, plan Plan) (rows []Row, left []LeftOut, err error) {
	for _, t := range plan.Tests {
		if err := t.check(backend.Config()); err != nil {
			return nil, nil, err
		}
	}
	m := &measurement{Plan: plan, backend: backend, rows: make([]*Row, len(plan.Tests))}
	for _, batch := range m.batches() {
		if err := m.measure(ctx, batch); err != nil {
			return nil, nil, err
		}
		if plan.Finished != nil {
			plan.Finished(m.finished(), m.left)
		}
	}
	return m.finished(), m.left, nil
}

// A measurement is a plan on its way. rows[i] is that of test i, nil before it is measured or where it is left out.
type measurement struct {
	Plan
	backend transformer.Backend
	rows    []*Row
	left    []LeftOut
	done    int // tests x rounds
}

// batches are the batch sizes of the tests, in ascending order.
func (m *measurement) batches() (out []int) {
	for _, t := range m.Tests {
		out = append(out, t.Batch)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// finished are the rows that there are.
func (m *measurement) finished() (out []Row) {
	for _, row := range m.rows {
		if row != nil {
			out = append(out, *row)
		}
	}
	return out
}

// measure runs the tests of one batch size, all rounds.
func (m *measurement) measure(ctx context.Context, batch int) (err error) {
	var tests []int
	for i, t := range m.Tests {
		if t.Batch == batch {
			tests = append(tests, i)
		}
	}
	tables, err := m.open(ctx, tests)
	defer func() {
		for _, t := range tables {
			if e := t.session.Close(); err == nil {
				err = e
			}
		}
	}()
	if err != nil {
		return err
	}
	for round := range m.Rounds + 1 {
		for _, i := range tests {
			if table := tables.of(i); table != nil {
				if err := m.sample(ctx, table, i, round); err != nil {
					return err
				}
			}
			m.done++
			if m.Progress != nil {
				m.Progress(m.done, len(m.Tests)*(m.Rounds+1))
			}
		}
	}
	return nil
}

// sample is a round of test i; round 0 is not counted. There a decode goes all its way, twice, since a backend may prepare
// something for each length that recurs; of others one forward is enough.
func (m *measurement) sample(ctx context.Context, t *table, i, round int) error {
	test := m.Tests[i]
	if round == 0 {
		m.rows[i] = newRow(test, m.backend)
		if test.Kind != Decode {
			test.Repeat = 1
		} else if _, _, err := t.run(ctx, test); err != nil {
			return err
		}
		_, _, err := t.run(ctx, test)
		return err
	}
	ceilings, err := m.Ceilings()
	if err != nil {
		return err
	}
	wall, device, err := t.run(ctx, test)
	if err != nil {
		return err
	}
	row := m.rows[i]
	row.Ceilings, row.Samples = append(row.Ceilings, ceilings), append(row.Samples, wall)
	if device > 0 {
		row.DeviceSamples = append(row.DeviceSamples, device)
	}
	return nil
}
