package transformertest

import (
	"context"
	"fmt"
	"math"
	"sort"

	"tandem/transformer"
)

// Reference returns a backend that computes in float64, one number after another, with the mask of every row
// written out. It is what other backends are compared with, and slow: use it on models of a few thousand numbers.
func Reference(w *transformer.Weights) transformer.Backend {
	return reference{model: widen(w, transformer.F32), dtype: w.Dtype, activations: transformer.F32}
}

// rounding is a reference that rounds keys and values as the weights' dtype has them, and what enters a matrix product as a
// backend says that it does (transformer.Rounder says more). What is left of the distance to it is the backend's own.
func rounding(w *transformer.Weights, b transformer.Backend) transformer.Backend {
	r := reference{dtype: w.Dtype, activations: b.Describe().Activations}
	r.model = widen(w, r.activations)
	if rounder, ok := b.(transformer.Rounder); ok {
		r.model.early, r.model.split = rounder.Rounds()
	}
	return r
}

type reference struct {
	model              *model64
	dtype, activations transformer.Dtype
}

func (b reference) Config() transformer.Config { return b.model.Config }
func (b reference) Close() error               { return nil }
func (b reference) Describe() transformer.Description {
	return transformer.Description{Device: "reference", Features: "float64", Threads: 1, Dtype: b.dtype, Activations: b.activations}
}

func (b reference) Open(sequences, slots int) (transformer.Session, error) {
	if sequences <= 0 || slots <= 0 {
		return nil, fmt.Errorf("cannot open a session of %d sequences of %d slots; both must be positive", sequences, slots)
	}
	s := &session{model: b.model, slots: slots, written: make([]int, sequences), past: make([][][]keyed, sequences)}
	for i := range s.past {
		s.Reset(i)
	}
	return s, nil
}

// session keeps, of each sequence, past[sequence][layer][slot] and how many slots are written.
type session struct {
	model   *model64
	slots   int
	written []int
	past    [][][]keyed
}

func (s *session) Memory() int64 { return 0 }
func (s *session) Close() error  { return nil }

func (s *session) Reset(sequence int) {
	s.written[sequence] = 0
	s.past[sequence] = make([][]keyed, s.model.Layers)
	for l := range s.past[sequence] {
		s.past[sequence][l] = make([]keyed, s.slots)
	}
}

func (s *session) Forward(ctx context.Context, passes []transformer.Pass) ([][]transformer.Guess, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(passes) > len(s.written) {
		return nil, fmt.Errorf("%d passes for %d sequences", len(passes), len(s.written))
	}
	for i, p := range passes {
		if err := s.check(p, s.written[i]); err != nil {
			return nil, fmt.Errorf("sequence %d: %w", i, err)
		}
	}
	out := make([][]transformer.Guess, len(passes))
	for i, p := range passes {
		if len(p.Tokens) == 0 {
			continue
		}
		s.written[i] = max(s.written[i], p.Start+len(p.Tokens))
		logits := s.model.forward(p.Tokens, p.Start, s.past[i], func(row, j int) bool {
			return j < s.written[i] && (p.Span == 0 || j < (row/p.Span+1)*p.Span)
		})
		for n, row := range p.Want {
			if p.Logits != nil {
				for k, v := range logits[row] {
					p.Logits[n*s.model.Vocab+k] = float32(v)
				}
			}
			out[i] = append(out[i], reduce(logits[row], p, p.Start+row))
		}
	}
	return out, nil
}

// check reports what is wrong with a pass over a sequence of which written slots are in use.
func (s *session) check(p transformer.Pass, written int) error {
	if len(p.Tokens) == 0 {
		if len(p.Want) > 0 {
			return fmt.Errorf("%d rows wanted of a pass without tokens", len(p.Want))
		}
		return nil
	}
	switch {
	case p.Start < 0 || p.Start > written:
		return fmt.Errorf("pass starts at %d, but %d slots are written", p.Start, written)
	case p.Start+len(p.Tokens) > s.slots:
		return fmt.Errorf("pass ends at %d, beyond the %d slots", p.Start+len(p.Tokens), s.slots)
	case p.Span < 0:
		return fmt.Errorf("span %d is negative", p.Span)
	case p.Temp < 0:
		return fmt.Errorf("temperature %g is negative", p.Temp)
	case p.Logits != nil && len(p.Logits) != len(p.Want)*s.model.Vocab:
		return fmt.Errorf("room for %d logits, want %d", len(p.Logits), len(p.Want)*s.model.Vocab)
	}
	for _, t := range append(append([]int32(nil), p.Tokens...), p.Ban...) {
		if t < 0 || int(t) >= s.model.Vocab {
			return fmt.Errorf("token %d lies outside the vocabulary of %d", t, s.model.Vocab)
		}
	}
	for _, row := range p.Want {
		if row < 0 || row >= len(p.Tokens) {
			return fmt.Errorf("row %d wanted of a pass of %d", row, len(p.Tokens))
		}
	}
	return nil
}

// reduce turns one row's logits into a guess, as Pass and Guess define it: Ban, then the tempered softmax cut by
// TopK and then, renormalised, by TopP, then the Gumbel-max sample keyed by the row's position pos.
func reduce(logits []float64, p transformer.Pass, pos int) transformer.Guess {
	l := append([]float64(nil), logits...)
	for _, t := range p.Ban {
		l[t] = math.Inf(-1)
	}
	order := make([]int, len(l)) // tokens, likeliest first, lower ids first on a tie
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(a, b int) bool { return l[order[a]] > l[order[b]] })
	probs := softmax(l)
	entropy, margin := 0.0, probs[order[0]]
	for _, q := range probs {
		if q > 0 {
			entropy -= q * math.Log(q)
		}
	}
	if len(order) > 1 {
		margin -= probs[order[1]]
	}
	g := transformer.Guess{Token: int32(order[0]), Margin: float32(margin), Entropy: float32(entropy)}
	if p.Temp > 0 {
		g.Token = sample(l, kept(l, order, p), p, pos)
	}
	g.P = float32(probs[g.Token])
	return g
}

// kept is the part of order that TopK and TopP leave.
func kept(l []float64, order []int, p transformer.Pass) []int {
	if p.TopK > 0 && p.TopK < len(order) {
		order = order[:p.TopK]
	}
	if p.TopP <= 0 || p.TopP >= 1 {
		return order
	}
	tempered := make([]float64, len(order))
	for i, t := range order {
		tempered[i] = l[t] / float64(p.Temp)
	}
	sum := 0.0
	for i, q := range softmax(tempered) {
		if sum += q; sum >= float64(p.TopP) {
			return order[:i+1]
		}
	}
	return order
}

// sample is the Gumbel-max trick over the candidates.
func sample(l []float64, candidates []int, p transformer.Pass, pos int) int32 {
	best, high := candidates[0], math.Inf(-1)
	for _, t := range candidates {
		if s := score(l[t], p, pos, int32(t)); s > high {
			best, high = t, s
		}
	}
	return int32(best)
}

// score is what the Gumbel-max trick compares.
func score(logit float64, p transformer.Pass, pos int, token int32) float64 {
	return logit/float64(p.Temp) + float64(transformer.Gumbel(p.Seed, pos, token))
}
