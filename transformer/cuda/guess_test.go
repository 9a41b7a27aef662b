//go:build linux

package cuda

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"

	"tandem/transformer"
)

// distributions are rows of logits that are hard to cut: the number of token i of v.
var distributions = []func(r *rand.Rand, i, v int) float64{
	func(r *rand.Rand, i, v int) float64 { return 1 },                                   // all equal
	func(r *rand.Rand, i, v int) float64 { return float64(i * 7 % 3) },                  // three values
	func(r *rand.Rand, i, v int) float64 { return 3 * r.NormFloat64() },                 // as of a model
	func(r *rand.Rand, i, v int) float64 { return math.Round(4*r.NormFloat64()) / 4 },   // of few bits
	func(r *rand.Rand, i, v int) float64 { return r.NormFloat64() * 1e36 },              // far apart
	func(r *rand.Rand, i, v int) float64 { return 1 + float64(r.IntN(5))*0x1p-23 },      // hardly different
	func(r *rand.Rand, i, v int) float64 { return -float64(i) / 8 },                     // descending
	func(r *rand.Rand, i, v int) float64 { return float64(min(i*i, 1000)-v)/10 + 1e-3 }, // ascending, a plateau on top
}

// chosen is a model of one hidden number a distribution: the row of token t has the logits of distribution t, whatever
// came before. Its layers add nothing.
func chosen(vocab int, seed uint64) *transformer.Weights {
	n := len(distributions)
	c := transformer.Config{Name: "chosen", Layers: 1, Hidden: n, Intermediate: 2, Heads: 1, KVHeads: 1, HeadDim: 2, Vocab: vocab, RopeTheta: 1e4,
		NormEps: 1e-6, MaskToken: -1}
	w, r := transformer.Random(c, transformer.F32, seed), rand.New(rand.NewPCG(seed, 7))
	clear(w.Layers[0].O.F32)
	clear(w.Layers[0].Down.F32)
	clear(w.Embed.F32)
	for t, f := range distributions {
		if t < vocab {
			w.Embed.F32[t*n+t] = 1
		}
		for i := range vocab {
			w.Head.F32[i*n+t] = float32(f(r, i, vocab))
		}
	}
	return w
}

// limits are the settings of a vocabulary: each limit alone and random pairs, at usual and unusual temperatures.
func limits(r *rand.Rand, vocab, pairs int) (out []transformer.Pass) {
	ks, ps := []int{1, 2, vocab / 2, vocab - 1, vocab, vocab + 7, math.MaxInt}, []float32{1e-9, 0.5, 0.95, 0.999, 1 - 0x1p-24, 1}
	temps := []float32{1, 0.7, 1e-3, 1e-30, 40, 1e30}
	for _, k := range ks {
		out = append(out, transformer.Pass{TopK: max(k, 0)})
	}
	for _, p := range ps {
		out = append(out, transformer.Pass{TopP: p})
	}
	for range pairs {
		out = append(out, transformer.Pass{TopK: 1 + r.IntN(vocab), TopP: ps[r.IntN(len(ps))]})
	}
	for i := range out {
		out[i].Temp, out[i].Seed = temps[r.IntN(len(temps))], r.Uint64()
		for range r.IntN(min(3, vocab)) {
			out[i].Ban = append(out[i].Ban, int32(r.IntN(vocab)))
		}
	}
	return out
}

