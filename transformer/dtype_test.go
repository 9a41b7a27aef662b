package transformer

import (
	"math"
	"slices"
	"strings"
	"testing"
)

func TestDtypes(t *testing.T) {
	if got := Dtypes(); !slices.Equal(got, []Dtype{F32, BF16}) {
		t.Errorf("dtypes %v; want the widest first", got)
	}
	for d, bytes := range map[Dtype]int64{F32: 28, BF16: 14} {
		if d.bytes(7) != bytes || d.Activations() != d {
			t.Errorf("%s: 7 numbers take %d bytes, want %d; activations are %s", d, d.bytes(7), bytes, d.Activations())
		}
	}
	if !F32.holds(math.MaxFloat32) || BF16.holds(math.MaxFloat32) || !BF16.holds(-3.3e38) || BF16.holds(-math.MaxFloat32) {
		t.Error("bf16 ends near 3.39e38, f32 does not")
	}
	_, err := Lookup(map[Dtype]int{BF16: 1}, F32)
	if err == nil || err.Error() != `weights of dtype "f32"; need bf16` {
		t.Errorf("a dtype that a table lacks: %v", err)
	}
	if _, err = Lookup(formats, "f16"); err == nil || err.Error() != `weights of dtype "f16"; need f32 or bf16` {
		t.Errorf("an unknown dtype: %v", err)
	}
}

func TestMatrix(t *testing.T) {
	for _, d := range Dtypes() {
		m, got := NewMatrix(d, 3, 5), make([]float32, 4)
		m.Write(6, []float32{1, -2.5, 1 + 1.0/256})
		m.read(5, got)
		want := []float32{0, 1, -2.5, 1 + 1.0/256}
		d.Round(want)
		if m.dtype() != d || !slices.Equal(got, want) {
			t.Errorf("%s matrix of dtype %s holds %v, want %v", d, m.dtype(), got, want)
		}
	}
	if m := (Matrix{Rows: 2, Cols: 2}); m.dtype() != "" || m.Convert(BF16).BF16 != nil {
		t.Errorf("no numbers are of dtype %q", m.dtype())
	}
}

// eight is a dtype of 8 bits whose blocks of 32 numbers share a scale. For want of a slice of its own it lies in that of bf16,
// in halves of 16 bits, 17 to a block.
func eight() format {
	const block, halves = 32, 17
	return format{
		block: block, bytes: 2 * halves, activations: F32, ceiling: "eight_gflop_per_second",
		make: func(m *Matrix, n int) { m.BF16 = make([]uint16, n/block*halves) },
		len:  func(m *Matrix) int { return len(m.BF16) / halves * block },
		write: func(m *Matrix, at int, from []float32) {
			for ; len(from) > 0; at, from = at+block, from[block:] {
				out, most := m.BF16[at/block*halves:][:halves], float32(0)
				for _, f := range from[:block] {
					most = max(most, f, -f)
				}
				out[0] = RoundBF16(most / 126)
				for i := range block / 2 {
					low, high := int8(from[2*i]/FromBF16(out[0])), int8(from[2*i+1]/FromBF16(out[0]))
					out[1+i] = uint16(uint8(low)) | uint16(uint8(high))<<8
				}
			}
		},
		read: func(m *Matrix, at int, to []float32) {
			for i := range to {
				in := m.BF16[(at+i)/block*halves:][:halves]
				to[i] = float32(int8(in[1+(at+i)%block/2]>>(i%2*8))) * FromBF16(in[0])
			}
		},
	}
}

// TestAnotherDtype: a packed dtype takes one entry of the table and nothing else in this package.
func TestAnotherDtype(t *testing.T) {
	const d = Dtype("eight")
	c, _ := Geometry("tiny")
	c.Layers = 1
	wide := Random(c, F32, 3)
	if err := (&Weights{Config: c, Dtype: d}).Validate(); err == nil || !strings.Contains(err.Error(), `dtype "eight"; need f32 or bf16`) {
		t.Errorf("before it has an entry: %v", err)
	}
	bf16 := formats[BF16]
	delete(formats, BF16) // it has the slice
	formats[d] = eight()
	t.Cleanup(func() {
		delete(formats, d)
		formats[BF16] = bf16
	})

	w := Random(c, d, 3)
	if err := w.Validate(); err != nil {
		t.Error(err)
	}
	same := wide.Convert(d)
	if !slices.Equal(same.Layers[0].Down.BF16, w.Layers[0].Down.BF16) || !slices.Equal(same.Embed.BF16, w.Embed.BF16) {
		t.Error("random numbers are not the rounded f32 ones")
	}
	back := w.Convert(F32)
	for i, f := range wide.Embed.F32 {
		if e := math.Abs(float64(f - back.Embed.F32[i])); !(e < 2e-3) {
			t.Fatalf("number %d is %g and becomes %g", i, f, back.Embed.F32[i])
		}
	}
	w.Layers[0].Up = wide.Layers[0].Up
	if err := w.Validate(); err == nil || !strings.Contains(err.Error(), "layer 0: up is [768, 256] with 0 numbers of eight") {
		t.Errorf("a matrix of another dtype: %v", err)
	}
	card, shape := Card{Config: c, Dtype: d}, Shape{Sequences: 1, Rows: 1, Reach: 10}
	if got, want := card.Bytes(shape), card.layerNumbers()/32*34+10*2*128*4; got != want {
		t.Errorf("a forward reads %d bytes, want %d", got, want)
	}
	for most, want := range map[string]string{"eight_gflop_per_second": "eight_gflop_per_second", BF16Ceiling: F32Ceiling} {
		if got := ComputeCeiling(d, map[string]float64{most: 1}); got != want {
			t.Errorf("on a machine with %s the ceiling is %s, want %s", most, got, want)
		}
	}
	if got := Dtypes(); !slices.Equal(got, []Dtype{F32, d}) || !d.holds(1e38) {
		t.Errorf("dtypes %v", got)
	}
}
