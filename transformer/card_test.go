package transformer

import (
	"math"
	"reflect"
	"testing"
)

// The numbers are worked out by hand for 2 layers, hidden 8, intermediate 16, 4 heads and 2 K/V heads of 4, vocab 100:
// a layer is q 16x8 + k 8x8 + v 8x8 + o 8x16 + 3 x 16x8 = 768, the head 800, a K/V slot 2 x 2 x 8 = 32 numbers.
func TestCard(t *testing.T) {
	card := Card{Config{Layers: 2, Hidden: 8, Intermediate: 16, Heads: 4, KVHeads: 2, HeadDim: 4, Vocab: 100}, BF16}
	for _, test := range []struct {
		shape Shape
		bytes int64
		flops float64
	}{
		{Shape{1, 1, 1, 10}, 2 * (1536 + 800 + 320), 2*1536 + 2*800 + 4*10*16*2},
		{Shape{1, 4, 0, 10}, 2 * (1536 + 320), 2*4*1536 + 4*4*8.5*16*2},
		{Shape{3, 4, 2, 10}, 2 * (1536 + 800 + 960), 2*12*1536 + 2*6*800 + 4*12*8.5*16*2},
	} {
		if got := card.Bytes(test.shape); got != test.bytes {
			t.Errorf("%+v: %d bytes, want %d", test.shape, got, test.bytes)
		}
		if got := card.FLOPs(test.shape); got != test.flops {
			t.Errorf("%+v: %g FLOPs, want %g", test.shape, got, test.flops)
		}
	}
	// A window of 5 in one layer: rows at positions 6 to 9 read the slots from 2 on and attend to 5 each, not to 7, 8, 9 and 10.
	// Those at positions 2 to 5 attend to 3, 4, 5 and 5.
	card.Config.Kinds = []LayerKind{{}, {Window: 5}}
	if got, want := card.Bytes(Shape{3, 4, 0, 10}), int64(2*(1536+3*16*(10+8))); got != want {
		t.Errorf("window: %d bytes, want %d", got, want)
	}
	if got, want := card.FLOPs(Shape{3, 4, 0, 10}), float64(2*12*1536+4*3*(34+20)*16); got != want {
		t.Errorf("window: %g FLOPs, want %g", got, want)
	}
	if got, want := card.FLOPs(Shape{1, 4, 0, 6}), float64(2*4*1536+4*(3+4+5+6+3+4+5+5)*16); got != want {
		t.Errorf("rows at the window's edge: %g FLOPs, want %g", got, want)
	}
	small := Config{Layers: 2, Hidden: 8, Intermediate: 16, Heads: 4, KVHeads: 2, HeadDim: 4, Vocab: 100, Tied: true, RopeTheta: 1}
	if got, want := card.layerNumbers()+card.headNumbers()+(2*2+1)*8, Parameters(small); got != want {
		t.Errorf("matrices and norms hold %d numbers, Parameters says %d", got, want)
	}
}

// TestOutlook: the same model by hand; a position's K/V are 32 numbers, and 4 rows cost more only where computing does.
func TestOutlook(t *testing.T) {
	card := Card{Config{Layers: 2, Hidden: 8, Intermediate: 16, Heads: 4, KVHeads: 2, HeadDim: 4, Vocab: 100, Tied: true}, BF16}
	if card.KV(10) != 2*320 || card.Weights() != 2*Parameters(card.Config) || (Card{card.Config, F32}).Weights() != 2*card.Weights() {
		t.Errorf("K/V %d bytes, weights %d", card.KV(10), card.Weights())
	}
	one, four := 2.0*(1536+800+320)/1e9, 2.0*(1536+800+13*32)/1e9
	got := card.Outlook(9, []int{4}, map[string]float64{ReadCeiling: 1, BF16Ceiling: 1e6})
	want := Outlook{Token: one, TokensPerSecond: 1 / one, Blocks: []BlockOutlook{{4, four, four / one}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	slow := card.Outlook(9, []int{4}, map[string]float64{ReadCeiling: 1e6, F32Ceiling: 1})
	want4 := (4*(2*1536+2*800) + 4*4*11.5*16*2) / (2*1536 + 2*800 + 4*10*16*2)
	if need := slow.Blocks[0].BreakEven; math.Abs(need-want4) > 1e-9 {
		t.Errorf("where computing is the bound 4 rows cost %g of one, want %g", need, want4)
	}
	if unknown := card.Outlook(9, []int{4}, nil); !reflect.DeepEqual(unknown, Outlook{}) {
		t.Errorf("without ceilings: %+v", unknown)
	}
}

func TestIdeal(t *testing.T) {
	card := Card{Config{Layers: 1, Hidden: 8, Intermediate: 16, Heads: 2, KVHeads: 2, HeadDim: 4, Vocab: 100}, BF16}
	shape := Shape{Sequences: 1, Rows: 1, Guesses: 1, Reach: 1}
	bytes, flops := float64(card.Bytes(shape)), card.FLOPs(shape)
	for _, test := range []struct {
		ceilings map[string]float64
		want     float64
	}{
		{map[string]float64{ReadCeiling: 1, BF16Ceiling: 1000, F32Ceiling: 1}, bytes / 1e9},
		{map[string]float64{ReadCeiling: 1000, BF16Ceiling: 2}, flops / 2e9},
		{map[string]float64{ReadCeiling: 1000, F32Ceiling: 1}, flops / 1e9},
		{map[string]float64{F32Ceiling: 1}, 0},
		{nil, 0},
	} {
		if got := card.Ideal(shape, test.ceilings); math.Abs(got-test.want) > 1e-15 {
			t.Errorf("%v: %g s, want %g", test.ceilings, got, test.want)
		}
	}
}