// TestLimits cuts many rows by top-k and top-p, launch by launch and in graphs, and checks the cut and what is drawn
// against a sort.
func TestLimits(t *testing.T) {
	const together = 4
	for _, c := range []struct{ vocab, pairs int }{{1, 1}, {2, 3}, {3, 3}, {31, 20}, {3072, 3}, {7001, 2}} {
		r := rand.New(rand.NewPCG(uint64(c.vocab), 1))
		w, n := chosen(c.vocab, 5), min(c.vocab, len(distributions))
		eager, graphs := open1(t, w, Options{Eager: true}, together, n), open1(t, w, Options{}, together, n)
		passes := limits(r, c.vocab, c.pairs)
		passes = append(passes, transformer.Pass{Temp: 0.8}, transformer.Pass{TopK: 5, TopP: 0.5})
		for i := range passes {
			p := &passes[i]
			p.Want = upTo(n)
			for _, row := range p.Want {
				p.Tokens = append(p.Tokens, int32(row))
			}
			p.Logits = make([]float32, n*c.vocab)
		}
		for list := range slices.Chunk(passes, together) {
			a := must(t, eager, list...)
			cuts := cutsOf(t, eager.(*session), len(list)*n)
			for i := range list {
				for row := range n {
					checkCut(t, list[i], list[i].Logits[row*c.vocab:][:c.vocab], row, cuts[i*n+row], a[i][row].Token)
				}
				list[i].Logits = nil
			}
			if b := must(t, graphs, list...); !same(a, b) {
				t.Errorf("vocabulary of %d: launches give %v, graphs %v", c.vocab, a, b)
			}
		}
	}
}

// cutsOf copies the last forward's cuts.
func cutsOf(t *testing.T, s *session, n int) []uint64 {
	t.Helper()
	defer s.backend.device.hold()()
	cuts := make([]uint64, n)
	d := s.backend.device
	err := d.enter()
	d.copyOut(unsafe.Pointer(&cuts[0]), s.cuts, int64(n)*8)
	for _, e := range []error{err, d.done(), d.wait()} {
		if e != nil {
			t.Fatal(e)
		}
	}
	return cuts
}

// checkCut looks whether a cut of a row of raw logits leaves what the limits say, and whether the token is the best of it.
func checkCut(t *testing.T, p transformer.Pass, logits []float32, row int, cut uint64, token int32) {
	t.Helper()
	order := sorted(logits, p.Ban)
	byNumber, byMass := p.Temp > 0 && p.TopK > 0 && p.TopK < len(order), p.Temp > 0 && p.TopP > 0 && p.TopP < 1
	if byNumber {
		order = order[:p.TopK]
	}
	what := fmt.Sprintf("row %d of %d logits at top-k %d, top-p %g, temperature %g, without %v", row, len(logits), p.TopK, p.TopP, p.Temp, p.Ban)
	if byNumber || byMass {
		last := slices.Index(order, int32(uint32(cut)))
		switch {
		case last < 0:
			t.Fatalf("%s: the cut is at token %d, which top-k drops", what, uint32(cut))
		case byMass:
			checkMass(t, what, p, logits, order, last)
		case last+1 != p.TopK:
			t.Fatalf("%s: %d tokens are left", what, last+1)
		}
		order = order[:last+1]
	}
	best, high := order[0], math.Inf(-1)
	for _, id := range order {
		score := float64(logits[id])/float64(p.Temp) + float64(transformer.Gumbel(p.Seed, row, id))
		if p.Temp > 0 && (score > high || score == high && id < best) {
			best, high = id, score
		}
	}
	if token != best {
		t.Fatalf("%s: token %d is drawn of %d, want %d", what, token, len(order), best)
	}
}

// sorted bans tokens and ranks all.
func sorted(logits []float32, ban []int32) []int32 {
	for _, b := range ban {
		logits[b] = float32(math.Inf(-1))
	}
	order := make([]int32, len(logits))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(logits[b], logits[a]) })
	return order
}

// checkMass: the tokens up to the last reach top-p, those before it do not. Masses are sums of rounded numbers, so both
// may miss it by a millionth.
func checkMass(t *testing.T, what string, p transformer.Pass, logits []float32, order []int32, last int) {
	t.Helper()
	var before, with, total float64
	for i, id := range order {
		total += math.Exp(float64(logits[id]-logits[order[0]]) / float64(p.Temp))
		switch i {
		case last - 1:
			before = total
		case last:
			with = total
		}
	}
	if want := float64(p.TopP) * total; !(before < want*(1+1e-6) && with > want*(1-1e-6)) {
		t.Fatalf("%s: the cut leaves %g of %g, %g without its last token", what, with, total, before)
	}
}
