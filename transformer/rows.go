package transformer

import (
	"fmt"
	"math"
	"slices"
)

// A RowReader hands out the rows of matrices in one dtype. Every number passes through one on its way from a file to a backend,
// and here it is checked: weights are finite when a backend has them. A RowReader serves one goroutine.
type RowReader struct {
	dtype  Dtype
	buffer Matrix    // converted rows
	wide   []float32 // a row
}

// NewRowReader makes a reader of rows in a dtype.
func NewRowReader(d Dtype) *RowReader { return &RowReader{dtype: d} }

// Read returns the rows from, …, from+n-1 of a matrix: a view where it has the dtype, else converted into memory that the next
// Read uses again. A number that is not finite, or cannot be in the dtype, is an error.
func (r *RowReader) Read(m *Matrix, from, n int) (Matrix, error) {
	own := m.Stored == nil && m.dtype() == r.dtype
	if len(r.wide) != m.Cols || !own && r.buffer.Rows < n {
		r.wide = make([]float32, m.Cols)
		r.buffer = Matrix{}
		if !own {
			r.buffer = NewMatrix(r.dtype, n, m.Cols)
		}
	}
	for i := range n {
		m.readRow(from+i, r.wide)
		if err := m.check(from+i, r.wide, r.dtype); err != nil {
			return Matrix{}, err
		}
		if !own {
			r.buffer.Write(i*m.Cols, r.wide)
		}
	}
	if own {
		return m.part(from, n), nil
	}
	return r.buffer.part(0, n), nil
}

// Vector is all numbers of the matrix one after another, as float32 and copied: norms and biases. One that is not finite is an
// error.
func (m Matrix) Vector() ([]float32, error) {
	wide := make([]float32, m.Rows*m.Cols)
	for row := range m.Rows {
		to := wide[row*m.Cols:][:m.Cols]
		m.readRow(row, to)
		if err := m.check(row, to, F32); err != nil {
			return nil, err
		}
	}
	return wide, nil
}

// The bits of a float32.
const (
	signBit  = 1 << 31
	infinity = 255 << 23
)

// check reports a number of a row that is not finite, or will not be in a dtype. The bits of infinity and NaN are above those of
// all other magnitudes, so that looking for them costs next to nothing.
func (m *Matrix) check(row int, numbers []float32, d Dtype) error {
	largest := uint32(0)
	for _, f := range numbers {
		largest = max(largest, math.Float32bits(f)&^signBit)
	}
	most := math.Float32frombits(largest)
	switch {
	case largest >= infinity:
		at := slices.IndexFunc(numbers, func(f float32) bool { return math.Float32bits(f)&^signBit >= infinity })
		return fmt.Errorf("%s: number %d of %d is %g: the weights are damaged, or their training diverged; fetch them again",
			m.title(), row*m.Cols+at+1, m.Rows*m.Cols, most)
	case d != F32 && !d.holds(most):
		return fmt.Errorf("%s: it holds the magnitude %g, which %s cannot: load it as f32", m.title(), most, d)
	}
	return nil
}

// title is what errors call the matrix.
func (m *Matrix) title() string {
	if m.Name == "" {
		return fmt.Sprintf("matrix [%d, %d]", m.Rows, m.Cols)
	}
	return m.Name
}
