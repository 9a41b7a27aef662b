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
	meter := func() (map[string]float64, error) { return map[string]float64{transformer.ReadCeiling: 1}, nil }
	rows, err := Measure(t.Context(), backend, tests, 3, meter, func(done, total int) { last = done - total })
	if err != nil {
		t.Fatal(err)
	}
	if last != 0 {
		t.Errorf("progress ended %d short", -last)
	}
	for i, r := range rows {
		if len(r.Samples) != 3 || len(r.Ceilings) != 3 || median(r.Samples) <= 0 || r.Test != tests[i].Kind || r.Geometry != "small" {
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
		if _, err := Measure(t.Context(), backend, []Test{test}, 1, nil, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", test, err, want)
		}
	}
}

func TestRate(t *testing.T) {
	card := transformer.Card{Config: small, Dtype: transformer.F32}
	shape := transformer.Shape{Sequences: 2, Rows: 1, Guesses: 1, Reach: 10}
	bytes, flops := float64(card.Bytes(shape)), card.FLOPs(shape)
	for _, c := range []struct {
		kind          string
		read, compute [3]float64 // GB/s, GFLOP/s at each sample
		share         float64
	}{
		// Samples of 0.5, 0.1 and 0.2 s: the shares are those beside a machine that was slow, then fast, then as usual.
		{"bandwidth", [3]float64{1, 4, 2}, [3]float64{1e9, 1e9, 1e9}, bytes * 2.5 / 1e9},
		{"compute", [3]float64{1e9, 1e9, 1e9}, [3]float64{1, 5, 1}, flops * 2 / 1e9},
	} {
		row := Row{Test: Decode, Rows: 1, Batch: 2, Context: 9, Samples: []float64{0.5, 0.1, 0.2}}
		for i := range row.Samples {
			row.Ceilings = append(row.Ceilings, map[string]float64{transformer.ReadCeiling: c.read[i], transformer.F32Ceiling: c.compute[i]})
		}
		rows := []Row{row}
		Rate(rows, card)
		r := rows[0]
		if r.ForwardsPerSecond != 5 || r.TokensPerSecond != 10 || r.CeilingKind != c.kind || math.Abs(r.Share/c.share-1) > 1e-9 {
			t.Errorf("%+v, want a share of %g", r, c.share)
		}
	}
	rows := []Row{{Test: Decode, Rows: 1, Batch: 2, Context: 9, Samples: []float64{0.2}, Ceilings: []map[string]float64{{}}}}
	if Rate(rows, card); rows[0].Share != 0 || rows[0].TokensPerSecond != 10 {
		t.Errorf("without ceilings: %+v", rows[0])
	}
}
