package cpu

import (
	"math"
	"slices"

	"tandem/transformer"
)

var minusInf = float32(math.Inf(-1))

// scale is 1/√d, on the scores.
func (s *session) scale() float32 { return float32(1 / math.Sqrt(float64(s.config.HeadDim))) }

// guess reduces logits row i to the guess that w asks for.
func (s *session) guess(t *worker, w want, i int) {
	p := &s.passes[w.pass]
	logits := s.logits[i*roundUp(s.config.Vocab, lanes):][:s.config.Vocab]
	if p.Logits != nil {
		copy(p.Logits[int(w.index)*s.config.Vocab:], logits)
	}
	for _, b := range p.Ban {
		logits[b] = minusInf
	}
	top, second, sum, weighted := s.backend.kernels.reduce(logits)
	token := top
	if p.Temp > 0 {
		token = t.sample(p, p.Start+p.Want[w.index], logits, top)
	}
	s.out[w.pass][w.index] = transformer.Guess{
		Token:   int32(token),
		P:       exp(logits[token]-logits[top]) / sum,
		Margin:  (1 - exp(second-logits[top])) / sum,
		Entropy: max(0, float32(math.Log(float64(sum)))-weighted/sum),
	}
}

// sample draws a token by the Gumbel-max trick from the tokens that top-k and then top-p leave over. Equal logits
// rank by id, so that the sets are the same everywhere.
func (t *worker) sample(p *transformer.Pass, pos int, logits []float32, top int) int {
	floor := minusInf // all tokens of a lower logit are out, and of this logit those above limit
	limit := len(logits)
	if p.TopK > 0 && p.TopK < len(logits) || p.TopP > 0 && p.TopP < 1 {
		last := t.cut(p, logits, top)
		floor, limit = logits[last], last
	}
	best, token := math.Inf(-1), top
	for i, x := range logits {
		if x < floor || x == floor && i > limit || x == minusInf {
			continue
		}
		if v := float64(x)/float64(p.Temp) + float64(transformer.Gumbel(p.Seed, pos, int32(i))); v > best {
			best, token = v, i
		}
	}
	return token
}

// cut is the last token, by rank, that top-k and top-p leave over. Top-p counts probability within top-k.
func (t *worker) cut(p *transformer.Pass, logits []float32, top int) int {
	t.order = t.order[:0]
	for i, x := range logits {
		t.order = append(t.order, rank(x, i))
	}
	slices.Sort(t.order)
	kept := t.order
	if p.TopK > 0 && p.TopK < len(kept) {
		kept = kept[:p.TopK]
	}
	last := kept[len(kept)-1]
	if p.TopP > 0 && p.TopP < 1 {
		mass := func(r uint64) float64 {
			return math.Exp(float64(logits[uint32(r)]-logits[top]) / float64(p.Temp))
		}
		var total, sum float64
		for _, r := range kept {
			total += mass(r)
		}
		for _, r := range kept {
			if sum += mass(r); sum >= float64(p.TopP)*total {
				last = r
				break
			}
		}
	}
	return int(uint32(last))
}

// rank orders tokens: ascending ranks are descending logits, and ascending ids among equals. The lower half is the
// id.
func rank(x float32, id int) uint64 {
	b := math.Float32bits(x + 0) // -0 and 0 are equal
	if b>>31 == 1 {
		b = ^b
	} else {
		b |= 1 << 31
	}
	return uint64(^b)<<32 | uint64(uint32(id))
}
