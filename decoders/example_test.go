package decoders_test

import (
	"context"
	"fmt"
	"math/rand/v2"

	"tandem/decoders"
	"tandem/record"
	"tandem/transformer"
	"tandem/transformer/transformertest"
)

// leftmost commits the leftmost masks of a block, so many in each forward.
func leftmost(n int) *decoders.PolicySpec {
	return &decoders.PolicySpec{
		Name: fmt.Sprintf("leftmost=%d", n),
		New: func(decoders.Settings, int, *rand.Rand) decoders.Policy {
			return func(masked []transformer.Guess) (commit []int) {
				for i := range min(n, len(masked)) {
					commit = append(commit, i)
				}
				return commit
			}
		},
	}
}

// A commit policy of one's own needs no change to this package.
func Example_policy() {
	config := transformer.Config{Name: "toy", Layers: 1, Hidden: 8, Intermediate: 12, Heads: 2, KVHeads: 1, HeadDim: 4, Vocab: 30,
		RopeTheta: 1e4, NormEps: 1e-6, Tied: true, MaskToken: 29, BlockSizes: []int{8}}
	backend := transformertest.Reference(transformer.Random(config, transformer.F32, 1))
	settings := decoders.Settings{Family: decoders.Diffusion, Block: 8, Custom: leftmost(3)}
	d, err := decoders.New(backend, settings, 16)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(d.Name())
	for step, err := range d.Decode(context.Background(), decoders.Request{Prompt: []int32{1, 2, 3}, MaxTokens: 5}) {
		fmt.Println(step.Kind, positions(step), err)
	}
	// Output:
	// diffusion/block=8/leftmost=3
	// denoise [0 1 2] <nil>
	// denoise [3 4] <nil>
}

// positions are those of the output that a forward committed.
func positions(step record.Step) (out []int32) {
	for _, c := range step.Commits {
		out = append(out, c.Pos)
	}
	return out
}
