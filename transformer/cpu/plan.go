package cpu

import (
	"fmt"

	"tandem/transformer"
)

// A plan says what the forward at hand computes.
type plan struct {
	rows int // of all passes together
}

// prepare checks all passes, then lays their rows out one after another. On an error nothing has changed.
func (s *session) prepare(passes []transformer.Pass) error {
	if len(passes) > s.sequences {
		return fmt.Errorf("cpu: %d passes for a session of %d sequences", len(passes), s.sequences)
	}
	for i := range passes {
		if err := passes[i].Check(s.written[i], s.slots, s.config.Vocab); err != nil {
			return fmt.Errorf("cpu: pass %d: %w", i, err)
		}
	}
	s.passes, s.wanted = passes, s.wanted[:0]
	n, guesses := 0, 0
	for i := range passes {
		p := &passes[i]
		s.out[i] = s.guesses[guesses : guesses+len(p.Want)]
		guesses += len(p.Want)
		for j, r := range p.Want {
			s.wanted = append(s.wanted, want{int32(n + r), int32(i), int32(j)})
		}
		if len(p.Tokens) == 0 {
			continue
		}
		written := max(s.written[i], p.Start+len(p.Tokens))
		s.written[i] = written
		for j, t := range p.Tokens {
			s.rows[n] = row{t, int32(i), int32(p.Start + j), int32(p.Reach(j, written))}
			n++
		}
	}
	s.plan.rows = n
	return nil
}
