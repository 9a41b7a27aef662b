package transformer

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"testing"
)

// littleEndianBytes are numbers as files have them, in bf16 or f32.
func littleEndianBytes(d Dtype, numbers []float32) (out []byte) {
	for _, f := range numbers {
		if d == BF16 {
			out = binary.LittleEndian.AppendUint16(out, RoundBF16(f))
		} else {
			out = binary.LittleEndian.AppendUint32(out, math.Float32bits(f))
		}
	}
	return out
}

// TestStored: a matrix views bytes that are its dtype's and lie well, and otherwise reads rows of them, converted and in order.
func TestStored(t *testing.T) {
	numbers := []float32{1, 2, -3, 4, 0.5, -6}
	unpack := map[Dtype]func([]float32, []byte){F32: UnpackF32, BF16: UnpackBF16}
	swap := func(row int) int { return 2 - row }
	for _, stored := range Dtypes() {
		for _, dtype := range Dtypes() {
			for shift := range 2 {
				for _, order := range []func(int) int{nil, swap} {
					data := append(make([]byte, shift, 64), littleEndianBytes(stored, numbers)...)[shift:]
					m := Stored{Format: stored, Data: data, Order: order, Unpack: unpack[stored]}.Matrix(dtype, "m", 3, 2)
					if view := stored == dtype && shift == 0 && order == nil; view != (m.Stored == nil) || view != (m.dtype() == dtype) {
						t.Errorf("%s as %s, %d bytes off: %+v", stored, dtype, shift, m)
					}
					want := slices.Clone(numbers[2:])
					if order != nil {
						want = []float32{-3, 4, 1, 2}
					}
					rows, err := NewRowReader(dtype).Read(&m, 1, 2)
					if err != nil || rows.dtype() != dtype || !slices.Equal(rows.Convert(F32).F32, want) {
						t.Errorf("%s as %s, %d bytes off: rows %+v, %v, want %v", stored, dtype, shift, rows, err, want)
					}
					if whole := m.Convert(F32); !slices.Equal(whole.F32[2:], want) || whole.Name != "m" {
						t.Errorf("%s: whole %v", stored, whole)
					}
				}
			}
		}
	}
}

// TestRowReader: one reader serves matrices of different widths, and names the first number that is not finite or does not fit.
func TestRowReader(t *testing.T) {
	reader := NewRowReader(BF16)
	matrix := func(cols int, numbers ...float32) *Matrix {
		m := Stored{Format: F32, Data: littleEndianBytes(F32, numbers), Unpack: UnpackF32}.Matrix(BF16, "", len(numbers)/cols, cols)
		return &m
	}
	for _, m := range []*Matrix{matrix(2, 1, 2, 3, 4), matrix(3, 5, 6, 7), matrix(1, 1, 2, 3, 4, 5)} {
		rows, err := reader.Read(m, 0, m.Rows)
		if err != nil || rows.Rows != m.Rows || rows.Cols != m.Cols || len(rows.BF16) != m.Rows*m.Cols || FromBF16(rows.BF16[0]) != m.Convert(F32).F32[0] {
			t.Errorf("%+v, %v", rows, err)
		}
	}
	for want, m := range map[string]*Matrix{
		"matrix [2, 2]: number 4 of 4 is +Inf: ": matrix(2, 1, 2, 3, float32(math.Inf(-1))),
		"number 2 of 4 is NaN: ":                 matrix(2, 1, float32(math.NaN()), 3, 4),
		"magnitude 3.4028235e+38, which bf16":    matrix(2, 1, math.MaxFloat32, 3, 4),
		"x: number 1 of 1 is +Inf":               {Name: "x", Rows: 1, Cols: 1, BF16: []uint16{0x7f80}},
	} {
		if _, err := reader.Read(m, 0, m.Rows); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %v, want one line with %q", err, want)
		}
	}
	if v, err := matrix(2, 1, math.MaxFloat32, 3, 4).Vector(); err != nil || !slices.Equal(v, []float32{1, math.MaxFloat32, 3, 4}) {
		t.Errorf("vector %v, %v", v, err)
	}
	if _, err := matrix(2, 1, 2, float32(math.NaN()), 4).Vector(); err == nil || !strings.Contains(err.Error(), "number 3 of 4 is NaN") {
		t.Errorf("a vector that is not finite: %v", err)
	}
}
