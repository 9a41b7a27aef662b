package speed

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"tandem/transformer"
)

func TestRate(t *testing.T) {
	card := transformer.Card{Config: small, Dtype: transformer.F32}
	shape := transformer.Shape{Sequences: 2, Rows: 1, Guesses: 1, Reach: 12}
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
		row := Row{Test: Test{Decode, 1, 2, 9, 5}, Samples: []float64{0.5, 0.1, 0.2}} // positions 9 to 13: on average 12 slots
		for i := range row.Samples {
			row.Ceilings = append(row.Ceilings, map[string]float64{transformer.ReadCeiling: c.read[i], transformer.F32Ceiling: c.compute[i]})
		}
		rows := []Row{row}
		Rate(rows, card)
		Rate(rows, card) // again, as after each batch size
		r := rows[0]
		if r.ForwardsPerSecond != 5 || r.TokensPerSecond != 10 || r.CeilingKind != c.kind || math.Abs(r.Share/c.share-1) > 1e-9 {
			t.Errorf("%+v, want a share of %g", r, c.share)
		}
	}
	rows := []Row{{Test: Test{Decode, 1, 2, 9, 5}, Samples: []float64{0.2}, Ceilings: []map[string]float64{{}}}}
	if Rate(rows, card); rows[0].Share != 0 || rows[0].TokensPerSecond != 10 {
		t.Errorf("without ceilings: %+v", rows[0])
	}
}

// TestDeviceIdle: the median of the samples' own, and nothing at all without a device's clock.
func TestDeviceIdle(t *testing.T) {
	rows := []Row{
		{Test: Test{Block, 4, 1, 5, 2}, Samples: []float64{1, 2, 4}, DeviceSamples: []float64{0.9, 1, 3.8}},
		{Test: Test{Block, 4, 1, 5, 2}, Samples: []float64{1, 2, 4}},
	}
	Rate(rows, transformer.Card{Config: small, Dtype: transformer.F32})
	if b := rows[0].DeviceIdle; b == nil || math.Abs(*b-0.1) > 1e-12 {
		t.Errorf("idle share %v, want 0.1", b)
	}
	if rows[1].DeviceIdle != nil {
		t.Errorf("an idle share of %g without a clock", *rows[1].DeviceIdle)
	}
	if text, err := json.Marshal(rows[1]); err != nil || strings.Contains(string(text), "bubble") || !strings.Contains(string(text), `"test":"block"`) {
		t.Errorf("%s, %v", text, err)
	}
}

func TestSpread(t *testing.T) {
	if share, ok := (Row{Samples: []float64{3, 2, 2.5, 1.5, 2}}).Spread(); !ok || share != 0.75 {
		t.Errorf("%g, %v, want 0.75", share, ok)
	}
	if share, ok := (Row{Samples: []float64{3}}).Spread(); ok {
		t.Errorf("one sample spreads by %g", share)
	}
}
