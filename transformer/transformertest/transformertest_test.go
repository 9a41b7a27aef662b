package transformertest

import (
	"math/rand/v2"
	"testing"

	"tandem/transformer"
)

// TestReference passes the reference through its own conformance tests.
func TestReference(t *testing.T) {
	Test(t, func(_ *testing.T, w *transformer.Weights) (transformer.Backend, error) { return Reference(w), nil })
}

// TestExactRegimes recomputes whole sequences under explicit masks, without any cache, and compares: decoding
// step by step is exact, and so is block-causal decoding with stored blocks.
func TestExactRegimes(t *testing.T) {
	random := rand.New(rand.NewPCG(testSeed(t), 0))
	const n = 24
	for _, c := range shapes() {
		w := transformer.Random(c, transformer.F32, random.Uint64())
		x := make([]int32, n)
		for i := range x {
			x[i] = int32(random.IntN(c.Vocab))
		}
		for _, step := range []int{1, 2, 8} {
			s := open(t, Reference(w), 1, n)
			m := widen(w, transformer.F32)
			past := make([][]keyed, c.Layers)
			for l := range past {
				past[l] = make([]keyed, n)
			}
			want := m.forward(x, 0, past, func(p, j int) bool { return j/step <= p/step })
			for at := 0; at < n; at += step {
				pass := transformer.Pass{Tokens: x[at : at+step], Start: at, Span: step, Want: all(x[:step])}
				_, got := forward(t, s, c.Vocab, []transformer.Pass{pass})
				for i := range step {
					narrow := make([]float32, c.Vocab)
					for k, v := range want[at+i] {
						narrow[k] = float32(v)
					}
					if e := distance(got[0][i*c.Vocab:(i+1)*c.Vocab], narrow); e > 1e-7 {
						t.Fatalf("%s, span %d: position %d is off by %g", c.Name, step, at+i, e)
					}
				}
			}
		}
	}
}
