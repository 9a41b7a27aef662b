package transformer

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// A Dtype is how the numbers of matrices are stored. It is the dtype's name in files and on command lines.
//
// All that is particular to a dtype stands in its entry of formats below. A backend has a table of its own with an entry for
// each dtype that it supports; see Lookup.
type Dtype string

// The dtypes.
const (
	F32  Dtype = "f32"
	BF16 Dtype = "bf16" // the upper 16 bits of an f32
)

// A format is what this package knows of a dtype. Numbers are converted to it and from it as float32.
type format struct {
	block, bytes int    // block consecutive numbers take so many bytes
	activations  Dtype  // see Dtype.Activations
	ceiling      string // of products with such weights, on machines that have it; see ComputeCeiling

	make  func(m *Matrix, n int)                  // makes room for n numbers
	len   func(m *Matrix) int                     // numbers that the matrix holds in this dtype
	write func(m *Matrix, at int, from []float32) // numbers at, at+1, … become the nearest ones of the dtype
	read  func(m *Matrix, at int, to []float32)
	view  func(m *Matrix, data []byte) bool // takes a file's bytes for the numbers, if they lie so; nil: a file never has them so
}

var formats = map[Dtype]format{
	F32: {
		block: 1, bytes: 4, activations: F32, ceiling: F32Ceiling,
		make:  func(m *Matrix, n int) { m.F32 = make([]float32, n) },
		len:   func(m *Matrix) int { return len(m.F32) },
		write: func(m *Matrix, at int, from []float32) { copy(m.F32[at:], from) },
		read:  func(m *Matrix, at int, to []float32) { copy(to, m.F32[at:]) },
		view:  func(m *Matrix, data []byte) (ok bool) { m.F32, ok = view[float32](data); return ok },
	},
	BF16: {
		block: 1, bytes: 2, activations: BF16, ceiling: BF16Ceiling,
		make: func(m *Matrix, n int) { m.BF16 = make([]uint16, n) },
		len:  func(m *Matrix) int { return len(m.BF16) },
		write: func(m *Matrix, at int, from []float32) {
			to := m.BF16[at:][:len(from)]
			for i, f := range from {
				to[i] = RoundBF16(f)
			}
		},
		read: func(m *Matrix, at int, to []float32) {
			from := m.BF16[at:][:len(to)]
			for i, b := range from {
				to[i] = FromBF16(b)
			}
		},
		view: func(m *Matrix, data []byte) (ok bool) { m.BF16, ok = view[uint16](data); return ok },
	},
}

// Dtypes lists all dtypes, the widest first.
func Dtypes() []Dtype {
	return slices.SortedFunc(maps.Keys(formats), func(a, b Dtype) int {
		const many = 1 << 20
		return cmp.Or(cmp.Compare(b.bytes(many), a.bytes(many)), cmp.Compare(a, b))
	})
}

// Lookup finds a dtype's entry in a table of supported dtypes. The error of a missing one names those that are there.
func Lookup[T any](supported map[Dtype]T, d Dtype) (entry T, err error) {
	entry, ok := supported[d]
	if !ok {
		var names []string
		for _, name := range Dtypes() {
			if _, ok := supported[name]; ok {
				names = append(names, string(name))
			}
		}
		err = fmt.Errorf("weights of dtype %q; need %s", d, strings.Join(names, " or "))
	}
	return entry, err
}

// format is the dtype's entry. An unknown dtype, which Weights.Validate reports, counts as f32.
func (d Dtype) format() format {
	if f, ok := formats[d]; ok {
		return f
	}
	return formats[F32]
}

// bytes is what n consecutive numbers of a matrix take.
func (d Dtype) bytes(n int64) int64 {
	f := d.format()
	return (n + int64(f.block) - 1) / int64(f.block) * int64(f.bytes)
}

// Activations is the dtype of keys and values beside weights of this dtype. It is also the narrowest dtype to which a backend
// may round what enters a matrix product.
func (d Dtype) Activations() Dtype { return d.format().activations }

// Round replaces numbers by the nearest ones that the dtype has, as in a matrix of one row. What is beyond its largest becomes
// infinite.
func (d Dtype) Round(numbers []float32) {
	m := NewMatrix(d, 1, len(numbers))
	m.Write(0, numbers)
	m.read(0, numbers)
}

// holds says whether a finite number stays finite in the dtype.
func (d Dtype) holds(f float32) bool {
	x := []float32{f}
	d.Round(x)
	return !math.IsInf(float64(x[0]), 0)
}
