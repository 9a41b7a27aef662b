package decoders

import (
	"context"
	"iter"
	"math/rand/v2"
	"slices"

	"tandem/record"
	"tandem/transformer"
)

// diffusion starts from a canvas of masks and refines it block by block: a forward guesses for all masks of the
// block at once, the policy commits some of them, and so on until no mask is left ("absorbing" diffusion). A
// committed token is never revised. It stops early when an EOS is committed with no mask before it.
//
// The last block is as long as the token budget leaves, so that no row is computed which nobody asked for.
//
// With Config.Shifted the row before a position guesses for it, so a pass takes in one row more, to the left.
type diffusion struct{ decoder }

func (d *diffusion) Decode(ctx context.Context, req Request) iter.Seq2[record.Step, error] {
	return d.decode(ctx, req, func(r *run) {
		for range req.MaxTokens {
			r.text = append(r.text, d.config.MaskToken)
		}
		w := &refiner{run: r, settings: d.settings, noise: rand.New(rand.NewPCG(req.Seed, 0x9e3779b97f4a7c15))}
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

// A refiner is one decoding by diffusion.
type refiner struct {
	*run
	settings Settings
	shift    int        // row i guesses for position i+shift
	noise    *rand.Rand // of the random score and of the seeds of the forwards
}

// blockCausal refines blocks aligned at position 0 that see themselves and all before [BD3-LM, SDAR]: the whole
// blocks of the prompt are stored first, its remainder sits in the first block, and every finished block is
// forwarded once more to store its K/V. The uncached control computes all blocks so far in every forward; its
// output is the same.
//
// With shifted logits the row before a block belongs to the block before, so the forward that stores that one
// guesses for the block's first position [Fast-dLLM v2].
func (w *refiner) blockCausal() {
	size, prompt, total := w.settings.Block, len(w.req.Prompt), len(w.text)
	start := prompt / size * size
	if start > 0 && !w.store(record.Prefill, 0, start) {
		return
	}
	for start < total {
		end := min(start+size, total)
		from := start
		if w.settings.Uncached {
			from = 0
		}
		policy := w.settings.policy(len(w.masks(start, end)), w.noise)
		for !w.ended() && len(w.masks(start, end)) > 0 {
			if !w.denoise(record.Denoise, from, end, size, w.masks(start, end), policy) {
				return
			}
		}
		if w.ended() || end == total || !w.store(record.Store, start, end) {
			return
		}
		start = end
	}
}

// store computes K/V that later blocks attend to. The uncached control keeps none.
func (w *refiner) store(kind record.Kind, from, to int) bool {
	next := []int{} // positions that the last row guesses for
	if w.shift == 1 {
		next = w.masks(to, to+1)
	}
	if w.settings.Uncached {
		if from = 0; len(next) == 0 {
			return true
		}
	}
	return w.denoise(kind, from, to, w.settings.Block, next, func(g []transformer.Guess) []int { return []int{0}[:len(g)] })
}

// wholeSequence refines blocks counted from the prompt's end, each row seeing the whole canvas, masks of later
// blocks included [LLaDA generate.py]. The prefix and dual caches [Fast-dLLM v1] renew all K/V by a forward over
// the canvas at the block's start, which commits too; the block's further forwards compute the canvas from the
// block on (prefix), or the block alone (dual), over the K/V kept from the first. They are approximations: kept K/V
// do not see what was committed since.
func (w *refiner) wholeSequence() {
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
func (w *refiner) masks(from, to int) []int {
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
func (w *refiner) denoise(kind record.Kind, from, to, span int, masked []int, policy Policy) bool {
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
	for _, i := range chosen {
		step.Commits = append(step.Commits, w.settle(masked[i], guesses[i]))
	}
	return w.yield(step, nil)
}
