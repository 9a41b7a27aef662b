package cpu

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"tandem/transformer"
	"tandem/transformer/transformertest"
)

// tiny is a model with every knob and with sizes that no register divides.
var tiny = transformer.Config{Name: "tiny", Layers: 2, Hidden: 37, Intermediate: 53, Heads: 6, KVHeads: 2, HeadDim: 10,
	Vocab: 101, RopeTheta: 1e4, NormEps: 1e-6, QKVBias: true, OBias: true, MLPBias: true, QKNorm: true, MaskToken: -1,
	Rope:  transformer.Rope{Divisors: []float64{1, 1, 2, 4, 4}, Scale: 1.1, QueryBeta: 0.2, QueryFrom: 16},
	Kinds: []transformer.LayerKind{{Window: 21}, {NoRope: true}}}

func open(t testing.TB, w *transformer.Weights, o Options, sequences, slots int) transformer.Session {
	t.Helper()
	b, err := New(w, o)
	if err != nil {
		t.Fatal(err)
	}
	s, err := b.Open(sequences, slots)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func everyKernelSet(t *testing.T, f func(t *testing.T, dtype transformer.Dtype, kernels string)) {
	for _, dtype := range []transformer.Dtype{transformer.F32, transformer.BF16} {
		for _, k := range Kernels(dtype) {
			t.Run(fmt.Sprintf("%s/%s", dtype, k), func(t *testing.T) { f(t, dtype, k) })
		}
	}
}

// Every kernel set passes the conformance of backends, alone and with more threads than some phases have work for.
func TestConformance(t *testing.T) {
	names := append(Kernels(transformer.F32), Kernels(transformer.BF16)...)
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		t.Run(name, func(t *testing.T) {
			transformertest.Test(t, func(t *testing.T, w *transformer.Weights) (transformer.Backend, error) {
				if !slices.Contains(Kernels(w.Dtype), name) {
					t.Skipf("no %s kernels for %s", name, w.Dtype)
				}
				return New(w, Options{Threads: 2, Kernels: name})
			})
		})
	}
}

// tokens draws n tokens of tiny, the same in every run.
func tokens(n int) []int32 {
	random, out := rand.New(rand.NewPCG(1, 0)), make([]int32, n)
	for i := range out {
		out[i] = int32(random.IntN(tiny.Vocab))
	}
	return out
}

// passes is a ragged batch: prefill, block, one token, rest.
func passes(prompt []int32) []transformer.Pass {
	p := []transformer.Pass{
		{Tokens: prompt[:41], Span: 1, Want: []int{40}},
		{Tokens: prompt[:32], Span: 0, Want: []int{0, 7, 31}},
		{Tokens: prompt[:1], Span: 1, Want: []int{0}},
		{},
	}
	for i := range p {
		p[i].Logits = make([]float32, len(p[i].Want)*tiny.Vocab)
	}
	return p
}

// The same bits come out of any number of threads.
func TestThreadCountChangesNothing(t *testing.T) {
	prompt := tokens(64)
	everyKernelSet(t, func(t *testing.T, dtype transformer.Dtype, kernels string) {
		w := transformer.Random(tiny, dtype, 1)
		var want []transformer.Pass
		for _, threads := range []int{1, 2, 3, 7} {
			got := passes(prompt)
			s := open(t, w, Options{Threads: threads, Kernels: kernels}, 4, 64)
			if _, err := s.Forward(t.Context(), got); err != nil {
				t.Fatal(err)
			}
			if want == nil {
				want = got
			}
			for i := range got {
				if !slices.Equal(got[i].Logits, want[i].Logits) {
					t.Errorf("%d threads: the logits of pass %d differ from those of one thread", threads, i)
				}
			}
		}
	})
}

