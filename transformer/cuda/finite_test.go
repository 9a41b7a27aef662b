//go:build linux

package cuda_test

import (
	"math"
	"strings"
	"testing"

	"tandem/decoders"
	"tandem/transformer"
	"tandem/transformer/cuda"
	"tandem/transformer/cuda/fake"
)

// TestDecodesThatAreNoNumbers: guesses that are no numbers end a decoding on the device with the error of the loop on the host, after steps of
// numbers alone, and the session can be used again.
func TestDecodesThatAreNoNumbers(t *testing.T) {
	for _, dtype := range []transformer.Dtype{transformer.F32, transformer.BF16} {
		weights := transformer.Random(toy, dtype, 3)
		weights.Layers[1].MLPNorm[3] = float32(math.NaN())
		backend, err := cuda.New(weights, cuda.Options{Driver: fake.Path(t)})
		if err != nil {
			t.Fatal(err)
		}
		defer backend.Close()
		for _, name := range []string{"ar", "diffusion", "diffusion/factor=1", "diffusion/entropy_bound=1", "diffusion/quota=margin/steps=2", "diffusion/temperature=0.8/top_k=4"} {
			settings, err := decoders.ParseName(name)
			if err != nil {
				t.Fatal(err)
			}
			d, err := decoders.New(backend, settings, 20)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				var errs []error
				for _, err := range d.Decode(t.Context(), requests()[6]) {
					errs = append(errs, err)
				}
				if len(errs) != 1 || errs[0] == nil || !strings.Contains(errs[0].Error(), "no finite probability") {
					t.Errorf("%s in %s: %v", name, dtype, errs)
				}
			}
			if err := d.(interface{ Close() error }).Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestNoNumbersAreCommittedOnce: such guesses have no rank, and the kernel that commits them must not lose its way.
func TestNoNumbersAreCommittedOnce(t *testing.T) {
	weights := transformer.Random(toy, transformer.F32, 3)
	weights.Layers[1].MLPNorm[3] = float32(math.NaN())
	backend, err := cuda.New(weights, cuda.Options{Driver: fake.Path(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer backend.Close()
	session, err := backend.Open(1, 64)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	for _, policy := range []transformer.CommitPolicy{{Kind: transformer.ByThreshold, Value: 0.9}, {Kind: transformer.ByFactor, Value: 1},
		{Kind: transformer.ByEntropy, Score: transformer.LowEntropy}, {Kind: transformer.ByQuota, Score: transformer.HighMargin, Steps: 3}} {
		tokens := make([]int32, 64)
		decode := transformer.DeviceDecode{Tokens: tokens, Prompt: 5, Block: 16, Policy: policy, Seeds: []uint64{1}, Ban: []int32{20}}
		committed := map[int]bool{}
		err := session.(transformer.DeviceDecoder).DecodeOnDevice(t.Context(), decode, func(f transformer.ForwardResult) bool {
			for _, c := range f.Commits {
				if c.Pos < decode.Prompt || c.Pos >= len(tokens) || committed[c.Pos] || c.P == c.P {
					t.Errorf("%+v commits %+v", policy, c)
				}
				committed[c.Pos] = true
			}
			return true
		})
		if err != nil || len(committed) != len(tokens)-decode.Prompt {
			t.Errorf("%+v commits %d positions, %v", policy, len(committed), err)
		}
	}
}
