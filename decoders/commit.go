package decoders

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"tandem/transformer"
)

// A Policy chooses which of the masked positions' guesses to commit: indices into masked, in the order of
// preference, at least one where masked is not empty. A policy serves one block, forward after forward.
type Policy func(masked []transformer.Guess) (commit []int)

// A Score ranks guesses for Quota; the highest is committed first.
type Score string

// The scores. LowConfidence is LLaDA's name: it leaves those of low confidence masked. The last three are Dream's
// maskgit_plus (the same as LowConfidence), topk_margin and entropy.
const (
	LowConfidence Score = "low-confidence" // p, the probability of the token
	Random        Score = "random"         // U(0,1)
	Margin        Score = "margin"         // p1 - p2, of the two most probable tokens
	Entropy       Score = "entropy"        // sum p log p
)

// ranked are the indices of guesses by descending score, ties by position.
func ranked(guesses []transformer.Guess, score func(g transformer.Guess) float64) []int {
	order, scores := make([]int, len(guesses)), make([]float64, len(guesses))
	for i, g := range guesses {
		order[i], scores[i] = i, score(g)
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
	return order
}

func confidence(g transformer.Guess) float64 { return float64(g.P) }

// Quota spreads a block's masks evenly over steps forwards, the remainder over the first ones, and commits the
// best by score [LLaDA generate.py, get_num_transfer_tokens]. Where there are fewer masks than steps each forward
// commits one: no forward is wasted.
//
//	quota_i = masks/steps + (1 if i < masks mod steps)
func Quota(masks, steps int, score Score, noise *rand.Rand) Policy {
	rank := func(g transformer.Guess) float64 { return float64(g.P) }
	switch score {
	case Random:
		rank = func(transformer.Guess) float64 { return noise.Float64() }
	case Margin:
		rank = func(g transformer.Guess) float64 { return float64(g.Margin) }
	case Entropy:
		rank = func(g transformer.Guess) float64 { return -float64(g.Entropy) }
	}
	step := 0
	return func(masked []transformer.Guess) []int {
		quota := masks / steps
		if step < masks%steps {
			quota++
		}
		step++
		return ranked(masked, rank)[:min(max(quota, 1), len(masked))]
	}
}

// Threshold commits every guess of probability p >= threshold, and always the best one [Fast-dLLM v1].
func Threshold(threshold float64) Policy {
	return func(masked []transformer.Guess) []int {
		order, n := ranked(masked, confidence), 1
		for n < len(order) && masked[order[n]].P >= float32(threshold) {
			n++
		}
		return order[:min(n, len(order))]
	}
}

// Factor sorts by descending probability and accepts rank n = 2, 3, … while p_n >= 1 - factor/(n+1); rank 1 is
// free [Fast-dLLM v1].
func Factor(factor float64) Policy {
	return func(masked []transformer.Guess) []int {
		order, n := ranked(masked, confidence), 1
		for n < len(order) && confidence(masked[order[n]]) >= 1-factor/float64(n+2) {
			n++
		}
		return order[:min(n, len(order))]
	}
}

// EntropyBound sorts by ascending entropy and commits the most, k, for which the entropies of all but the last
// stay within a bound, in nats [EB-sampler, arXiv 2505.24857]:
//
//	H_1 + … + H_k - H_k <= bound
func EntropyBound(bound float64) Policy {
	return func(masked []transformer.Guess) []int {
		order := ranked(masked, func(g transformer.Guess) float64 { return -float64(g.Entropy) })
		n, sum := 0, 0.0
		for n < len(order) && sum <= bound {
			sum += float64(masked[order[n]].Entropy)
			n++
		}
		return order[:n]
	}
}

// policy makes the policy of the settings for a block with so many masks.
func (s Settings) policy(masks int, noise *rand.Rand) Policy {
	switch {
	case s.Factor != 0:
		return Factor(s.Factor)
	case s.EntropyBound != 0:
		return EntropyBound(s.EntropyBound)
	case s.Quota != "":
		return Quota(masks, s.Steps, s.Quota, noise)
	}
	return Threshold(s.Threshold)
}
