package transformertest

import (
	"math/rand/v2"
	"slices"
	"testing"

	"tandem/transformer"
)

// testWhole recomputes whole sequences, bidirectional, while tokens change: a diffusion decoder without a cache.
func testWhole(t *testing.T, f *fixture) {
	for _, n := range []int{1, 7, 32, 33} {
		p, x := f.pair(t, 1, n), f.tokens(n)
		for range 3 {
			p.forward(t, transformer.Pass{Tokens: x})
			x[f.random.IntN(n)] = f.tokens(1)[0]
		}
	}
}

// testPrefix runs the whole sequence at a block's start and then only what follows the prefix (Fast-dLLM).
func testPrefix(t *testing.T, f *fixture) {
	const n = 41
	p, x := f.pair(t, 1, n+3), f.tokens(n)
	for _, start := range []int{9, 17, 40} {
		p.forward(t, transformer.Pass{Tokens: x})
		for range 3 {
			x[start+f.random.IntN(n-start)] = f.tokens(1)[0]
			p.forward(t, transformer.Pass{Tokens: x[start:], Start: start})
		}
	}
}

// testDual keeps the keys and values of everything and runs a block alone, which overwrites its own (Fast-dLLM).
func testDual(t *testing.T, f *fixture) {
	const n, block = 43, 8
	p, x := f.pair(t, 1, n), f.tokens(n)
	for _, start := range []int{11, 19, 35} {
		p.forward(t, transformer.Pass{Tokens: x})
		for range 3 {
			x[start+f.random.IntN(block)] = f.tokens(1)[0]
			p.forward(t, transformer.Pass{Tokens: x[start : start+block], Start: start})
		}
	}
}

// testCausal prefills a prompt, in one piece and in two, decodes step by step, drafts a few tokens and takes some
// of them back.
func testCausal(t *testing.T, f *fixture) {
	const n = 40
	p, x := f.pair(t, 1, n), f.tokens(n)
	p.forward(t, transformer.Pass{Tokens: x[:13], Span: 1})
	p.forward(t, transformer.Pass{Tokens: x[13:20], Start: 13, Span: 1})
	for i := 20; i < 30; i++ {
		p.forward(t, transformer.Pass{Tokens: x[i : i+1], Start: i, Span: 1})
	}
	p.forward(t, transformer.Pass{Tokens: f.tokens(6), Start: 30, Span: 1})
	for i := 32; i < n; i++ { // slots 33-35 still hold the draft
		p.forward(t, transformer.Pass{Tokens: x[i : i+1], Start: i, Span: 1})
	}
}

// testBlockCausal prefills whole blocks, then refines block after block and stores each with one more pass. The
// blocks lie at multiples of their size, the prompt's remainder sits in the first.
func testBlockCausal(t *testing.T, f *fixture) {
	for _, block := range []int{4, 5, 16} {
		prompt, n := 2*block+1, 5*block
		p, x := f.pair(t, 1, n), f.tokens(n)
		first := prompt / block * block
		p.forward(t, transformer.Pass{Tokens: x[:first], Span: block})
		for start := first; start+block <= n; start += block {
			for range 3 {
				p.forward(t, transformer.Pass{Tokens: x[start : start+block], Start: start, Span: block})
				x[start+f.random.IntN(block)] = f.tokens(1)[0]
			}
			p.forward(t, transformer.Pass{Tokens: x[start : start+block], Start: start, Span: block, Want: []int{}})
		}
		// Inside a block, and over a block's border: rows see the written rest of their block, on both sides.
		p.forward(t, transformer.Pass{Tokens: x[block+1 : block+3], Start: block + 1, Span: block})
		p.forward(t, transformer.Pass{Tokens: x[block-2 : 2*block+1], Start: block - 2, Span: block})
	}
}

// testLong crosses the tiles of the kernels.
func testLong(t *testing.T, f *fixture) {
	const n = 150
	x := f.tokens(n)
	for _, span := range []int{1, 32, 0} {
		p := f.pair(t, 1, n)
		p.forward(t, transformer.Pass{Tokens: x[:129], Span: span, Want: []int{0, 63, 64, 128}})
		p.forward(t, transformer.Pass{Tokens: x[129:], Start: 129, Span: span, Want: []int{0, 20}})
	}
}

