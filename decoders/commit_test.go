package decoders

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"tandem/transformer"
)

func TestPolicies(t *testing.T) {
	guesses := []transformer.Guess{
		{P: 0.50, Margin: 0.40, Entropy: 1.0},
		{P: 0.95, Margin: 0.10, Entropy: 0.3},
		{P: 0.90, Margin: 0.85, Entropy: 0.1},
		{P: 0.60, Margin: 0.30, Entropy: 0.4},
	}
	low := []transformer.Guess{{P: 0.2, Entropy: 2}, {P: 0.3, Entropy: 1.5}}
	for _, c := range []struct {
		name   string
		policy Policy
		in     []transformer.Guess
		want   []int
	}{
		{"threshold", Threshold(0.9), guesses, []int{1, 2}}, // 0.9 itself counts
		{"threshold: the best at least", Threshold(0.9), low, []int{1}},
		{"threshold: all", Threshold(0.5), guesses, []int{1, 2, 3, 0}},
		// factor 1: rank 2 needs 1-1/3 (0.90 has it), rank 3 needs 1-1/4 (0.60 has not)
		{"factor 1", Factor(1), guesses, []int{1, 2}},
		// factor 2: rank 3 needs 1-2/4 = 0.5, rank 4 needs 1-2/5 = 0.6 (0.50 has not)
		{"factor 2", Factor(2), guesses, []int{1, 2, 3}},
		{"factor: the best at least", Factor(0.1), low, []int{1}},
		// entropies 0.1 0.3 0.4 1.0: without the last of k they sum to 0, 0.1, 0.4, 0.8
		{"entropy bound 0.05", EntropyBound(0.05), guesses, []int{2}},
		{"entropy bound 0.35", EntropyBound(0.35), guesses, []int{2, 1}},
		{"entropy bound 0.5", EntropyBound(0.5), guesses, []int{2, 1, 3}},
		{"entropy bound 0.9", EntropyBound(0.9), guesses, []int{2, 1, 3, 0}},
		{"quota low-confidence", Quota(4, 2, LowConfidence, nil), guesses, []int{1, 2}},
		{"quota margin", Quota(4, 2, Margin, nil), guesses, []int{2, 0}},
		{"quota entropy", Quota(4, 2, Entropy, nil), guesses, []int{2, 1}},
		{"quota above the masks", Quota(4, 1, Margin, nil), low, []int{0, 1}},
		{"ties by position", Threshold(1), []transformer.Guess{{P: .5}, {P: .5}}, []int{0}},
	} {
		if got := c.policy(c.in); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

func TestQuotaSchedule(t *testing.T) {
	for _, c := range []struct {
		masks, steps int
		want         []int
	}{
		{8, 4, []int{2, 2, 2, 2}},
		{7, 3, []int{3, 2, 2}}, // the remainder first
		{3, 8, []int{1, 1, 1}}, // no forward without a commit
		{5, 1, []int{5}},
	} {
		policy, left, got := Quota(c.masks, c.steps, LowConfidence, nil), c.masks, []int(nil)
		for left > 0 {
			n := len(policy(make([]transformer.Guess, left)))
			got, left = append(got, n), left-n
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%d masks in %d steps: got %v, want %v", c.masks, c.steps, got, c.want)
		}
	}
}

// TestQuotaRandom commits each position first about equally often, whatever its probability.
func TestQuotaRandom(t *testing.T) {
	noise, first := rand.New(rand.NewPCG(1, 2)), make([]int, 4)
	for range 4000 {
		got := Quota(4, 4, Random, noise)([]transformer.Guess{{P: 1}, {P: .5}, {P: .2}, {P: .1}})
		first[got[0]]++
	}
	if slices.Min(first) < 900 || slices.Max(first) > 1100 {
		t.Errorf("first commits %v are not uniform", first)
	}
}
