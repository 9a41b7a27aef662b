package claims

import (
	"math"
	"strings"
	"testing"

	"tandem/transformer"
)

// near says whether v is want to within a share.
func near(v, want, share float64) bool { return math.Abs(v/want-1) <= share }

// TestPhysical: a dense model of 7B on an H200, by hand: 14.14 GB of weights and 0.06 GB of K/V for each token at 4300 GB/s are 303
// tok/s; a block of 32 takes 3.3 ms, so that 1109 tok/s need 3.7 tokens per forward.
func TestPhysical(t *testing.T) {
	l := shippedLedger(t)
	i, why := l.Imply(claim(t, l, "mercury-coder-mini"), nil)
	if i == nil {
		t.Fatal(why)
	}
	if !near(i.BaselineRate, 303, 0.005) || !near(i.BlockSeconds, 3.3e-3, 0.005) || !near(*i.PerForward, 3.7, 0.015) || i.BaselineShare != nil {
		t.Errorf("%+v", i)
	}
	if got := strings.Join(i.Assumed, ", "); got != "shape qwen2.5-7b, hardware H200, block 32, batch 1" {
		t.Errorf("assumed %s", got)
	}
	if got := i.Lines[2]; got != "tokens per forward: 1109 tok/s / batch 1 x 3.309 ms = 3.67 at least" {
		t.Error(got)
	}
}

// TestRoofline: published shapes on an H200 behind 1024 positions: tok/s of ar, ms of a block of 32, and the batch at which ar catches up
// with 2, 4 and 8 tokens per forward.
func TestRoofline(t *testing.T) {
	l := shippedLedger(t)
	card, _ := find(l.Cards, "H200")
	for _, c := range []struct {
		shape    string
		rate, ms float64
		catch    [3]int
	}{
		{"qwen2.5-0.5b", 4297, 0.233, [3]int{13, 29, 91}},
		{"qwen2.5-1.5b", 1380, 0.725, [3]int{13, 28, 74}},
		{"qwen2.5-7b", 303, 3.302, [3]int{12, 25, 55}},
		{"qwen3-8b", 281, 3.555, [3]int{13, 29, 79}},
	} {
		config, err := transformer.Geometry(c.shape)
		if err != nil {
			t.Fatal(err)
		}
		r := roof{transformer.Card{Config: config, Dtype: transformer.BF16}, card.ceilings(1), 1024}
		if rate, ms := 1/r.seconds(1, 1), 1e3*r.seconds(1, 32); !near(rate, c.rate, 0.01) || !near(ms, c.ms, 0.01) {
			t.Errorf("%s: %.1f tok/s and %.3f ms, want %g and %g", c.shape, rate, ms, c.rate, c.ms)
		}
		for i, k := range []float64{2, 4, 8} {
			if at := r.catchUp(32, k); math.Abs(float64(at-c.catch[i])) > 1+0.03*float64(c.catch[i]) {
				t.Errorf("%s: ar catches up at %d with %g tokens per forward, want about %d", c.shape, at, k, c.catch[i])
			}
		}
	}
}

// TestShares: the share of the ceiling that a claim's baseline reaches, and what cannot be computed.
func TestShares(t *testing.T) {
	l := shippedLedger(t)
	for id, want := range map[string]float64{"d3llm-transformers": 0.24, "d3llm-sglang-1": 0.46, "mercury-table-qwen2.5-coder-7b": 0.645} {
		if i, why := l.Imply(claim(t, l, id), nil); i == nil || i.BaselineShare == nil || !near(*i.BaselineShare, want, 0.03) {
			t.Errorf("%s: %+v (%s), want a share of %g", id, i, why, want)
		}
	}
	for id, want := range map[string]string{"llada2.1-flash-bf16": "the shape of LLaDA2.1-flash is not in the catalogue",
		"mercury-2": "its weights are NVFP4, the arithmetic is of bf16", "mercury-demo-claude": "its figures imply neither tokens per forward"} {
		if i, why := l.Imply(claim(t, l, id), nil); i != nil || !strings.HasPrefix(why, want) {
			t.Errorf("%s: %+v, %q", id, i, why)
		}
	}
	if i, _ := l.Imply(claim(t, l, "fast-dllm-v2-gsm8k"), nil); i == nil || !near(*i.PerForward, 2.54, 0.01) || i.BaselineShare != nil {
		t.Errorf("a ratio alone: %+v", i)
	}
}

// TestHere: on a machine with a hundredth of the bandwidth a claim needs more tokens than a block has.
func TestHere(t *testing.T) {
	l := shippedLedger(t)
	here, ok := machineCard("here", map[string]float64{transformer.ReadCeiling: 43, transformer.F32Ceiling: 400})
	if !ok {
		t.Fatal("no machine")
	}
	i, _ := l.Imply(claim(t, l, "mercury-coder-mini"), &here)
	if i.Card != "here" || *i.PerForward < 366 || i.CatchUp != nil || !strings.HasPrefix(i.Lines[3], "that is more than the block has") {
		t.Errorf("%+v", i)
	}
	if _, ok := machineCard("nothing", nil); ok {
		t.Error("a machine without ceilings")
	}
}