// testChunks runs more rows at once than a backend's scratch memory may hold, in sequences of every regime, and goes on behind
// them: a few rows of blocks that are written already, then new ones. So many rows take the reference long; they run on the first
// shape and on the one that has every knob.
func testChunks(t *testing.T, opener opener, dtype transformer.Dtype, seed uint64) {
	const n = 192
	shapes, spans := shapes(), []int{1, 32, 0}
	for _, c := range []transformer.Config{shapes[0], shapes[len(shapes)-1]} {
		t.Run(c.Name, func(t *testing.T) {
			f := opener.fixture(t, c, dtype, rand.New(rand.NewPCG(seed, 98)))
			p := f.pair(t, len(spans), n+40)
			for _, at := range [][2]int{{0, n}, {n - 20, 20}, {n, 40}} {
				passes := make([]transformer.Pass, len(spans))
				for i, span := range spans {
					rows := at[1]
					passes[i] = transformer.Pass{Tokens: f.tokens(rows), Start: at[0], Span: span,
						Want: []int{0, rows / 2, rows*2/3 - 1, rows * 2 / 3, rows - 1}}
				}
				p.forward(t, passes...)
			}
		})
	}
}

// testRagged batches sequences of every regime and length, some of which are skipped, and leaves some without a pass.
func testRagged(t *testing.T, f *fixture) {
	const sequences, slots = 5, 64
	p := f.pair(t, sequences, slots)
	written := make([]int, sequences)
	for range 8 {
		passes := make([]transformer.Pass, 1+f.random.IntN(sequences))
		for i := range passes {
			if f.random.IntN(4) == 0 {
				continue
			}
			start := f.random.IntN(min(written[i], slots-1) + 1)
			if f.random.IntN(2) == 0 {
				start = min(written[i], slots-1)
			}
			n := 1 + f.random.IntN(min(24, slots-start))
			passes[i] = transformer.Pass{Tokens: f.tokens(n), Start: start, Span: []int{0, 1, 4, 7, 16}[f.random.IntN(5)]}
			written[i] = max(written[i], start+n)
		}
		p.forward(t, passes...)
	}
}

// testBatchInvariance compares, bit for bit, sequences that share their forwards with the same sequences alone and
// with the batch in another order.
func testBatchInvariance(t *testing.T, f *fixture) {
	const slots, steps = 48, 4
	for _, sequences := range []int{2, 3, 8} {
		plan := make([][]transformer.Pass, sequences) // [sequence][step]
		for i := range plan {
			span, at := []int{1, 1, 8, 0}[f.random.IntN(4)], 0
			for step := range steps {
				n := 8
				if step == 0 {
					n = 8 * (1 + f.random.IntN(3))
				} else if span == 1 {
					n = 1
				}
				x := f.tokens(n)
				plan[i] = append(plan[i], transformer.Pass{Tokens: x, Start: at, Span: span, Want: all(x)})
				if at += n; at+8 > slots {
					at -= 8
				}
			}
		}
		order := f.random.Perm(sequences)
		together, alone := open(t, f.backend, sequences, slots), make([]transformer.Session, sequences)
		for i := range alone {
			alone[i] = open(t, f.backend, 1, slots)
		}
		vocab := f.backend.Config().Vocab
		for step := range steps {
			passes := make([]transformer.Pass, sequences)
			for i, at := range order {
				passes[at] = plan[i][step]
			}
			guesses, logits := forward(t, together, vocab, passes)
			for i, at := range order {
				g, l := forward(t, alone[i], vocab, []transformer.Pass{plan[i][step]})
				if !slices.Equal(l[0], logits[at]) || !slices.Equal(g[0], guesses[at]) {
					t.Fatalf("step %d: a sequence (span %d) alone differs from itself in a batch of %d: by %.2g",
						step, plan[i][step].Span, sequences, distance(l[0], logits[at]))
				}
			}
		}
	}
}
