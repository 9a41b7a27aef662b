package speed

import (
	"math"
	"strings"
	"testing"

	"tandem/transformer"
	"tandem/transformer/transformertest"
)

var small = transformer.Config{Name: "small", Layers: 1, Hidden: 8, Intermediate: 16, Heads: 2, KVHeads: 1, HeadDim: 4, Vocab: 50,
	MaxPositions: 32, RopeTheta: 1e4, NormEps: 1e-6, Tied: true, MaskToken: -1}

func TestMeasure(t *testing.T) {
	backend := transformertest.Reference(transformer.Random(small, transformer.F32, 1))
	tests := []Test{{Prefill, 8, 1, 0, 2}, {Decode, 1, 2, 5, 3}, {Block, 4, 1, 5, 2}}
	last := 0
	rows, err := Measure(t.Context(), backend, tests, 3, func(done, total int) { last = done - total })
	if err != nil {
		t.Fatal(err)
	}
	if last != 0 {
		t.Errorf("progress ended %d short", -last)
	}
	for i, r := range rows {
		if len(r.Samples) != 3 || median(r.Samples) <= 0 || r.Test != tests[i].Kind || r.Geometry != "small" {
			t.Errorf("%+v", r)
		}
	}
}

func TestMeasureRefuses(t *testing.T) {
	backend := transformertest.Reference(transformer.Random(small, transformer.F32, 1))
	for want, test := range map[string]Test{
		"at least 1":   {Prefill, 0, 1, 0, 1},
		"lower":        {Decode, 1, 1, 30, 10},
		"must be at l": {Block, 4, 0, 5, 1},
	} {
		if _, err := Measure(t.Context(), backend, []Test{test}, 1, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", test, err, want)
		}
	}
}

func TestRate(t *testing.T) {
	card := transformer.Card{Config: small, Dtype: transformer.F32}
	rows := []Row{{Test: Decode, Rows: 1, Batch: 2, Context: 9, Samples: []float64{0.5, 0.1, 0.2}}}
	bytes, flops := float64(card.Bytes(transformer.Shape{Sequences: 2, Rows: 1, Guesses: 1, Reach: 10})),
		card.FLOPs(transformer.Shape{Sequences: 2, Rows: 1, Guesses: 1, Reach: 10})
	Rate(rows, card, map[string]float64{transformer.ReadCeiling: 1, transformer.F32Ceiling: 1e9})
	r := rows[0]
	if r.ForwardsPerSecond != 5 || r.TokensPerSecond != 10 || r.CeilingKind != "bandwidth" || math.Abs(r.Share-bytes*5/1e9) > 1e-12 {
		t.Errorf("%+v", r)
	}
	Rate(rows, card, map[string]float64{transformer.ReadCeiling: 1e9, transformer.F32Ceiling: 1})
	if r := rows[0]; r.CeilingKind != "compute" || math.Abs(r.Share-flops*5/1e9) > 1e-12 {
		t.Errorf("%+v", r)
	}
}
