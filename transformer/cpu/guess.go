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
// rank by id, so that the sets are the same everywhere. Noise takes two logarithms: a token that cannot beat the top and
// what came since, whatever its noise, does without.
func (t *worker) sample(p *transformer.Pass, pos int, logits []float32, top int) int {
	floor := minusInf // all tokens of a lower logit are out, and of this logit those above limit
	limit := len(logits)
	if p.TopK > 0 && p.TopK < len(logits) || p.TopP > 0 && p.TopP < 1 {
		last := t.cut(p, logits, top)
		floor, limit = logits[last], last
	}
	temp := float64(p.Temp)
	best, token := float64(logits[top])/temp+float64(transformer.Gumbel(p.Seed, pos, int32(top))), top
	for i, x := range logits {
		if x < floor || x == floor && i > limit || x == minusInf {
			continue
		}
		v := float64(x) / temp
		if v+transformer.GumbelBound(p.Seed, pos, int32(i)) < best {
			continue
		}
		v += float64(transformer.Gumbel(p.Seed, pos, int32(i)))
		if v > best || v == best && i < token {
			best, token = v, i
		}
	}
	return token
}

// cut is the last token, by rank, that top-k and top-p leave over. Top-p counts probability within top-k. Both look for the
// bin that their last token lies in, and sort that one.
func (t *worker) cut(p *transformer.Pass, logits []float32, top int) int {
	last := rank(minusInf, len(logits)-1)
	if p.TopK > 0 && p.TopK < len(logits) {
		clear(t.bins[:])
		for _, x := range logits {
			t.bins[bin(logits[top]-x)]++
		}
		b, before := t.find(float64(p.TopK))
		t.sort(logits, top, b)
		last = t.order[p.TopK-int(before)-1]
	}
	if !(p.TopP > 0 && p.TopP < 1) {
		return int(uint32(last))
	}
	mass := func(x float32) float64 { return math.Exp(float64(x-logits[top]) / float64(p.Temp)) }
	clear(t.bins[:])
	for i, x := range logits {
		if x != minusInf && rank(x, i) <= last {
			t.bins[bin(logits[top]-x)] += mass(x)
		}
	}
	var total float64
	for _, m := range t.bins {
		total += m
	}
	b, sum := t.find(float64(p.TopP) * total)
	t.sort(logits, top, b)
	for _, r := range t.order {
		if sum += mass(logits[uint32(r)]); r >= last || sum >= float64(p.TopP)*total {
			return int(uint32(r))
		}
	}
	if n := len(t.order); n > 0 { // sums in another order may be less by a rounding
		last = t.order[n-1]
	}
	return int(uint32(last))
}

// find is the bin in which the sum of the bins up to it reaches want, and the sum of those before.
func (t *worker) find(want float64) (b int, before float64) {
	for b < len(t.bins)-1 && before+t.bins[b] < want {
		before += t.bins[b]
		b++
	}
	return b, before
}

// sort lists the ranks of a bin's tokens in t.order.
func (t *worker) sort(logits []float32, top, b int) {
	t.order = t.order[:0]
	for i, x := range logits {
		if bin(logits[top]-x) == b {
			t.order = append(t.order, rank(x, i))
		}
	}
	slices.Sort(t.order)
}

// bin is the bin of tokens that lie so far below the top: 128 to a power of two, from 2^-8 to 2^8. -0 is 0.
func bin(below float32) int {
	return min(max(int(math.Float32bits(below+0)>>16)-119<<7, 0), bins-1)
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