// A row's bits are the same whether its sequence comes in one pass, row by row, or beside others.
func TestBatchChangesNothing(t *testing.T) {
	prompt := tokens(64)
	everyKernelSet(t, func(t *testing.T, dtype transformer.Dtype, kernels string) {
		s := open(t, transformer.Random(tiny, dtype, 1), Options{Threads: 2, Kernels: kernels}, 4, 64)
		together := passes(prompt)
		if _, err := s.Forward(t.Context(), together); err != nil {
			t.Fatal(err)
		}
		s.Reset(3)
		alone := make([]float32, tiny.Vocab)
		for i := range 41 {
			step := []transformer.Pass{{}, {}, {}, {Tokens: prompt[i : i+1], Start: i, Span: 1, Want: []int{0}, Logits: alone}}
			if _, err := s.Forward(t.Context(), step); err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Equal(alone, together[0].Logits) {
			t.Error("decoding row by row differs from one prefill in a batch")
		}
	})
}

// A forward longer than one chunk, wanting more rows than one head chunk, equals the same rows in short passes.
func TestLongForward(t *testing.T) {
	const n = chunk + 70
	c := tiny
	c.MaxPositions = n
	long := tokens(n)
	want := make([]int, n)
	for i := range want {
		want[i] = i
	}
	everyKernelSet(t, func(t *testing.T, dtype transformer.Dtype, kernels string) {
		s := open(t, transformer.Random(c, dtype, 1), Options{Threads: 2, Kernels: kernels}, 2, n)
		whole := transformer.Pass{Tokens: long, Span: 1, Want: want, Logits: make([]float32, n*c.Vocab)}
		if _, err := s.Forward(t.Context(), []transformer.Pass{whole}); err != nil {
			t.Fatal(err)
		}
		parts := make([]float32, n*c.Vocab)
		for from := 0; from < n; from += 33 {
			to := min(from+33, n)
			part := transformer.Pass{Tokens: long[from:to], Start: from, Span: 1, Want: want[:to-from],
				Logits: parts[from*c.Vocab : to*c.Vocab]}
			if _, err := s.Forward(t.Context(), []transformer.Pass{{}, part}); err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Equal(parts, whole.Logits) {
			t.Error("a long forward differs from the same rows in short passes")
		}
	})
}

// Attention reads no tile of slots that lies below the windows of all its rows: a NaN there stays unnoticed.
func TestWindowSkipsTiles(t *testing.T) {
	const n, clean = 96, 64
	c := tiny
	c.Layers, c.Kinds = 1, []transformer.LayerKind{{Window: 21}}
	everyKernelSet(t, func(t *testing.T, dtype transformer.Dtype, kernels string) {
		w := transformer.Random(c, dtype, 1)
		transformertest.Poison(w, 0)
		s := open(t, w, Options{Threads: 2, Kernels: kernels}, 1, n)
		x := make([]int32, n)
		for i := 3; i < n; i++ {
			x[i] = int32(1 + i%100)
		}
		for _, span := range []int{1, 16, 0} {
			for _, start := range []int{0, clean} {
				pass := transformer.Pass{Tokens: x[start:], Start: start, Span: span, Want: []int{clean - start, n - 1 - start}}
				guesses, err := s.Forward(t.Context(), []transformer.Pass{pass})
				if err != nil {
					t.Fatal(err)
				}
				for _, g := range guesses[0] {
					if g.P != g.P {
						t.Errorf("span %d, from %d: a NaN far below the window reaches a row", span, start)
					}
				}
			}
		}
	})
}

func TestForwardAllocatesNothing(t *testing.T) {
	prompt := tokens(64)
	everyKernelSet(t, func(t *testing.T, dtype transformer.Dtype, kernels string) {
		s := open(t, transformer.Random(tiny, dtype, 1), Options{Threads: 2, Kernels: kernels}, 4, 64)
		batch, ctx := passes(prompt), context.Background()
		batch[0].Temp, batch[0].TopK, batch[0].TopP, batch[0].Ban = 0.7, 20, 0.9, []int32{3}
		n := testing.AllocsPerRun(20, func() {
			if _, err := s.Forward(ctx, batch); err != nil {
				t.Fatal(err)
			}
		})
		if n != 0 {
			t.Errorf("Forward allocates %.0f times", n)
		}
	})
}

// Only the set in plain Go says that it is portable, and it is the last choice.
func TestPortableIsNamed(t *testing.T) {
	everyKernelSet(t, func(t *testing.T, dtype transformer.Dtype, kernels string) {
		b, err := New(transformer.Random(tiny, dtype, 1), Options{Threads: 1, Kernels: kernels})
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		sets := Kernels(dtype)
		if got := b.Describe().Portable; got != (kernels == Portable) || got != (kernels == sets[len(sets)-1]) {
			t.Errorf("%s of %v: Portable is %v", kernels, sets, got)
		}
	})
}

func TestNewRejects(t *testing.T) {
	good := func() *transformer.Weights { return transformer.Random(tiny, transformer.F32, 1) }
	for _, c := range []struct {
		name, want string
		spoil      func(w *transformer.Weights, o *Options)
	}{
		{"unknown kernels", `no kernels "mmx" for f32`, func(_ *transformer.Weights, o *Options) { o.Kernels = "mmx" }},
		{"threads", "-1 threads", func(_ *transformer.Weights, o *Options) { o.Threads = -1 }},
		{"layers", "1 layers of weights", func(w *transformer.Weights, _ *Options) { w.Layers = w.Layers[:1] }},
		{"config", "hidden size must be positive", func(w *transformer.Weights, _ *Options) { w.Config.Hidden = 0 }},
		{"shape", "layer 1: down is [37, 52]", func(w *transformer.Weights, _ *Options) { w.Layers[1].Down.Cols = 52 }},
		{"short matrix", "layer 0: gate is", func(w *transformer.Weights, _ *Options) { w.Layers[0].Gate.F32 = nil }},
		{"norm", "final norm has 3 numbers", func(w *transformer.Weights, _ *Options) { w.Norm = w.Norm[:3] }},
		{"dtype", `dtype "f16"`, func(w *transformer.Weights, _ *Options) { w.Dtype = "f16" }},
	} {
		w, o := good(), Options{Threads: 1}
		c.spoil(w, &o)
		if _, err := New(w, o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v; want one with %q", c.name, err, c.want)
		}
	}
}

// TestOpenNeedsMemory: a session that is larger than the free memory is refused before it is touched.
func TestOpenNeedsMemory(t *testing.T) {
	free := freeMemory()
	if free == 0 {
		t.Skip("this system does not say how much memory is free")
	}
	b, err := New(transformer.Random(tiny, transformer.F32, 1), Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	s, err := b.Open(1, 4096)
	if err != nil {
		t.Fatal(err)
	}
	slots := int(2 * free / (s.Memory() / 4096))
	s.Close()
	if s, err := b.Open(1, slots); err == nil {
		s.Close()
		t.Errorf("%d slots fit into %d bytes", slots, free)
	} else if text := err.Error(); !strings.Contains(text, "memory are free: choose less") && !strings.Contains(text, "cannot reserve") {
		t.Error(err)
	}
}
