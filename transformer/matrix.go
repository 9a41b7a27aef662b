package transformer

// A Matrix is row-major [Rows, Cols]; a linear layer stores [out, in], as checkpoints do. Of the slices exactly one is set,
// that of the weights' dtype, with Rows*Cols numbers; or Stored is, and the numbers are still as a file has them.
type Matrix struct {
	Name       string // in its file, for errors
	Rows, Cols int
	F32        []float32
	BF16       []uint16 // the upper 16 bits of a float32
	Stored     *Stored
}

// NewMatrix makes a matrix of zeros.
func NewMatrix(d Dtype, rows, cols int) Matrix {
	m := Matrix{Rows: rows, Cols: cols}
	d.format().make(&m, rows*cols)
	return m
}

// dtype is the dtype in which the matrix holds numbers; "" if it holds none, or as a file has them.
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

// readRow fills the Cols numbers of a row.
func (m *Matrix) readRow(row int, numbers []float32) {
	if m.Stored != nil {
		m.Stored.row(row, m.Rows, numbers)
		return
	}
	m.read(row*m.Cols, numbers)
}

// part is n rows, in the same memory. Stored ones are not among them.
func (m Matrix) part(from, n int) Matrix {
	return Matrix{Name: m.Name, Rows: n, Cols: m.Cols, F32: cut(m.F32, m.Rows, from, n), BF16: cut(m.BF16, m.Rows, from, n)}
}

// cut is n of the rows of a matrix's numbers.
func cut[T any](numbers []T, rows, from, n int) []T {
	row := len(numbers) / rows
	return numbers[from*row:][:n*row]
}

// Convert returns the matrix in another dtype, or itself when it has that one already. Numbers are not checked; see RowReader.
func (m Matrix) Convert(d Dtype) Matrix {
	if from := m.dtype(); m.Stored == nil && (from == d || from == "") {
		return m
	}
	out, wide := NewMatrix(d, m.Rows, m.Cols), make([]float32, m.Cols)
	for row := range m.Rows {
		m.readRow(row, wide)
		out.Write(row*m.Cols, wide)
	}
	out.Name = m.Name
	return out
}
