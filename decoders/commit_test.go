package decoders

import (
	"context"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
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

// A device counts the decodings that are left to it, and does nothing.
type device struct {
	transformer.Session
	decodes int
}

func (d *device) DecodeOnDevice(context.Context, transformer.DeviceDecode, func(transformer.ForwardResult) bool) error {
	d.decodes++
	return nil
}

// TestPoliciesWithoutADevice: what a policy of the table commits is also committed by the same policy without a device's
// form, which the loop on the host decodes although the session's device could decode by itself.
func TestPoliciesWithoutADevice(t *testing.T) {
	names := map[string]string{"threshold": "threshold=0.06", "factor": "factor=2.85", "entropy_bound": "entropy_bound=2",
		"quota": "quota=margin/steps=2"}
	for i := range policies {
		settings, err := ParseName("diffusion/block=4/" + names[policies[i].key()])
		if err != nil {
			t.Fatal(err)
		}
		custom := &PolicySpec{Name: "own", New: func(_ Settings, masks int, noise *rand.Rand) Policy {
			return policies[i].New(settings, masks, noise)
		}}
		backend := toy(false)
		on := func(s Settings) (d Decoder, counted *device) {
			session, err := backend.Open(1, 32)
			if err != nil {
				t.Fatal(err)
			}
			counted = &device{Session: session}
			if d, err = On(counted, backend.Config(), s, 32); err != nil {
				t.Fatal(err)
			}
			return d, counted
		}
		known, left := on(settings)
		own, kept := on(Settings{Family: Diffusion, Block: 4, Custom: custom})
		for _, req := range requests() {
			if trace := collect(t, known, req); len(trace) > 0 {
				t.Errorf("%s: the host decodes what the device could", known.Name())
			}
			want := decode(t, backend, settings.Name(), req).Tokens()
			if got := collect(t, own, req).Tokens(); !slices.Equal(got, want) {
				t.Errorf("%s: the host commits %v, want %v", settings.Name(), got, want)
			}
		}
		if left.decodes != len(requests()) || kept.decodes != 0 {
			t.Errorf("%s: %d decodings on the device, %d without its form", settings.Name(), left.decodes, kept.decodes)
		}
	}
}

func TestCustomPolicy(t *testing.T) {
	custom := &PolicySpec{Name: "own", New: func(Settings, int, *rand.Rand) Policy { return Threshold(1) },
		Random: func(Settings) bool { return true }}
	s := Settings{Family: Diffusion, Block: 4, Custom: custom}
	if r := s.resolve(scriptConfig); r != s || s.Name() != "diffusion/block=4/own" || s.Info().Settings["policy"] != "own" || s.Greedy() {
		t.Errorf("%s, resolved %s, greedy %v, %v", s.Name(), r.Name(), s.Greedy(), s.Info())
	}
	for want, bad := range map[string]Settings{
		"only one of threshold, factor, entropy_bound and quota decides": {Family: Diffusion, Custom: custom, Threshold: 0.9},
		"a custom policy needs a Name and New":                           {Family: Diffusion, Custom: &PolicySpec{Name: "own"}},
	} {
		if _, err := On(&scripted{}, scriptConfig, bad, 8); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	for axis, want := range map[string]string{"block=8": "diffusion/block=8/own",
		"threshold=0.5": "diffusion/block=4/threshold=0.5"} {
		key, value, _ := strings.Cut(axis, "=")
		grid, err := sweep([]Settings{s}, []Axis{{key, []string{value}}})
		if err != nil || len(grid) != 1 || grid[0].Name() != want {
			t.Errorf("%s gives %v, %v, want %s", axis, grid, err, want)
		}
	}
}

// TestBadPolicies: a policy from outside that chooses nothing, or what is not there, ends the decoding with an error.
func TestBadPolicies(t *testing.T) {
	for _, chosen := range [][]int{nil, {-1}, {0, 3}} {
		custom := &PolicySpec{Name: "bad", New: func(Settings, int, *rand.Rand) Policy {
			return func([]transformer.Guess) []int { return slices.Clone(chosen) }
		}}
		session := &scripted{script: []string{"11@.5 12@.8 13@.9"}}
		d, err := On(session, scriptConfig, Settings{Family: Diffusion, Block: 4, Custom: custom}, 8)
		if err != nil {
			t.Fatal(err)
		}
		var errs []error
		for _, err := range d.Decode(t.Context(), Request{Prompt: []int32{1}, MaxTokens: 3}) {
			errs = append(errs, err)
		}
		if len(errs) != 1 || errs[0] == nil || !strings.Contains(errs[0].Error(), "of 3 guesses; it must choose at least one") {
			t.Errorf("%v: %v", chosen, errs)
		}
	}
}
