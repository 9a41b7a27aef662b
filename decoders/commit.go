package decoders

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"tandem/transformer"
)

// A Policy chooses which guesses to commit: indices into masked, the guesses for the masked positions of a block. It
// chooses at least one. One policy serves one block, forward after forward.
type Policy func(masked []transformer.Guess) (commit []int)

// A Score ranks guesses for Quota; the highest is committed first.
type Score string

// The scores. LowConfidence has its name from LLaDA, which keeps guesses of low confidence masked. Dream calls
// LowConfidence maskgit_plus, Margin topk_margin and Entropy entropy.
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

// Quota divides a block's masks evenly among so many steps (forwards); the first steps take the remainder. Each forward
// commits the best guesses by score [LLaDA generate.py, get_num_transfer_tokens]. Where there are fewer masks than steps,
// each forward commits one.
//
//	quota_i = masks/steps + (1 if i < masks mod steps)
func Quota(masks, steps int, score Score, noise *rand.Rand) Policy {
	rank := confidence
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

// Threshold commits every guess of probability p >= threshold, and always the most probable one [Fast-dLLM v1].
func Threshold(threshold float64) Policy {
	return func(masked []transformer.Guess) []int {
		order, n := ranked(masked, confidence), 1
		for n < len(order) && masked[order[n]].P >= float32(threshold) {
			n++
		}
		return order[:min(n, len(order))]
	}
}

// Factor sorts the guesses by descending probability. It always commits rank 1, and rank n = 2, 3, … as long as
// p_n >= 1 - factor/(n+1) [Fast-dLLM v1].
func Factor(factor float64) Policy {
	return func(masked []transformer.Guess) []int {
		order, n := ranked(masked, confidence), 1
		for n < len(order) && confidence(masked[order[n]]) >= 1-factor/float64(n+2) {
			n++
		}
		return order[:min(n, len(order))]
	}
}

// EntropyBound sorts the guesses by ascending entropy and commits as many, k, as it can while the entropies of all but the
// last of them add up to no more than bound, in nats [EB-sampler, arXiv 2505.24857]:
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

// A PolicySpec is all that decoders know of a commit policy: an entry of the table below, or one from outside of this
// package in Settings.Custom.
type PolicySpec struct {
	// Name is how decoders' names show a policy of Settings.Custom: "best" or "best=2". One of the table is shown by its
	// settings.
	Name string
	// New makes the policy for one block with so many masks. noise is the decoding's own source of random numbers.
	New func(s Settings, masks int, noise *rand.Rand) Policy
	// Device is the policy in the form that devices know. Without one, or where ok is false, the host decides forward by
	// forward what is committed.
	Device func(s Settings) (p transformer.CommitPolicy, ok bool)
	// Random says whether the policy draws from noise; nil: never.
	Random func(s Settings) bool

	options []option          // of the table: its settings. The policy is chosen where the first of them is set.
	resolve func(s *Settings) // of the table: fills in what a name left open; nil: nothing
}

// policies is the table of commit policies, in the order in which names show their settings. To add one is to add an entry
// here, and to Settings the fields that it reads.
var policies = []PolicySpec{
	{
		options: []option{floatOption("threshold", onlyDiffusion, func(s *Settings) *float64 { return &s.Threshold }, 1)},
		New:     func(s Settings, _ int, _ *rand.Rand) Policy { return Threshold(s.Threshold) },
		Device: func(s Settings) (transformer.CommitPolicy, bool) {
			return transformer.CommitPolicy{Kind: transformer.ByThreshold, Score: transformer.HighP, Value: s.Threshold}, true
		},
	},
	{
		options: []option{floatOption("factor", onlyDiffusion, func(s *Settings) *float64 { return &s.Factor }, 1e6)},
		New:     func(s Settings, _ int, _ *rand.Rand) Policy { return Factor(s.Factor) },
		Device: func(s Settings) (transformer.CommitPolicy, bool) {
			return transformer.CommitPolicy{Kind: transformer.ByFactor, Score: transformer.HighP, Value: s.Factor}, true
		},
	},
	{
		options: []option{floatOption("entropy_bound", onlyDiffusion, func(s *Settings) *float64 { return &s.EntropyBound }, 1e6)},
		New:     func(s Settings, _ int, _ *rand.Rand) Policy { return EntropyBound(s.EntropyBound) },
		Device: func(s Settings) (transformer.CommitPolicy, bool) {
			return transformer.CommitPolicy{Kind: transformer.ByEntropy, Score: transformer.LowEntropy, Value: s.EntropyBound}, true
		},
	},
	{
		options: []option{
			wordOption("quota", onlyDiffusion, func(s *Settings) *Score { return &s.Quota }, LowConfidence, Random, Margin, Entropy),
			intOption("steps", onlyDiffusion, func(s *Settings) *int { return &s.Steps }),
		},
		New: func(s Settings, masks int, noise *rand.Rand) Policy { return Quota(masks, s.Steps, s.Quota, noise) },
		Device: func(s Settings) (transformer.CommitPolicy, bool) { // devices know no random scores
			score, ok := map[Score]transformer.Score{LowConfidence: transformer.HighP, Margin: transformer.HighMargin,
				Entropy: transformer.LowEntropy}[s.Quota]
			return transformer.CommitPolicy{Kind: transformer.ByQuota, Score: score, Steps: s.Steps}, ok
		},
		Random: func(s Settings) bool { return s.Quota == Random },
		resolve: func(s *Settings) {
			if s.Steps == 0 {
				s.Steps = s.Block
			}
		},
	},
}

// key is the setting that chooses a policy of the table.
func (p *PolicySpec) key() string { return p.options[0].key }

// policyOptions are the settings of all policies of the table.
func policyOptions() (all []option) {
	for _, p := range policies {
		all = append(all, p.options...)
	}
	return all
}

// policyKeys are the settings that choose a policy.
func policyKeys() (keys []string) {
	for i := range policies {
		keys = append(keys, policies[i].key())
	}
	return keys
}

// policies are those that the settings choose: one of resolved settings, at the most one of those that check accepts.
func (s Settings) policies() (chosen []*PolicySpec) {
	for i := range policies {
		if policies[i].options[0].get(&s) != nil {
			chosen = append(chosen, &policies[i])
		}
	}
	if s.Custom != nil {
		chosen = append(chosen, s.Custom)
	}
	return chosen
}

// hasPolicy says whether the settings choose a commit policy. resolve chooses one where they do not.
func (s Settings) hasPolicy() bool { return len(s.policies()) > 0 }

// policy makes the policy of resolved settings for a block with so many masks.
func (s Settings) policy(masks int, noise *rand.Rand) Policy {
	return s.policies()[0].New(s, masks, noise)
}

// devicePolicy is the policy of resolved settings as a device knows it; not ok: the host has to decide.
func (s Settings) devicePolicy() (p transformer.CommitPolicy, ok bool) {
	if device := s.policies()[0].Device; device != nil {
		return device(s)
	}
	return p, false
}

// checkPolicy finds contradictions among the settings of policies.
func (s Settings) checkPolicy() error {
	if len(s.policies()) > 1 {
		keys := policyKeys()
		last := len(keys) - 1
		return fmt.Errorf("only one of %s and %s decides what is committed", strings.Join(keys[:last], ", "), keys[last])
	}
	if s.Custom != nil && (s.Custom.Name == "" || s.Custom.New == nil) {
		return fmt.Errorf("a custom policy needs a Name and New")
	}
	for _, p := range policies {
		for _, o := range p.options[1:] {
			if o.get(&s) != nil && p.options[0].get(&s) == nil {
				return fmt.Errorf("%s needs %s", o.key, p.key())
			}
		}
	}
	return nil
}
