package transformertest

import (
	"math"
	"slices"
	"testing"

	"tandem/transformer"
)

// testWant asks for some rows, out of order, with and without their logits, and for none.
func testWant(t *testing.T, f *fixture) {
	p, x := f.pair(t, 1, 24), f.tokens(20)
	p.forward(t, transformer.Pass{Tokens: x, Span: 1, Want: []int{19, 3, 0}})
	pass := transformer.Pass{Tokens: x[10:], Start: 10, Span: 1, Want: []int{9, 2}}
	p.forward(t, pass)
	with, _ := forward(t, p.got, f.backend.Config().Vocab, []transformer.Pass{pass})
	without, err := p.got.Forward(t.Context(), []transformer.Pass{pass})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(with[0], without[0]) {
		t.Errorf("guesses depend on whether logits are asked for: %v and %v", with[0], without[0])
	}
	p.forward(t, transformer.Pass{Tokens: x, Span: 1, Want: []int{}})
	p.forward(t, transformer.Pass{Tokens: x[:1], Start: 20, Span: 1})
}

// testBan bans the favourites one after the other; the raw logits stay what they were.
func testBan(t *testing.T, f *fixture) {
	p, x, vocab := f.pair(t, 1, 12), f.tokens(12), f.backend.Config().Vocab
	pass := transformer.Pass{Tokens: x, Span: 1, Want: []int{11, 4}}
	_, raw := forward(t, p.got, vocab, []transformer.Pass{pass})
	for range 4 {
		p.forward(t, pass)
		guesses, logits := forward(t, p.got, vocab, []transformer.Pass{pass})
		if !slices.Equal(logits[0], raw[0]) {
			t.Fatal("Ban changed the raw logits")
		}
		for _, g := range guesses[0] {
			if slices.Contains(pass.Ban, g.Token) {
				t.Fatalf("token %d is banned and was chosen", g.Token)
			}
		}
		pass.Ban = append(pass.Ban, guesses[0][0].Token)
	}
}

// testSampling checks each sampled token against the Gumbel-max trick over the logits, under the cuts; the same
// seed draws the same token and others draw others.
func testSampling(t *testing.T, f *fixture) {
	p, x, vocab := f.pair(t, 1, 16), f.tokens(16), f.backend.Config().Vocab
	base := transformer.Pass{Tokens: x, Span: 1}
	for _, pass := range []transformer.Pass{
		{Temp: 1}, {Temp: 0.2}, {Temp: 3}, {Temp: 1, TopK: 5}, {Temp: 1.5, TopP: 0.6}, {Temp: 1, TopK: 10, TopP: 0.8},
		{Temp: 1, TopK: vocab + 1, TopP: 1}, {Temp: 1, Ban: []int32{1, 2, 3}}, {TopK: 3, TopP: 0.5},
	} {
		pass.Tokens, pass.Span, pass.Seed = base.Tokens, base.Span, f.random.Uint64()
		p.forward(t, pass)
		a, _ := forward(t, p.got, vocab, []transformer.Pass{pass})
		b, _ := forward(t, p.got, vocab, []transformer.Pass{pass})
		if !slices.Equal(a[0], b[0]) {
			t.Fatalf("the same seed drew %v and then %v", a[0], b[0])
		}
	}
	base.Want = []int{15}
	greedy, _ := forward(t, p.got, vocab, []transformer.Pass{base})
	drawn := map[int32]bool{}
	for i := range 40 {
		pass := base
		pass.Temp, pass.Seed = 3, uint64(i)
		g, _ := forward(t, p.got, vocab, []transformer.Pass{pass})
		drawn[g[0][0].Token] = true
		for _, cut := range []transformer.Pass{{TopK: 1}, {TopP: 1e-6}} {
			pass.TopK, pass.TopP = cut.TopK, cut.TopP
			if g, _ := forward(t, p.got, vocab, []transformer.Pass{pass}); g[0][0].Token != greedy[0][0].Token {
				t.Fatalf("TopK %d, TopP %g leave one token, %d, but %d was drawn",
					cut.TopK, cut.TopP, greedy[0][0].Token, g[0][0].Token)
			}
		}
	}
	if len(drawn) < 5 {
		t.Errorf("40 seeds drew %d different tokens at temperature 3", len(drawn))
	}
}

// testTies has a head of zeros: all tokens tie, and the lowest that is allowed wins.
func testTies(t *testing.T, opener opener, dtype transformer.Dtype) {
	c := shapes()[1]
	w := transformer.Random(c, dtype, 1)
	w.Head = transformer.NewMatrix(dtype, c.Vocab, c.Hidden)
	s := open(t, opener.backend(t, w), 1, 4)
	for want, ban := range [][]int32{nil, {0}, {1, 0}, {0, 1, 2, 50}} {
		g, _ := forward(t, s, c.Vocab, []transformer.Pass{{Tokens: []int32{5}, Span: 1, Want: []int{0}, Ban: ban}})
		n := float64(c.Vocab - len(ban))
		got := g[0][0]
		if got.Token != int32(want) || got.Margin != 0 || math.Abs(float64(got.P)*n-1) > 1e-4 ||
			math.Abs(float64(got.Entropy)-math.Log(n)) > 1e-3 {
			t.Errorf("all of %g tokens tie: guess %+v, want token %d", n, got, want)
		}
	}
}
