package decoders

import (
	"strings"
	"testing"

	"tandem/record"
	"tandem/transformer"
)

// TestAttention: the attention of the checkpoint's training decides what may be decoded and what stands where nothing is named.
func TestAttention(t *testing.T) {
	for _, c := range []struct {
		attention transformer.Attention
		sizes     []int
		name      string
		want      string // the resolved name, or behind "error: " a part of the error
	}{
		{transformer.BlockCausal, []int{4}, "diffusion", "diffusion/block=4/threshold=0.9"},
		{transformer.BlockCausal, []int{4}, "diffusion/uncached", "diffusion/uncached/block=4/threshold=0.9"},
		{transformer.BlockCausal, []int{4}, "diffusion/cache=none", "error: was trained for block-causal attention, but cache=none"},
		{transformer.BlockCausal, []int{4}, "diffusion/cache=dual/block=4", "error: was trained for block-causal attention, but cache=dual"},
		{transformer.BlockCausal, []int{4}, "diffusion/cache=prefix", "error: was trained for block-causal attention, but cache=prefix"},
		{transformer.BlockCausal, []int{4}, "ar", "ar"},
		{transformer.WholeSequence, nil, "diffusion", "diffusion/cache=none/block=32/threshold=0.9"},
		{transformer.WholeSequence, nil, "diffusion/cache=dual/block=8", "diffusion/cache=dual/block=8/threshold=0.9"},
		{transformer.WholeSequence, nil, "diffusion/cache=block/block=8", "error: was trained for attention to the whole sequence, but cache=block"},
		{transformer.WholeSequence, nil, "ar", "ar"},
		{transformer.CausalMasks, nil, "diffusion", "error: fills masks in with strictly causal attention"},
		{transformer.CausalMasks, nil, "diffusion/cache=none/block=8", "error: so only ar can run it"},
		{transformer.CausalMasks, nil, "ar", "ar"},
		{"", nil, "diffusion", "error: does not say with which attention it was trained to fill masks in: name cache=block and block=N, or cache=none"},
		{"", nil, "diffusion/cache=block", "error: name cache=block and block=N"},
		{"", nil, "diffusion/block=8", "error: name cache=block and block=N"},
		{"", nil, "diffusion/uncached/block=8", "error: name cache=block and block=N"},
		{"", nil, "diffusion/cache=block/block=8", "diffusion/cache=block/block=8/threshold=0.9"},
		{"", nil, "diffusion/cache=none", "diffusion/cache=none/block=32/threshold=0.9"},
		{"", nil, "diffusion/cache=prefix/block=4", "diffusion/cache=prefix/block=4/threshold=0.9"},
		{"", nil, "ar", "ar"},
	} {
		s, err := ParseName(c.name)
		if err != nil {
			t.Fatal(err)
		}
		config := scriptConfig
		config.Attention, config.BlockSizes = c.attention, c.sizes
		plan, err := Plan([]Settings{s}, nil, 0, config) // as the command line makes it: it may not guess
		if err != nil || len(plan) != 1 {
			t.Fatal(plan, err)
		}
		d, err := On(&scripted{}, config, plan[0], 8)
		want, refused := strings.CutPrefix(c.want, "error: ")
		switch {
		case refused && (err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), s.Name())):
			t.Errorf("%q, %s: error %v, want one with %q", c.attention, c.name, err, want)
		case !refused && err != nil:
			t.Errorf("%q, %s: %v", c.attention, c.name, err)
		case !refused && d.Name() != want:
			t.Errorf("%q, %s: %s, want %s", c.attention, c.name, d.Name(), want)
		}
	}
}

// TestNoBaseline: ar on a checkpoint that was trained for whole sequences says what it is; the reports know that attention by name.
func TestNoBaseline(t *testing.T) {
	ar, diffusion := Settings{Family: AR}, Settings{Family: Diffusion}
	for _, test := range []struct {
		attention transformer.Attention
		plan      []Settings
		want      string
	}{
		{record.WholeSequence, []Settings{diffusion, ar}, "dream was trained for attention to the whole sequence: ar on it is no fair baseline\n"},
		{transformer.WholeSequence, []Settings{diffusion}, ""},
		{transformer.BlockCausal, []Settings{ar, diffusion}, ""},
		{transformer.NoDiffusion, []Settings{ar}, ""},
	} {
		if got := NoBaseline(test.plan, transformer.Config{Name: "dream", Attention: test.attention}); got != test.want {
			t.Errorf("%q: said %q, want %q", test.attention, got, test.want)
		}
	}
}
