package transformer

import (
	"math"
	"testing"
)

func TestRandom(t *testing.T) {
	c := Config{Layers: 2, Hidden: 33, Intermediate: 50, Heads: 6, KVHeads: 2, HeadDim: 10, Vocab: 40001, RopeTheta: 1e4,
		QKVBias: true, OBias: true, MLPBias: true, QKNorm: true, MaskToken: -1}
	f, b, again, other := Random(c, F32, 7), Random(c, BF16, 7), Random(c, F32, 7), Random(c, F32, 8)
	var numbers int64
	count := func(m Matrix) { numbers += int64(len(m.F32)) }
	count(f.Embed)
	count(f.Head)
	numbers += int64(len(f.Norm))
	for i := range f.Layers {
		l := &f.Layers[i]
		for _, m := range l.matrices() {
			if len(m.F32) != m.Rows*m.Cols {
				t.Fatalf("matrix of %d x %d has %d numbers", m.Rows, m.Cols, len(m.F32))
			}
			count(*m)
		}
		for _, v := range [][]float32{l.AttnNorm, l.MLPNorm, l.QNorm, l.KNorm, l.QBias, l.KBias, l.VBias, l.OBias,
			l.GateBias, l.UpBias, l.DownBias} {
			numbers += int64(len(v))
		}
	}
	if numbers != Parameters(c) {
		t.Errorf("%d numbers, Parameters says %d", numbers, Parameters(c))
	}
	var sum, same float64
	for i, v := range f.Embed.F32 {
		sum += float64(v) * float64(v)
		if v == other.Embed.F32[i] {
			same++
		}
		if v != again.Embed.F32[i] {
			t.Fatal("the same seed gave other numbers")
		}
		if RoundBF16(v) != b.Embed.BF16[i] {
			t.Fatal("bf16 weights are not the rounded f32 weights")
		}
	}
	n := float64(len(f.Embed.F32))
	if v := sum / n * 33; math.Abs(v-1) > 0.01 {
		t.Errorf("variance times inputs is %.3f, want 1", v)
	}
	if same > n/1000 {
		t.Errorf("another seed shares %.0f of %.0f numbers", same, n)
	}
}

func TestConvert(t *testing.T) {
	for _, c := range []struct {
		in   float32
		want uint16
	}{
		{1, 0x3f80}, {1 + 1.0/256, 0x3f80}, {1 + 3.0/256, 0x3f82}, {1 + 1.01/256, 0x3f81}, {-2.5, 0xc020},
		{float32(math.Inf(1)), 0x7f80}, {math.MaxFloat32, 0x7f80},
	} {
		if got := RoundBF16(c.in); got != c.want {
			t.Errorf("RoundBF16(%g) = %04x, want %04x", c.in, got, c.want)
		}
	}
	if f := FromBF16(RoundBF16(math.Float32frombits(0x7f800001))); f == f {
		t.Errorf("NaN became %g", f)
	}
	c, _ := Geometry("tiny")
	c.Layers, c.Vocab = 1, 64
	w := Random(c, F32, 1)
	b := w.Convert(BF16)
	if w.Dtype != F32 || w.Layers[0].Q.F32 == nil || b.Layers[0].Q.F32 != nil || b.Layers[0].Down.BF16 == nil {
		t.Error("Convert changed its receiver or left a matrix behind")
	}
	if back := b.Convert(F32); back.Layers[0].Up.F32[5] != FromBF16(b.Layers[0].Up.BF16[5]) {
		t.Error("bf16 to f32 lost something")
	}
}

// TestGumbelBound: the bound holds, and is near enough to spare most tokens their noise.
func TestGumbelBound(t *testing.T) {
	high := 0
	for i := range int32(100000) {
		noise, bound := float64(Gumbel(5, 1, i)), GumbelBound(5, 1, i)
		if noise > bound {
			t.Fatalf("token %d: noise %g, bound %g", i, noise, bound)
		}
		if bound > 6 {
			high++
		}
	}
	if high > 500 {
		t.Errorf("%d of 100000 bounds are above 6, want some 400", high)
	}
}
