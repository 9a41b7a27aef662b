package transformertest

import (
	"math"

	"tandem/transformer"
)

func softmax(x []float64) []float64 {
	high, sum := math.Inf(-1), 0.0
	for _, v := range x {
		high = max(high, v)
	}
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = math.Exp(v - high)
		sum += out[i]
	}
	for i := range out {
		out[i] /= sum
	}
	return out
}

func rms(x, gain []float64, eps float32) []float64 {
	out, scale := make([]float64, len(x)), 1/math.Sqrt(dot(x, x)/float64(len(x))+float64(eps))
	for i, v := range x {
		out[i] = v * scale * gain[i]
	}
	return out
}

func mul(m [][]float64, x []float64) []float64 {
	out := make([]float64, len(m))
	for i, row := range m {
		out[i] = dot(row, x)
	}
	return out
}

func dot(a, b []float64) (sum float64) {
	for i, v := range a {
		sum += v * b[i]
	}
	return sum
}

// add adds b to a in place; a nil b is zero.
func add(a, b []float64) []float64 {
	for i, v := range b {
		a[i] += v
	}
	return a
}

func vector64(v []float32) []float64 {
	if v == nil {
		return nil
	}
	out := make([]float64, len(v))
	for i, f := range v {
		out[i] = float64(f)
	}
	return out
}

func matrix64(m transformer.Matrix) [][]float64 {
	wide, out := m.Convert(transformer.F32), make([][]float64, m.Rows)
	for i := range out {
		out[i] = vector64(wide.F32[i*m.Cols : (i+1)*m.Cols])
	}
	return out
}

// round is what rounds numbers to a dtype, in place. F32 leaves them as they are: a backend's own rounding in f32 is what the
// tests measure.
func round(d transformer.Dtype) func([]float64) {
	if d == transformer.F32 {
		return func([]float64) {}
	}
	return func(x []float64) {
		narrow := make([]float32, len(x))
		for i, v := range x {
			narrow[i] = float32(v)
		}
		d.Round(narrow)
		copy(x, vector64(narrow))
	}
}
