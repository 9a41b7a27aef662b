package transformer

import (
	"math"
	"testing"
)

func TestF16(t *testing.T) {
	for half, want := range map[uint16]float32{0x3c00: 1, 0xc000: -2, 0x7bff: 65504, 0x0001: 1.0 / (1 << 24), 0x0400: 1.0 / (1 << 14),
		0x8000: float32(math.Copysign(0, -1)), 0x7c00: float32(math.Inf(1))} {
		if got := FromF16(half); math.Float32bits(got) != math.Float32bits(want) {
			t.Errorf("%#x is %g, want %g", half, got, want)
		}
	}
	if got := FromF16(0x7e00); got == got {
		t.Errorf("a NaN became %g", got)
	}
}

// Convert returns weights whose matrices have dtype d. Vectors (norms and biases) are float32 in either. What need
// not change is shared with w.
func (w *Weights) Convert(d Dtype) *Weights {
	if w.Dtype == d {
		return w
	}
	out := *w
	out.Dtype = d
	out.Embed, out.Head = w.Embed.Convert(d), w.Head.Convert(d)
	out.Layers = append([]LayerWeights(nil), w.Layers...)
	for i := range out.Layers {
		for _, m := range out.Layers[i].matrices() {
			*m = m.Convert(d)
		}
	}
	return &out
}

// matrices lists the layer's linear maps in the order of use: Q, K, V, O, Gate, Up, Down.
func (l *LayerWeights) matrices() []*Matrix {
	return []*Matrix{&l.Q, &l.K, &l.V, &l.O, &l.Gate, &l.Up, &l.Down}
}
