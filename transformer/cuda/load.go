package cuda

import (
	"errors"
	"fmt"
	"unsafe"

	"tandem/transformer"
)

// Lengths of matrix rows are padded to multiples of unit numbers, and output columns to multiples of tile.
const (
	unit = 32
	tile = 32
)

// A model is the addresses of the weights on the device. D hidden, H heads, K key/value heads, d head dim, F intermediate.
type model struct {
	table  pointer // [V][D] as in the checkpoint, for the rows of tokens
	head   pointer // [V][D] packed
	norm   pointer // [D] f32, as all vectors
	layers []layer
}

type layer struct {
	attnNorm, mlpNorm    pointer // [D]
	bias                 pointer // [(H+2K)*d] or 0
	qNorm, kNorm         pointer // [d] or 0
	qkv, o, gateUp, down pointer // packed: [(H+2K)*d][D], [D][H*d], [2F][D] (16 columns of gate and 16 of up alternate), [D][F]
}

// A transfer is a tensor to be copied to the device.
type transfer struct {
	to          *pointer
	data        []byte
	matrix      *transformer.Matrix // in place of data
	rows, cols  int
	size        int // bytes of a number
	first, step int // of a packed matrix, see PackArgs; step 0: as it is
}

// lay lays out the weights in the arena and lists the transfers.
func (b *backend) lay(w *transformer.Weights) (list []transfer) {
	c, size := b.config, b.format.size
	q, kv := c.Heads*c.HeadDim, c.KVHeads*c.HeadDim
	packed := func(to *pointer, rows, cols int) {
		b.memory.take(to, int64(roundUp(rows, tile))*int64(roundUp(cols, unit))*size)
	}
	vector := func(to *pointer, v []float32) {
		b.memory.take(to, int64(len(v))*4)
		list = append(list, transfer{to: to, data: raw(v), rows: 1, cols: len(v), size: 4})
	}
	matrix := func(to *pointer, m transformer.Matrix, first, step int) {
		list = append(list, transfer{to: to, matrix: &m, rows: m.Rows, cols: m.Cols, size: int(size), first: first, step: step})
	}
	m := &b.model
	m.layers = make([]layer, c.Layers)
	b.memory.take(&m.table, int64(c.Vocab)*int64(c.Hidden)*size)
	packed(&m.head, c.Vocab, c.Hidden)
	head := w.Head
	if c.Tied {
		head = w.Embed
	}
	matrix(&m.table, w.Embed, 0, 0)
	matrix(&m.head, head, 0, 1)
	vector(&m.norm, w.Norm)
	for i := range m.layers {
		l, from := &m.layers[i], w.Layers[i]
		vector(&l.attnNorm, from.AttnNorm)
		vector(&l.mlpNorm, from.MLPNorm)
		if c.QKVBias {
			vector(&l.bias, append(append(append([]float32(nil), from.QBias...), from.KBias...), from.VBias...))
		}
		if c.QKNorm {
			vector(&l.qNorm, from.QNorm)
			vector(&l.kNorm, from.KNorm)
		}
		packed(&l.qkv, q+2*kv, c.Hidden)
		packed(&l.o, c.Hidden, q)
		packed(&l.gateUp, 2*roundUp(c.Intermediate, 16), c.Hidden)
		packed(&l.down, c.Hidden, c.Intermediate)
		matrix(&l.qkv, from.Q, 0, 1)
		matrix(&l.qkv, from.K, q, 1)
		matrix(&l.qkv, from.V, q+kv, 1)
		matrix(&l.o, from.O, 0, 1)
		matrix(&l.gateUp, from.Gate, 0, 2)
		matrix(&l.gateUp, from.Up, 16, 2)
		matrix(&l.down, from.Down, 0, 1)
	}
	return list
}

// load copies the weights to the device, through pinned memory, and packs them there.
func (b *backend) load(w *transformer.Weights) (err error) {
	list, d := b.lay(w), b.device
	if err := b.memory.make(d, fmt.Sprintf("%s in %s", b.config.Name, b.dtype)); err != nil {
		return err
	}
	s := stager{device: d, pack: "pack_" + string(b.dtype), reader: transformer.NewRowReader(b.dtype), raw: b.format.raw}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := s.open(halfSize); err != nil {
		return err
	}
	d.clear(b.memory.base, b.memory.size) // padding is 0
	for _, t := range list {
		if err := s.send(t); err != nil {
			return err
		}
	}
	return errors.Join(d.done(), d.wait())
}

// A stager copies tensors in pieces through two halves of pinned memory: one is filled while the other is copied.
type stager struct {
	device *device
	pack   string // the kernel
	reader *transformer.RowReader
	raw    func(transformer.Matrix) []byte
	host   pinned
	there  arena
	where  pointer
	half   int
	size   int // of a half, in bytes
}

const halfSize = 16 << 20 // most bytes of a half

func (s *stager) open(size int) error {
	s.size = size
	s.there.take(&s.where, 2*int64(size))
	return errors.Join(s.host.make(s.device, 2*int64(size)), s.there.make(s.device, "staging of the weights"))
}

func (s *stager) close() error { return errors.Join(s.device.wait(), s.host.free(), s.there.free()) }

// send copies one tensor to its place on the device.
func (s *stager) send(t transfer) error {
	// Pieces are whole rows, a multiple of 16, so that gate and up can alternate. A row longer than a piece is refused.
	row := t.cols * t.size
	rows := max(s.size/row/16*16, 16)
	if rows*row > s.size {
		return fmt.Errorf("cuda: a row of %d numbers is too long", t.cols)
	}
	for from := 0; from < t.rows; from += rows {
		n := min(rows, t.rows-from)
		data, err := s.bytes(t, from, n)
		if err != nil {
			return err
		}
		s.piece(t, from, n, data)
		if err := s.device.done(); err != nil {
			return err
		}
		if s.half ^= 1; s.half == 0 { // both halves are being copied
			if err := s.device.wait(); err != nil {
				return err
			}
		}
	}
	return nil
}

// bytes are the rows from, …, from+rows-1 of a tensor, until the next call. Those of a matrix are converted to the backend's dtype.
func (s *stager) bytes(t transfer, from, rows int) ([]byte, error) {
	if t.matrix == nil {
		row := t.cols * t.size
		return t.data[from*row : (from+rows)*row], nil
	}
	m, err := s.reader.Read(t.matrix, from, rows)
	if err != nil {
		return nil, fmt.Errorf("cuda: %w", err)
	}
	return s.raw(m), nil
}

// piece copies the rows from, …, from+rows-1.
func (s *stager) piece(t transfer, from, rows int, data []byte) {
	at := int64(s.half * s.size)
	copy(s.host.bytes()[at:], data)
	host := unsafe.Add(s.host.data, at)
	if t.step == 0 {
		s.device.copyIn(t.to.at(int64(from)*int64(t.cols)*int64(t.size)), host, int64(len(data)))
		return
	}
	s.device.copyIn(s.where.at(at), host, int64(len(data)))
	launch(s.device, s.pack, 256, grid{rows, 1, 1}, 0, packArgs{from: s.where.at(at), to: *t.to, rows: int32(rows),
		cols: int32(t.cols), first: int32(t.first + from*t.step), step: int32(t.step), units: units(t.cols)})
}

type packArgs struct {
	from, to                pointer
	rows, cols, first, step int32
	units, _                int32
}

// raw is the memory of a slice of numbers.
func raw[T float32 | uint16](v []T) []byte {
	var t T
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(v))), len(v)*int(unsafe.Sizeof(t)))
}
