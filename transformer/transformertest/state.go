package transformertest

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"tandem/transformer"
)

// testBadPasses hands in passes that must be refused, alone and beside a good one, and then continues: bit for bit
// as a session that never saw them.
func testBadPasses(t *testing.T, f *fixture) {
	const slots, written = 20, 10
	vocab := f.backend.Config().Vocab
	x := f.tokens(written)
	good := transformer.Pass{Tokens: f.tokens(3), Start: 2, Span: 1, Want: []int{0}}
	for _, bad := range []struct {
		name string
		pass transformer.Pass
	}{
		{"negative start", transformer.Pass{Tokens: x[:1], Start: -1, Span: 1}},
		{"gap", transformer.Pass{Tokens: x[:1], Start: written + 1, Span: 1}},
		{"start beyond the slots", transformer.Pass{Tokens: x[:1], Start: slots + 1, Span: 1}},
		{"end beyond the slots", transformer.Pass{Tokens: f.tokens(slots - written + 1), Start: written, Span: 1}},
		{"negative token", transformer.Pass{Tokens: []int32{0, -1}, Start: written, Span: 1}},
		{"token outside the vocabulary", transformer.Pass{Tokens: []int32{0, int32(vocab)}, Start: written, Span: 1}},
		{"banned token outside the vocabulary", transformer.Pass{Tokens: x[:1], Start: written, Span: 1, Want: []int{0}, Ban: []int32{int32(vocab)}}},
		{"negative row", transformer.Pass{Tokens: x[:1], Start: written, Span: 1, Want: []int{-1}}},
		{"row beyond the pass", transformer.Pass{Tokens: x[:2], Start: 0, Span: 1, Want: []int{2}}},
		{"negative span", transformer.Pass{Tokens: x[:2], Start: 0, Span: -1}},
		{"short logits", transformer.Pass{Tokens: x[:2], Span: 1, Want: []int{0, 1}, Logits: make([]float32, 2*vocab-1)}},
	} {
		s, control := open(t, f.backend, 2, slots), open(t, f.backend, 2, slots)
		start := []transformer.Pass{{Tokens: x, Span: 1}, {Tokens: x, Span: 1}}
		forward(t, s, vocab, start)
		forward(t, control, vocab, start)
		if _, err := s.Forward(t.Context(), []transformer.Pass{bad.pass}); err == nil {
			t.Errorf("%s: no error", bad.name)
		}
		if _, err := s.Forward(t.Context(), []transformer.Pass{good, bad.pass}); err == nil {
			t.Errorf("%s beside a good pass: no error", bad.name)
		}
		same(t, bad.name, vocab, s, control, written)
	}
	s := open(t, f.backend, 1, slots)
	if _, err := s.Forward(t.Context(), []transformer.Pass{{}, {}}); err == nil {
		t.Error("more passes than sequences: no error")
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Forward(cancelled, []transformer.Pass{{Tokens: x, Span: 1}}); err == nil {
		t.Error("cancelled context: no error")
	}
}

// same steps both sequences of two sessions and fails unless the answers agree bit for bit; another slot beyond
// written must be a gap to both.
func same(t *testing.T, what string, vocab int, a, b transformer.Session, written int) {
	t.Helper()
	for _, s := range []transformer.Session{a, b} {
		if _, err := s.Forward(t.Context(), []transformer.Pass{{Tokens: []int32{0}, Start: written + 1}}); err == nil {
			t.Errorf("%s: slot %d counts as written", what, written)
		}
	}
	step := transformer.Pass{Tokens: []int32{1, 2}, Start: written, Want: []int{0, 1}}
	_, x := forward(t, a, vocab, []transformer.Pass{step, step})
	_, y := forward(t, b, vocab, []transformer.Pass{step, step})
	for i := range x {
		if !slices.Equal(x[i], y[i]) {
			t.Errorf("%s: sequence %d is not as it was", what, i)
		}
	}
}

// testReset forgets one sequence of two: it then behaves as in a new session, and the other as if nothing happened.
func testReset(t *testing.T, f *fixture) {
	const slots = 30
	vocab := f.backend.Config().Vocab
	long, short, step := f.tokens(30), f.tokens(9), f.tokens(1)
	s, control := open(t, f.backend, 2, slots), open(t, f.backend, 2, slots)
	forward(t, s, vocab, []transformer.Pass{{Tokens: long}, {Tokens: short}})
	s.Reset(0)
	if _, err := s.Forward(t.Context(), []transformer.Pass{{Tokens: step, Start: 1}}); err == nil {
		t.Error("slots of before a Reset count as written")
	}
	forward(t, s, vocab, []transformer.Pass{{Tokens: short}})
	forward(t, control, vocab, []transformer.Pass{{Tokens: short}, {Tokens: short}})
	same(t, "reset", vocab, s, control, len(short))
}

func testOpen(t *testing.T, f *fixture) {
	for _, c := range [][2]int{{0, 8}, {-1, 8}, {1, 0}, {1, -8}} {
		if s, err := f.backend.Open(c[0], c[1]); err == nil {
			s.Close()
			t.Errorf("Open(%d, %d): no error", c[0], c[1])
		}
	}
	small, large := open(t, f.backend, 1, 16), open(t, f.backend, 4, 64)
	if small.Memory() < 0 || large.Memory() < small.Memory() {
		t.Errorf("16 slots take %d bytes, 4 x 64 take %d", small.Memory(), large.Memory())
	}
}

// testPoison has one token whose keys and values are infinite, and all that follows from them NaN. It fills slots and scratch
// memory with these; neither another sequence of the batch nor the same sequence after a Reset may notice.
func testPoison(t *testing.T, opener opener, dtype transformer.Dtype, seed uint64) {
	const poison, slots = 3, 70
	c := shapes()[4] // untied, or else the head were poisoned too
	w := transformer.Random(c, dtype, seed)
	Poison(w, -1)
	b, random := opener.backend(t, w), rand.New(rand.NewPCG(seed, 99))
	Poison(w, poison)
	sick := opener.backend(t, w)
	s, control := open(t, sick, 2, slots), open(t, b, 2, slots)
	bad, clean := make([]int32, slots), make([]int32, 37)
	for i := range bad {
		bad[i] = poison
	}
	for i := range clean {
		clean[i] = poison + 1 + int32(random.IntN(c.Vocab-poison-1))
	}
	all := transformer.Pass{Tokens: clean, Want: all(clean)}
	ill, beside := forward(t, s, c.Vocab, []transformer.Pass{{Tokens: bad, Want: []int{slots - 1}}, all})
	_, wide := sick.(reference) // whose float64 holds such numbers
	if p := ill[0][0].P; p == p && !wide {
		t.Errorf("the poison is none: its guess has probability %g", p)
	}
	s.Reset(0)
	_, after := forward(t, s, c.Vocab, []transformer.Pass{all, all})
	_, want := forward(t, control, c.Vocab, []transformer.Pass{all, all})
	if !slices.Equal(beside[1], want[1]) {
		t.Error("NaN in one sequence reaches its neighbour in the batch")
	}
	if !slices.Equal(after[0], want[0]) || !slices.Equal(after[1], want[1]) {
		t.Error("NaN of before a Reset is still felt")
	}
}

// Poison makes the keys and values of a token infinite in the first layer, so that all that follows from them is NaN, though no
// number of the weights is. With token -1 no token is poisoned, and the others are the same.
func Poison(w *transformer.Weights, token int) {
	first := func(m transformer.Matrix, number func(row int) float32) {
		wide := m.Convert(transformer.F32).F32
		for row := range m.Rows {
			wide[row*m.Cols] = number(row)
		}
		m.Write(0, wide)
	}
	first(w.Embed, func(row int) float32 {
		if row == token {
			return 9
		}
		return 0
	})
	for _, m := range []transformer.Matrix{w.Layers[0].K, w.Layers[0].V} { // times 0 for all other tokens
		first(m, func(int) float32 { return 3e38 })
	}
}
