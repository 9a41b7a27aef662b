package cpu

import (
	"unsafe"

	"tandem/transformer"
)

// A matrix [N, K] is cut into panels of 16 rows (output columns of x·Wᵀ), zero-padded:
//
//	f32:  [N/16][K][16]       16 outputs of one k side by side
//	bf16: [N/16][K/2][16][2]  16 outputs of two k, as the dot-product and tile instructions read them
//
// A kernel streams a panel from front to end. K is padded to the depth of the layout, so that no kernel has a remainder over k.
const lanes = 16

// A layout is how numbers of a dtype lie in panels.
type layout struct {
	depth    int // K is padded to a multiple of it, in panels and in operands
	size     int // bytes of a number
	portable func() *kernels

	// pack writes a matrix of up to 16 rows as a panel.
	pack func(panel unsafe.Pointer, m *transformer.Matrix)
	// unpack reads one row of a panel back, as float32.
	unpack func(panel unsafe.Pointer, lane int, to []float32)
}

// layouts are the dtypes that this backend supports. To support another one takes an entry here; kernels_c.go may list faster
// kernel sets for it. Keys and values have the layout of the dtype's Activations.
var layouts = map[transformer.Dtype]layout{
	// Rows of operands are whole cache lines.
	transformer.F32: {depth: 16, size: 4, portable: portableF32, pack: packF32, unpack: unpackF32},
	// Tiles are whole.
	transformer.BF16: {depth: 32, size: 2, portable: portableBF16, pack: packBF16, unpack: unpackBF16},
}

// padded is K padded.
func (l *layout) padded(k int) int { return roundUp(k, l.depth) }

// bytes is the bytes of a panel of so many k.
func (l *layout) bytes(k int) int { return k * lanes * l.size }

// f32s and bf16s are n numbers of memory.
func f32s(p unsafe.Pointer, n int) []float32 { return unsafe.Slice((*float32)(p), n) }
func bf16s(p unsafe.Pointer, n int) []uint16 { return unsafe.Slice((*uint16)(p), n) }

func packF32(panel unsafe.Pointer, m *transformer.Matrix) {
	to := f32s(panel, m.Cols*lanes)
	for lane := range m.Rows {
		for k, v := range m.F32[lane*m.Cols:][:m.Cols] {
			to[k*lanes+lane] = v
		}
	}
}

func unpackF32(panel unsafe.Pointer, lane int, to []float32) {
	from := f32s(panel, len(to)*lanes)
	for k := range to {
		to[k] = from[k*lanes+lane]
	}
}

// inPairs is where number k of a lane lies in a panel of bf16.
func inPairs(k, lane int) int { return (k/2*lanes+lane)*2 + k%2 }

func packBF16(panel unsafe.Pointer, m *transformer.Matrix) {
	to := bf16s(panel, roundUp(m.Cols, 2)*lanes)
	for lane := range m.Rows {
		for k, v := range m.BF16[lane*m.Cols:][:m.Cols] {
			to[inPairs(k, lane)] = v
		}
	}
}

func unpackBF16(panel unsafe.Pointer, lane int, to []float32) {
	from := bf16s(panel, roundUp(len(to), 2)*lanes)
	for k := range to {
		to[k] = transformer.FromBF16(from[inPairs(k, lane)])
	}
}
