package transformer

import (
	"encoding/binary"
	"math"
	"unsafe"
)

// A Stored is the numbers of a matrix as a file has them: packed, or in another dtype than the weights', or in another order.
// They are converted row by row on their way to a backend (see RowReader), so that there is never a second copy of a model.
//
// Note: kernels that multiply by packed weights start here. A row of Data is whole blocks of Format; a dtype of that name takes
// an entry of formats whose view takes Data as it is.
type Stored struct {
	Format Dtype                              // such as "f16" or "q4_k"; it need not be a dtype that the core computes with
	Data   []byte                             // rows of equally many bytes, which must not change
	Order  func(row int) int                  // where Data has a row; nil: in its place
	Unpack func(numbers []float32, in []byte) // a row, or several
}

// Matrix is the stored numbers as a matrix of weights of a dtype: a view of the bytes where they are that dtype's numbers as they
// lie in memory, else the Stored itself. Name is what errors call it.
func (s Stored) Matrix(d Dtype, name string, rows, cols int) Matrix {
	m := Matrix{Name: name, Rows: rows, Cols: cols}
	if view := d.format().view; view == nil || s.Format != d || s.Order != nil || !view(&m, s.Data) {
		m.Stored = &s
	}
	return m
}

// row unpacks a row of so many.
func (s *Stored) row(row, rows int, to []float32) {
	if s.Order != nil {
		row = s.Order(row)
	}
	bytes := len(s.Data) / rows
	s.Unpack(to, s.Data[row*bytes:][:bytes])
}

// littleEndian says whether this machine has numbers in memory as files have them.
var littleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// view is bytes as numbers, without a copy, where they lie as this machine needs them.
func view[T float32 | uint16](data []byte) (numbers []T, ok bool) {
	first := unsafe.Pointer(unsafe.SliceData(data))
	if size := unsafe.Sizeof(*new(T)); littleEndian && uintptr(first)%size == 0 {
		return unsafe.Slice((*T)(first), uintptr(len(data))/size), true
	}
	return nil, false
}

// UnpackF32 reads little-endian float32.
func UnpackF32(out []float32, in []byte) {
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(in[4*i:]))
	}
}

// UnpackF16 reads little-endian IEEE 754 halves.
func UnpackF16(out []float32, in []byte) {
	for i := range out {
		out[i] = FromF16(binary.LittleEndian.Uint16(in[2*i:]))
	}
}

// UnpackBF16 reads little-endian bf16.
func UnpackBF16(out []float32, in []byte) {
	for i := range out {
		out[i] = FromBF16(binary.LittleEndian.Uint16(in[2*i:]))
	}
}
