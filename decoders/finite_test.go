package decoders

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"tandem/transformer"
	"tandem/transformer/cpu"
)

// families are one name of each way to decode.
var families = []string{"ar", "ar/uncached", "ar/temperature=0.8/top_k=3", "ar/temperature=0.8/top_p=0.5", "diffusion", "diffusion/uncached",
	"diffusion/separate", "diffusion/factor=1", "diffusion/entropy_bound=1", "diffusion/quota=margin/steps=2", "diffusion/temperature=0.8",
	"diffusion/cache=none/block=4", "diffusion/cache=prefix/block=4", "diffusion/cache=dual/block=4"}

// ends fails unless the decoding ends in errNotFinite after so many steps at most, all of numbers.
func ends(t *testing.T, d Decoder, most int) {
	t.Helper()
	steps := 0
	var last error
	for step, err := range d.Decode(t.Context(), Request{Prompt: []int32{1, 2, 3, 4, 5}, MaxTokens: 11, Seed: 1}) {
		if last = err; err != nil {
			continue
		}
		for _, c := range step.Commits {
			if p := float64(c.P); math.IsNaN(p) || math.IsInf(p, 0) {
				t.Errorf("%s commits %+v", d.Name(), c)
			}
		}
		if steps++; steps > most {
			t.Fatalf("%s goes on", d.Name())
		}
	}
	if !errors.Is(last, errNotFinite) {
		t.Errorf("%s ended with %v", d.Name(), last)
	}
}

// A sick session guesses the mask with a probability, a margin or an entropy that is no number.
type sick struct {
	scripted
	guess transformer.Guess
}

func (s *sick) Forward(_ context.Context, passes []transformer.Pass) ([][]transformer.Guess, error) {
	out := make([]transformer.Guess, len(passes[0].Want))
	for i := range out {
		out[i] = s.guess
	}
	return [][]transformer.Guess{out}, nil
}

// DecodeOnDevice commits two guesses, of which the second is no number, as a device does that does not look at them.
type sickDevice struct{ sick }

func (s *sickDevice) DecodeOnDevice(_ context.Context, d transformer.DeviceDecode, each func(transformer.ForwardResult) bool) error {
	good := transformer.Commit{Pos: d.Prompt, Token: 4, P: 0.5}
	bad := transformer.Commit{Pos: d.Prompt + 1, Token: mask, P: s.guess.P}
	for _, commit := range []transformer.Commit{good, bad, bad, bad} {
		if !each(transformer.ForwardResult{To: d.Prompt, Commits: []transformer.Commit{commit}}) {
			return nil
		}
	}
	return nil
}

func TestGuessesThatAreNoNumbers(t *testing.T) {
	nan, infinite := float32(math.NaN()), float32(math.Inf(1))
	for _, name := range families {
		settings, err := ParseName(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, guess := range []transformer.Guess{{Token: mask, P: nan}, {Token: mask, P: infinite}, {Token: mask, P: 1, Margin: nan}, {Token: mask, P: 1, Entropy: nan}} {
			session := &sick{guess: guess}
			d, err := On(session, scriptConfig, settings, 16)
			if err != nil {
				t.Fatal(err)
			}
			ends(t, d, 1) // a step that stores and guesses for nothing
		}
	}
	for _, name := range []string{"ar", "diffusion"} {
		settings, err := ParseName(name)
		if err != nil {
			t.Fatal(err)
		}
		d, err := On(&sickDevice{sick{guess: transformer.Guess{P: nan}}}, scriptConfig, settings, 16)
		if err != nil {
			t.Fatal(err)
		}
		ends(t, d, 1)
	}
}

// TestActivationsThatOverflow: with every kernel set, weights that are not finite, and finite ones whose products are not, end a
// decoding at once.
func TestActivationsThatOverflow(t *testing.T) {
	config := toy(false).Config()
	for what, spoil := range map[string]func(w *transformer.Weights){
		"NaN":      func(w *transformer.Weights) { w.Layers[1].MLPNorm[3] = float32(math.NaN()) },
		"infinite": func(w *transformer.Weights) { w.Layers[0].AttnNorm[3] = float32(math.Inf(1)) },
		"large norms": func(w *transformer.Weights) {
			for i := range w.Norm {
				w.Norm[i], w.Layers[1].MLPNorm[i] = 3e38, 3e38
			}
		},
	} {
		for _, dtype := range []transformer.Dtype{transformer.F32, transformer.BF16} {
			weights := transformer.Random(config, dtype, 3)
			spoil(weights)
			for _, kernels := range cpu.Kernels(dtype) {
				t.Run(fmt.Sprint(what, "/", dtype, "/", kernels), func(t *testing.T) {
					backend, err := cpu.New(weights, cpu.Options{Threads: 1, Kernels: kernels})
					if err != nil {
						t.Fatal(err)
					}
					defer backend.Close()
					for _, name := range families {
						settings, err := ParseName(name)
						if err != nil {
							t.Fatal(err)
						}
						d, err := New(backend, settings, 16)
						if err != nil {
							t.Fatal(err)
						}
						ends(t, d, 1)
						if err := d.(interface{ Close() error }).Close(); err != nil {
							t.Error(err)
						}
					}
				})
			}
		}
	}
}
