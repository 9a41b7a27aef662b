package speed

import (
	"math"
	"slices"
	"testing"

	"tandem/transformer"
)

// at is a row of so many forwards a second.
func at(kind string, rows, batch int, forwards float64) Row {
	return Row{Test: Test{kind, rows, batch, 64, 1}, ForwardsPerSecond: forwards}
}

func TestCrossover(t *testing.T) {
	// A token's forward takes as long at any batch; a block's takes a time that grows with it. So at 1, 2, ..., 64 sequences a
	// diffusion decoder of k tokens per forward is k/batch times as fast, and ar is as fast at batch k.
	var rows []Row
	for batch := 64; batch > 0; batch /= 2 { // in any order
		rows = append(rows, at(Decode, 1, batch, 10), at(Block, 32, batch, 10/float64(batch)))
	}
	for tokens, want := range map[float64]Catch{
		1:   {At: Point{1, 10}, From: true},
		3:   {At: Point{3, 30}}, // between two batch sizes
		8:   {At: Point{8, 80}},
		64:  {At: Point{64, 640}},
		100: {At: Point{64, 640}, Not: true},
	} {
		ar, block := Curves(rows, 32, tokens, nil)
		if len(ar.Roof)+len(block.Roof) > 0 {
			t.Errorf("a roof without ceilings: %v", ar.Roof)
		}
		got := Crossover(ar, block)
		if got.From != want.From || got.Not != want.Not || math.Abs(got.At.Batch-want.At.Batch) > 1e-9 || math.Abs(got.At.TokensPerSecond-want.At.TokensPerSecond) > 1e-9 {
			t.Errorf("with %g tokens per forward %+v, want %+v", tokens, got, want)
		}
	}
	ar, block := Curves(rows, 32, 1, nil)
	if needs := Needed(ar, block); len(needs) != 7 || needs[2].Batch != 4 || math.Abs(needs[2].TokensPerForward-4) > 1e-12 {
		t.Errorf("%+v, want 4 tokens per forward at batch 4", needs)
	}
}

// TestCrossoverForGood: a lead that is lost again does not count.
func TestCrossoverForGood(t *testing.T) {
	ar := Curve{Measured: []Point{{1, 5}, {2, 21}, {4, 10}, {8, 80}}}
	block := Curve{Measured: []Point{{1, 10}, {2, 20}, {4, 40}, {8, 20}}}
	if got := Crossover(ar, block); got.At.Batch < 4 || got.At.Batch > 8 {
		t.Errorf("%+v", got)
	}
}

func TestSizes(t *testing.T) {
	rows := []Row{at(Decode, 1, 1, 9), at(Decode, 1, 4, 9), at(Block, 32, 1, 9), at(Block, 32, 4, 9), at(Block, 8, 4, 9), at(Block, 8, 1, 9),
		at(Block, 16, 1, 9), at(Block, 16, 2, 9), at(Prefill, 64, 1, 9), at(Prefill, 64, 4, 9)}
	far := at(Block, 128, 1, 9)
	far.Context++
	other := at(Block, 128, 4, 9)
	other.Context++
	if got := Sizes(append(rows, far, other)); !slices.Equal(got, []int{8, 32}) {
		t.Errorf("%v", got)
	}
}

// TestRoof: between the batch sizes that were measured the roof is the card's own.
func TestRoof(t *testing.T) {
	card := transformer.Card{Config: small, Dtype: transformer.F32}
	ceilings := map[string]float64{transformer.ReadCeiling: 2, transformer.F32Ceiling: 4}
	var rows []Row
	for _, batch := range []int{1, 16} {
		rows = append(rows, Row{Test: Test{Block, 4, batch, 5, 1}, Dtype: "f32", Samples: []float64{0.5}}, Row{Test: Test{Decode, 1, batch, 5, 1}, Dtype: "f32", Samples: []float64{0.25}})
	}
	Rate(rows, card)
	ar, block := Curves(rows, 4, 3, ceilings)
	for _, p := range block.Roof {
		if b := math.Round(p.Batch); math.Abs(p.Batch-b) < 1e-9 {
			want := 3 * b / card.Ideal(transformer.Shape{Sequences: int(b), Rows: 4, Guesses: 4, Reach: 9}, ceilings)
			if math.Abs(p.TokensPerSecond/want-1) > 1e-9 {
				t.Errorf("batch %g: %g, want %g", b, p.TokensPerSecond, want)
			}
		}
	}
	first, last := ar.Roof[0], ar.Roof[len(ar.Roof)-1]
	if first.Batch != 1 || math.Abs(last.Batch-16) > 1e-9 {
		t.Errorf("from %g to %g", first.Batch, last.Batch)
	}
}
