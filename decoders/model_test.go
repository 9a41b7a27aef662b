package decoders

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"tandem/record"
	"tandem/transformer"
	"tandem/transformer/transformertest"
)

// toy is a small random model in float64. Its EOS comes up now and then.
func toy(shifted bool) transformer.Backend {
	config := transformer.Config{Name: "toy", Layers: 2, Hidden: 16, Intermediate: 24, Heads: 4, KVHeads: 2, HeadDim: 6,
		Vocab: 23, RopeTheta: 1e4, NormEps: 1e-6, Tied: true, MaskToken: 20, EOSTokens: []int32{21}, BlockSizes: []int{4}, Shifted: shifted}
	return transformertest.Reference(transformer.Random(config, transformer.F32, 3))
}

func decode(t *testing.T, backend transformer.Backend, name string, req Request) record.Trace {
	t.Helper()
	settings, err := ParseName(name)
	if err != nil {
		t.Fatal(err)
	}
	d, err := New(backend, settings, len(req.Prompt)+req.MaxTokens)
	if err != nil {
		t.Fatal(err)
	}
	return collect(t, d, req)
}

func collect(t *testing.T, d Decoder, req Request) (trace record.Trace) {
	t.Helper()
	for step, err := range d.Decode(t.Context(), req) {
		if err != nil {
			t.Fatalf("%s: %v", d.Name(), err)
		}
		trace = append(trace, step)
	}
	return trace
}

// requests are prompts on both sides of the block boundaries.
func requests() (out []Request) {
	for n := 1; n <= 9; n++ {
		prompt := make([]int32, n)
		for i := range prompt {
			prompt[i] = int32(7*i+n*n) % 20
		}
		out = append(out, Request{Prompt: prompt, MaxTokens: 11, Seed: uint64(n), Forced: n%3 == 0})
	}
	return out
}

// TestExactCaches: a cached decoding writes the same tokens as the one that computes everything in every forward.
// Refreshes alone (one step per block) leave nothing for the prefix and dual caches to approximate.
func TestExactCaches(t *testing.T) {
	policies := []string{"threshold=0.25", "factor=2.5", "entropy_bound=2", "quota=low-confidence/steps=2",
		"quota=random/steps=3", "quota=margin/steps=2", "quota=entropy/steps=2"}
	pairs := [][2]string{{"ar", "ar/uncached"}, {"ar/temperature=0.9/top_p=0.9", "ar/uncached/temperature=0.9/top_p=0.9"}}
	for _, p := range policies {
		for _, sampling := range []string{"", "/temperature=0.8/top_k=9"} {
			pairs = append(pairs, [2]string{"diffusion/block=4/" + p + sampling, "diffusion/uncached/block=4/" + p + sampling})
		}
	}
	for _, cache := range []string{"prefix", "dual"} {
		pairs = append(pairs, [2]string{"diffusion/cache=" + cache + "/block=3/quota=margin/steps=1",
			"diffusion/cache=none/block=3/quota=margin/steps=1"})
	}
	for _, shifted := range []bool{false, true} {
		for _, pair := range pairs {
			t.Run(fmt.Sprint(pair[0], " shifted=", shifted), func(t *testing.T) {
				for _, req := range requests() {
					got, want := decode(t, toy(shifted), pair[0], req), decode(t, toy(shifted), pair[1], req)
					if !slices.Equal(got.Tokens(), want.Tokens()) {
						t.Errorf("prompt of %d: %v, uncached %v", len(req.Prompt), got.Tokens(), want.Tokens())
					}
				}
			})
		}
	}
}

// TestApproximateCaches: with more steps the prefix and dual caches keep K/V that are out of date. If this test
// failed, the ones above would prove nothing.
func TestApproximateCaches(t *testing.T) {
	for _, cache := range []string{"prefix", "dual"} {
		differ := false
		for _, req := range requests() {
			got := decode(t, toy(false), "diffusion/cache="+cache+"/block=4/quota=margin", req)
			differ = differ || !slices.Equal(got.Tokens(), decode(t, toy(false), "diffusion/cache=none/block=4/quota=margin", req).Tokens())
		}
		if !differ {
			t.Errorf("cache %s never differs from none", cache)
		}
	}
}

// TestGreedyIsArgmax compares with the argmax of the raw logits of a fresh session for every token.
func TestGreedyIsArgmax(t *testing.T) {
	backend := toy(false)
	config := backend.Config()
	for _, req := range requests() {
		text := slices.Clone(req.Prompt)
		for len(text) < len(req.Prompt)+req.MaxTokens {
			session, err := backend.Open(1, len(text))
			if err != nil {
				t.Fatal(err)
			}
			logits := make([]float32, config.Vocab)
			pass := transformer.Pass{Tokens: text, Span: 1, Want: []int{len(text) - 1}, Logits: logits}
			if _, err := session.Forward(t.Context(), []transformer.Pass{pass}); err != nil {
				t.Fatal(err)
			}
			best := int32(0)
			for token := range int32(config.Vocab) {
				banned := token == config.MaskToken || req.Forced && token == config.EOSTokens[0]
				if !banned && logits[token] > logits[best] {
					best = token
				}
			}
			text = append(text, best)
			if best == config.EOSTokens[0] {
				break
			}
		}
		if got := decode(t, backend, "ar", req).Tokens(); !slices.Equal(got, text[len(req.Prompt):]) {
			t.Errorf("prompt of %d: %v, want %v", len(req.Prompt), got, text[len(req.Prompt):])
		}
	}
}

// TestForcedLength: a forced decoding writes every position once, with neither a mask nor an EOS.
func TestForcedLength(t *testing.T) {
	for _, name := range []string{"ar", "diffusion", "diffusion/cache=none", "diffusion/cache=prefix/block=3", "diffusion/cache=dual/block=5"} {
		for _, shifted := range []bool{false, true} {
			for _, req := range requests() {
				req.Forced = true
				trace, commits := decode(t, toy(shifted), name, req), 0
				for _, step := range trace {
					commits += len(step.Commits)
				}
				tokens := trace.Tokens()
				ends := slices.ContainsFunc(tokens, func(token int32) bool { return token < 0 || token == 20 || token == 21 })
				if len(tokens) != req.MaxTokens || commits != req.MaxTokens || ends {
					t.Errorf("%s: %d commits, tokens %v", name, commits, tokens)
				}
			}
		}
	}
}

func ExampleNew() {
	settings, err := ParseName("diffusion/block=4/quota=low-confidence/steps=2")
	if err != nil {
		panic(err)
	}
	d, err := New(toy(false), settings, 16)
	if err != nil {
		panic(err)
	}
	for step, err := range d.Decode(context.Background(), Request{Prompt: []int32{1, 2, 3, 4, 5}, MaxTokens: 5, Forced: true}) {
		if err != nil {
			panic(err)
		}
		fmt.Println(step.Kind, "rows", step.Rows, "reach", step.Reach, "commits", len(step.Commits))
	}
	// Output:
	// prefill rows 8 reach 8 commits 2
	// denoise rows 4 reach 8 commits 1
	// denoise rows 6 reach 10 commits 1
	// denoise rows 2 reach 10 commits 1
}
