package transformer

import (
	"fmt"
	"math"
)

// Reach is the number of slots that a row (an index into Tokens) attends to. written is how many slots of the sequence are
// written, those of this pass included.
func (p *Pass) Reach(row, written int) int {
	if p.Span == 0 {
		return written
	}
	return min(written, ((p.Start+row)/p.Span+1)*p.Span)
}

// Floor is the first slot that the row at position p attends to in such a layer.
func (k LayerKind) Floor(p int) int {
	if k.Window == 0 {
		return 0
	}
	return max(0, p+1-k.Window)
}

// Kind is what a layer does otherwise than others.
func (c Config) Kind(layer int) LayerKind {
	if len(c.Kinds) == 0 {
		return LayerKind{}
	}
	return c.Kinds[layer]
}

// Check says in one line what is wrong with a pass on a sequence of so many slots, of which so many are written: backends
// refuse it with that.
func (p *Pass) Check(written, slots, vocab int) error {
	n := len(p.Tokens)
	switch {
	case n == 0 && len(p.Want) > 0:
		return fmt.Errorf("wants %d rows of no tokens", len(p.Want))
	case p.Logits != nil && len(p.Logits) != len(p.Want)*vocab:
		return fmt.Errorf("room for %d logits; %d rows of %d need %d", len(p.Logits), len(p.Want), vocab, len(p.Want)*vocab)
	case n == 0:
		return nil
	case p.Start < 0 || n > slots-p.Start:
		return fmt.Errorf("%d tokens at position %d do not fit into %d slots", n, p.Start, slots)
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
	case len(p.Ban) > vocab:
		return fmt.Errorf("bans %d tokens of a vocabulary of %d", len(p.Ban), vocab)
	}
	return p.tokens(vocab)
}

// tokens reports tokens and rows out of range.
func (p *Pass) tokens(vocab int) error {
	for _, t := range p.Tokens {
		if t < 0 || int(t) >= vocab {
			return fmt.Errorf("token %d lies outside the vocabulary of %d", t, vocab)
		}
	}
	for _, r := range p.Want {
		if r < 0 || r >= len(p.Tokens) {
			return fmt.Errorf("wants row %d of %d tokens", r, len(p.Tokens))
		}
	}
	for _, t := range p.Ban {
		if t < 0 || int(t) >= vocab {
			return fmt.Errorf("bans token %d outside the vocabulary of %d", t, vocab)
		}
	}
	return nil
}
