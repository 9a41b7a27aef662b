package cpu

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"tandem/transformer"
)

// TestCut compares cuts, and what is drawn under them, with those of a sort of all logits.
func TestCut(t *testing.T) {
	r, tested := rand.New(rand.NewPCG(3, 1)), worker{}
	for _, f := range []func(i int) float64{
		func(int) float64 { return 1 },
		func(i int) float64 { return float64(i * 7 % 3) },
		func(int) float64 { return 3 * r.NormFloat64() },
		func(int) float64 { return math.Round(4*r.NormFloat64()) / 4 },
		func(int) float64 { return r.NormFloat64() * 1e36 },
		func(int) float64 { return math.Copysign(0, r.NormFloat64()) },
		func(i int) float64 { return []float64{math.Inf(-1), -1, 2}[i%3] },
	} {
		for _, vocab := range []int{1, 2, 3, 40, 1000} {
			logits := make([]float32, vocab)
			for i := range logits {
				logits[vocab-1-i] = float32(f(i))
			}
			for range 200 {
				p := transformer.Pass{Temp: []float32{1, 0.7, 1e-3, 1e-30, 40}[r.IntN(5)], Seed: r.Uint64(),
					TopK: r.IntN(vocab + 2), TopP: []float32{0, 1e-9, 0.5, 0.95, 1 - 0x1p-24, 1}[r.IntN(6)]}
				order := sortedCut(p, logits)
				top := int(uint32(order[0]))
				if got, want := tested.cut(&p, logits, top), int(uint32(order[len(order)-1])); got != want && len(order) < vocab {
					t.Errorf("%d logits, top-k %d, top-p %g, temperature %g: the cut is at token %d, want %d", vocab, p.TopK, p.TopP, p.Temp, got, want)
				}
				if got, want := tested.sample(&p, 5, logits, top), bestOf(p, logits, order); got != want {
					t.Errorf("%d logits, top-k %d, top-p %g, temperature %g: token %d, want %d", vocab, p.TopK, p.TopP, p.Temp, got, want)
				}
			}
		}
	}
}

// sortedCut ranks all tokens and keeps what top-k and then top-p leave.
func sortedCut(p transformer.Pass, logits []float32) []uint64 {
	var order []uint64
	for i, x := range logits {
		order = append(order, rank(x, i))
	}
	slices.Sort(order)
	if p.TopK > 0 && p.TopK < len(order) {
		order = order[:p.TopK]
	}
	if p.TopP == 0 || p.TopP == 1 {
		return order
	}
	var sums []float64
	sum := 0.0
	for _, r := range order {
		sum += math.Exp(float64(logits[uint32(r)]-logits[uint32(order[0])]) / float64(p.Temp))
		sums = append(sums, sum)
	}
	n, _ := slices.BinarySearch(sums, float64(p.TopP)*sum)
	return order[:min(n+1, len(order))]
}

// bestOf is the token of the highest score, the lowest of equals.
func bestOf(p transformer.Pass, logits []float32, order []uint64) (token int) {
	best := math.Inf(-1)
	for _, r := range order {
		i := int(uint32(r))
		if v := float64(logits[i])/float64(p.Temp) + float64(transformer.Gumbel(p.Seed, 5, int32(i))); v > best || v == best && i < token {
			best, token = v, i
		}
	}
	return token
}
