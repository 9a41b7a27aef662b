package decoders

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"

	"tandem/record"
	"tandem/transformer"
)

// diffusion starts from masks and refines them block by block: a forward guesses for all masks of the block at once, and
// the commit policy commits some of the guesses, until no mask is left ("absorbing" diffusion). A committed token is never
// revised. The decoding stops early when an EOS is committed with no mask before it.
//
// The last block may be shorter: it ends where the token budget ends, so that no row is computed in vain.
//
// With Config.Shifted the row before a position guesses for it, so a pass has one more row, on the left.
type diffusion struct{ decoder }

func (d *diffusion) Decode(ctx context.Context, req Request) iter.Seq2[record.Step, error] {
	return d.decode(ctx, req, func(r *run) {
		for range req.MaxTokens {
			r.text = append(r.text, d.config.MaskToken)
		}
		w := &diffusionRun{run: r, settings: d.settings, noise: rand.New(rand.NewPCG(req.Seed, 0x9e3779b97f4a7c15))}
		if d.config.Shifted {
			w.shift = 1
		}
		if d.settings.Cache == "" || d.settings.Cache == CacheBlock {
			w.blockCausal()
		} else {
			w.wholeSequence()
		}
	})
}

// A diffusionRun is one decoding by diffusion.
type diffusionRun struct {
	*run
	settings Settings
	shift    int        // row i guesses for position i+shift
	noise    *rand.Rand // of the random score and of the seeds of the forwards
}

// blockCausal refines blocks aligned at position 0; a block attends to itself and to all before it [BD3-LM, SDAR]. Before
// a block is refined, the K/V of all before it must be final and stored: those of the prompt's whole blocks (the rest of
// the prompt is part of the first block), then those of each finished block. The first forward of a block computes them as
// additional rows. That is exact, since these rows do not attend to the block, and it computes no position more often than
// separate forwards would. The published decoders store by separate forwards; the control Separate does so here. The
// uncached control computes all blocks so far in every forward. The output of the three is the same.
//
// Where the session's device decodes by itself, all this runs there: the same forwards, without the host between them.
//
// With shifted logits the row before a block belongs to the previous block. So a separate forward stores that block and
// guesses for the first position of the next one [Fast-dLLM v2].
func (w *diffusionRun) blockCausal() {
	if w.onDevice() {
		return
	}
	size, prompt, total := w.settings.Block, len(w.req.Prompt), len(w.text)
	separate := w.settings.Separate || w.shift == 1
	start, stored := prompt/size*size, 0
	if start > 0 && separate {
		if !w.store(record.Prefill, start) {
			return
		}
		stored = start
	}
	kind := record.Denoise
	if start > stored && !w.settings.Uncached {
		kind = record.Prefill
	}
	for start < total {
		end := min(start+size, total)
		policy := w.settings.policy(len(w.masks(start, end)), w.noise)
		for !w.ended() && len(w.masks(start, end)) > 0 {
			if !w.denoise(kind, w.kept(stored), end, size, w.masks(start, end), policy) {
				return
			}
			kind, stored = record.Denoise, start
		}
		if w.ended() || end == total {
			return
		}
		if separate {
			if !w.store(record.Store, end) {
				return
			}
			stored = end
		}
		start = end
	}
}

// kept is how many of the stored K/V a forward uses; the uncached control uses none.
func (w *diffusionRun) kept(stored int) int {
	if w.settings.Uncached {
		return 0
	}
	return stored
}

// store computes the K/V of text[:to] that are not stored yet: the prompt, or the block before to.
func (w *diffusionRun) store(kind record.Kind, to int) bool {
	from, next := 0, []int{} // next: positions that the last row guesses for
	if kind == record.Store {
		from = w.kept(to - w.settings.Block)
	}
	if w.shift == 1 {
		next = w.masks(to, to+1)
	}
	return w.denoise(kind, from, to, w.settings.Block, next, func(g []transformer.Guess) []int { return []int{0}[:len(g)] })
}

// wholeSequence refines blocks counted from the end of the prompt; every row attends to the whole text, masks of later
// blocks included [LLaDA generate.py]. With the prefix and dual caches [Fast-dLLM v1] the first forward of a block covers
// the whole text, renews all K/V and commits. The further forwards of the block compute the text from the block on
// (prefix) or only the block (dual), over the K/V of the first forward. These caches are approximations: the kept K/V do
// not take into account what was committed since.
func (w *diffusionRun) wholeSequence() {
	total := len(w.text)
	for start := len(w.req.Prompt); start < total; start += w.settings.Block {
		end := min(start+w.settings.Block, total)
		policy := w.settings.policy(end-start, w.noise)
		kind, from, to := record.Refresh, 0, total
		if w.settings.Cache == CacheNone {
			kind = record.Denoise
		}
		for !w.ended() && len(w.masks(start, end)) > 0 {
			if !w.denoise(kind, from, to, 0, w.masks(start, end), policy) {
				return
			}
			switch w.settings.Cache {
			case CachePrefix:
				kind, from = record.Denoise, start-w.shift
			case CacheDual:
				kind, from, to = record.Denoise, start-w.shift, end
			}
		}
	}
}

// masks are the masked positions of the output within text[from:to].
func (w *diffusionRun) masks(from, to int) []int {
	var at []int
	for i := max(from, len(w.req.Prompt)); i < min(to, len(w.text)); i++ {
		if w.text[i] == w.config.MaskToken {
			at = append(at, i)
		}
	}
	return at
}

// denoise computes text[from:to], guesses for the masked positions, commits those that the policy chooses and
// yields the step.
func (w *diffusionRun) denoise(kind record.Kind, from, to, span int, masked []int, policy Policy) bool {
	want := make([]int, len(masked))
	for i, at := range masked {
		want[i] = at - w.shift - from
	}
	if len(masked) > 0 {
		w.pass.Seed = w.noise.Uint64() // fresh noise for each forward that guesses
	}
	step, guesses, ok := w.forward(kind, from, to, span, want)
	if !ok {
		return false
	}
	chosen := policy(guesses)
	slices.Sort(chosen)
	if n := len(chosen); len(masked) > 0 && (n == 0 || chosen[0] < 0 || chosen[n-1] >= len(masked)) {
		w.yield(record.Step{}, fmt.Errorf("%s forward at position %d: the commit policy chose %v of %d guesses; it must choose at least one, "+
			"by its index", kind, from, chosen, len(masked)))
		return false
	}
	for _, i := range chosen {
		step.Commits = append(step.Commits, w.commit(masked[i], guesses[i]))
	}
	return w.yield(step, nil)
}
