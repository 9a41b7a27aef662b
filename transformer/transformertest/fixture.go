package transformertest

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"tandem/transformer"
)

// A fixture is one backend beside the reference of the same weights.
type fixture struct {
	backend, reference transformer.Backend
	random             *rand.Rand
	tolerance          float64 // relative L2 of the logits of a pass
}

// tokens draws n tokens of the vocabulary.
func (f *fixture) tokens(n int) []int32 {
	out := make([]int32, n)
	for i := range out {
		out[i] = int32(f.random.IntN(f.backend.Config().Vocab))
	}
	return out
}

// pair opens the same session on both.
func (f *fixture) pair(t *testing.T, sequences, slots int) *pair {
	t.Helper()
	return &pair{fixture: f, got: open(t, f.backend, sequences, slots), want: open(t, f.reference, sequences, slots)}
}

func open(t *testing.T, b transformer.Backend, sequences, slots int) transformer.Session {
	t.Helper()
	s, err := b.Open(sequences, slots)
	if err != nil {
		refused(t, b.Config(), err)
		t.Fatalf("open %d sequences of %d slots: %v", sequences, slots, err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close session: %v", err)
		}
	})
	return s
}

// A pair is a session of the backend and one of the reference, driven in step.
type pair struct {
	*fixture
	got, want transformer.Session
}

// forward runs the passes on both sessions and compares what comes back. Every pass wants all its rows unless it
// says otherwise.
func (p *pair) forward(t *testing.T, passes ...transformer.Pass) {
	t.Helper()
	for i := range passes {
		if passes[i].Want == nil {
			passes[i].Want = all(passes[i].Tokens)
		}
	}
	vocab := p.backend.Config().Vocab
	got, gotLogits := forward(t, p.got, vocab, passes)
	_, wantLogits := forward(t, p.want, vocab, passes)
	for i, pass := range passes {
		if e := distance(gotLogits[i], wantLogits[i]); !(e <= p.tolerance) {
			t.Fatalf("sequence %d, %d rows from %d, span %d: logits are off by %.2g, want <= %.2g",
				i, len(pass.Tokens), pass.Start, pass.Span, e, p.tolerance)
		}
		for n, row := range pass.Want {
			checkGuess(t, got[i][n], gotLogits[i][n*vocab:(n+1)*vocab], pass, pass.Start+row)
		}
	}
}

// forward runs passes on copies, with buffers full of NaN for the logits, and checks that the answer has the right
// shape and that the inputs are as they were. It returns copies that the next Forward leaves alone.
func forward(t *testing.T, s transformer.Session, vocab int, passes []transformer.Pass) ([][]transformer.Guess, [][]float32) {
	t.Helper()
	mine, logits := make([]transformer.Pass, len(passes)), make([][]float32, len(passes))
	for i, p := range passes {
		logits[i] = make([]float32, len(p.Want)*vocab)
		for k := range logits[i] {
			logits[i][k] = float32(math.NaN())
		}
		p.Tokens, p.Want, p.Ban, p.Logits = slices.Clone(p.Tokens), slices.Clone(p.Want), slices.Clone(p.Ban), logits[i]
		mine[i] = p
	}
	out, err := s.Forward(t.Context(), mine)
	if err != nil {
		t.Fatalf("forward: %v", err)
	}
	if len(out) != len(passes) {
		t.Fatalf("%d lists of guesses for %d passes", len(out), len(passes))
	}
	guesses := make([][]transformer.Guess, len(out))
	for i, p := range passes {
		if !slices.Equal(mine[i].Tokens, p.Tokens) || !slices.Equal(mine[i].Want, p.Want) || !slices.Equal(mine[i].Ban, p.Ban) {
			t.Fatalf("forward changed its input of sequence %d", i)
		}
		if len(out[i]) != len(p.Want) {
			t.Fatalf("sequence %d: %d guesses for %d wanted rows", i, len(out[i]), len(p.Want))
		}
		guesses[i] = slices.Clone(out[i])
	}
	return guesses, logits
}

// distance is |a-b| / |b|; NaN anywhere makes it NaN. Two empty vectors are equal.
func distance(a, b []float32) float64 {
	var num, den float64
	for i, v := range b {
		d := float64(a[i]) - float64(v)
		num, den = num+d*d, den+float64(v)*float64(v)
	}
	if num == 0 {
		return 0
	}
	return math.Sqrt(num / den)
}

// checkGuess compares a guess with the reduction, in float64, of the logits that came with it.
func checkGuess(t *testing.T, g transformer.Guess, logits []float32, p transformer.Pass, pos int) {
	t.Helper()
	wide := vector64(logits)
	want := reduce(wide, p, pos)
	if g.Token != want.Token {
		if !plausible(wide, p, pos, g.Token) {
			t.Fatalf("position %d: token %d, want %d", pos, g.Token, want.Token)
		}
		want.P = float32(softmaxWithout(wide, p.Ban)[g.Token])
	}
	for _, v := range []struct {
		name      string
		got, want float32
	}{{"probability", g.P, want.P}, {"margin", g.Margin, want.Margin}, {"entropy", g.Entropy, want.Entropy}} {
		if !(math.Abs(float64(v.got-v.want)) <= 1e-4*(1+math.Abs(float64(v.want)))) {
			t.Fatalf("position %d: %s is %g, want %g", pos, v.name, v.got, v.want)
		}
	}
}

func softmaxWithout(l []float64, ban []int32) []float64 {
	l = slices.Clone(l)
	for _, t := range ban {
		l[t] = math.Inf(-1)
	}
	return softmax(l)
}

// plausible says whether rounding alone may have led to another token: it is within a hair of the best candidate,
// under cuts by TopK and TopP that are a hair wider or narrower.
func plausible(l []float64, p transformer.Pass, pos int, token int32) bool {
	const hair = 1e-3
	if p.Temp == 0 {
		probs := softmaxWithout(l, p.Ban)
		return probs[token] > 0 && math.Abs(math.Log(probs[token])-math.Log(slices.Max(probs))) < hair
	}
	for _, topP := range []float32{p.TopP, p.TopP * (1 - hair), p.TopP * (1 + hair)} {
		q := p
		q.TopP = topP
		best := reduce(l, q, pos).Token
		if best == token {
			return true
		}
		if !slices.Contains(p.Ban, token) && math.Abs(score(l[token], q, pos, token)-score(l[best], q, pos, best)) < hair {
			return true
		}
	}
	return false
}

// all lists every row of tokens.
func all(tokens []int32) []int {
	rows := make([]int, len(tokens))
	for i := range rows {
		rows[i] = i
	}
	return rows
}
