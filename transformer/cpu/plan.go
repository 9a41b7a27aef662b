package cpu

import (
	"fmt"
	"math"

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
		if err := s.check(&passes[i], s.written[i]); err != nil {
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
			reach := written
			if p.Span > 0 {
				reach = min(written, ((p.Start+j)/p.Span+1)*p.Span)
			}
			s.rows[n] = row{t, int32(i), int32(p.Start + j), int32(reach)}
			n++
		}
	}
	s.plan.rows = n
	return nil
}

// check says what is wrong with a pass, in one line.
func (s *session) check(p *transformer.Pass, written int) error {
	n := len(p.Tokens)
	switch {
	case n == 0 && len(p.Want) > 0:
		return fmt.Errorf("wants %d rows of no tokens", len(p.Want))
	case p.Logits != nil && len(p.Logits) != len(p.Want)*s.config.Vocab:
		return fmt.Errorf("room for %d logits; %d rows of %d need %d", len(p.Logits), len(p.Want), s.config.Vocab,
			len(p.Want)*s.config.Vocab)
	case n == 0:
		return nil
	case p.Start < 0 || n > s.slots-p.Start:
		return fmt.Errorf("%d tokens at position %d do not fit into %d slots", n, p.Start, s.slots)
	case p.Start > written:
		return fmt.Errorf("starts at position %d, but only %d slots are written; a pass may leave no gap", p.Start, written)
	case p.Span < 0:
		return fmt.Errorf("span %d; use 1 for causal, n for block-causal, 0 for the whole sequence", p.Span)
	case len(p.Want) > n:
		return fmt.Errorf("wants %d rows of %d tokens", len(p.Want), n)
	case math.IsNaN(float64(p.Temp)) || p.Temp < 0:
		return fmt.Errorf("temperature %g; it must be 0 or positive", p.Temp)
	case p.TopK < 0:
		return fmt.Errorf("top-k %d; it must be 0 or positive", p.TopK)
	case !(p.TopP >= 0 && p.TopP <= 1):
		return fmt.Errorf("top-p %g lies outside 0 to 1", p.TopP)
	}
	for _, t := range p.Tokens {
		if t < 0 || int(t) >= s.config.Vocab {
			return fmt.Errorf("token %d lies outside the vocabulary of %d", t, s.config.Vocab)
		}
	}
	for _, r := range p.Want {
		if r < 0 || r >= n {
			return fmt.Errorf("wants row %d of %d tokens", r, n)
		}
	}
	for _, t := range p.Ban {
		if t < 0 || int(t) >= s.config.Vocab {
			return fmt.Errorf("bans token %d outside the vocabulary of %d", t, s.config.Vocab)
		}
	}
	return nil
}
