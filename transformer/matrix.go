package transformer

// A Matrix is row-major [Rows, Cols]; a linear layer stores [out, in], as checkpoints do. Of the slices exactly one is set,
// that of the matrix's dtype, with Rows*Cols numbers.
type Matrix struct {
	Rows, Cols int
	F32        []float32
	BF16       []uint16 // the upper 16 bits of a float32
}

// NewMatrix makes a matrix of zeros.
func NewMatrix(d Dtype, rows, cols int) Matrix {
	m := Matrix{Rows: rows, Cols: cols}
	d.format().make(&m, rows*cols)
	return m
}

// dtype is the dtype in which the matrix holds numbers; "" if it holds none.
func (m Matrix) dtype() Dtype {
	for d, f := range formats {
		if f.len(&m) > 0 {
			return d
		}
	}
	return ""
}

// Write stores numbers, rounded to the matrix's dtype, from index at on; number j of row i has the index i*Cols+j. Both at and
// the end are multiples of the dtype's block, or the matrix's end.
func (m Matrix) Write(at int, numbers []float32) { m.dtype().format().write(&m, at, numbers) }

// read is the inverse of Write: it fills numbers from index at on.
func (m Matrix) read(at int, numbers []float32) { m.dtype().format().read(&m, at, numbers) }

// pieceSize is how many numbers are converted at once, so that they stay in the first cache.
const pieceSize = 1 << 12

// Convert returns the matrix in another dtype, or itself when it has that one already.
func (m Matrix) Convert(d Dtype) Matrix {
	from := m.dtype()
	if from == d || from == "" {
		return m
	}
	out, buffer := NewMatrix(d, m.Rows, m.Cols), make([]float32, pieceSize)
	read, write := from.format().read, d.format().write
	for at, n := 0, m.Rows*m.Cols; at < n; at += pieceSize {
		piece := buffer[:min(pieceSize, n-at)]
		read(&m, at, piece)
		write(&out, at, piece)
	}
	return out
}
