package cpu

import (
	"fmt"
	"unsafe"

	"tandem/transformer"
)

const (
	chunk     = 512     // rows that go through the matrices at once; longer forwards repeat per chunk
	headChunk = 64      // wanted rows whose logits are held at once
	tile      = 32      // query rows (tokens x heads of a group) of an attention task
	strip     = 1 << 15 // float32 of gate and up that a thread holds between gemm and SwiGLU: they stay in its cache
	stripRows = 128     // their rows at most, so that the operands of these stay there as well
)

// A session is K/V slots and scratch. Shapes: R = sequences*slots rows at most, C = min(R, chunk), D hidden, H and K
// heads, G = H/K, d head dim, dp = d padded to panels; dk and S are d and slots as the layout of keys and values pads them;
// F intermediate. padded(n) is n as the layout of the weights pads it.
type session struct {
	backend          *backend
	config           transformer.Config
	sequences, slots int
	memory           arena

	keys, values []byte // [layer][sequence][K] panels: keys [S/16][dk][16], values [dp/16][S][16]
	keyHead      int    // bytes of one head's keys
	keyPanel     int    // bytes of one panel of keys: 16 slots
	valueHead    int    // bytes of one head's values
	valuePanel   int    // bytes of one panel of values: 16 dims of all slots
	cos, sin     []float32

	x       []float32 // [R, D] residual stream
	query   operands  // [K][R*G, dk] queries after RoPE, the heads of a group side by side
	normed  operands  // [C, padded(D)]
	qkv     []float32 // [C, (H+2K)*dp]
	attn    operands  // [C, padded(H*d)]
	hidden  operands  // [C, padded(F)]
	logits  []float32 // [min(R, headChunk), vocab padded to panels]
	workers []worker

	rows    []row // [R] of this forward
	wanted  []want
	written []int               // [sequences]
	guesses []transformer.Guess // [R] backing out
	out     [][]transformer.Guess
	passes  []transformer.Pass // of this forward, for the workers
	plan    plan
	run     func(thread int)
	held    bool // by the caller
}

const bins = 2048 // of logits, by how far below the top they are

// A worker is a thread's own scratch.
type worker struct {
	scores []float32 // [tile, S]
	probs  operands  // [tile, S]
	mixed  []float32 // [tile, dp]
	inv    []float32 // [tile]
	floor  []int32   // [tile]
	reach  []int32   // [tile]
	strip  []float32
	order  []uint64 // [vocab] for top-k and top-p
	bins   [bins]float64
	qkv    qkvArgs // of the token at hand
}

// Operands are rows of what the kernel set multiplies.
type operands struct {
	data   unsafe.Pointer
	stride int // numbers of a row
	row    int // bytes of a row
}

// at is row i.
func (o operands) at(i int) unsafe.Pointer { return unsafe.Add(o.data, i*o.row) }

// after is the operands from row i on.
func (o operands) after(i int) operands { return operands{o.at(i), o.stride, o.row} }

// A row is one token of this forward.
type row struct {
	token, sequence, pos, reach int32
}

// A want is one guess that was asked for.
type want struct{ row, pass, index int32 }

// Open reserves sequences x slots K/V slots and all scratch memory.
func (b *backend) Open(sequences, slots int) (transformer.Session, error) {
	if sequences < 1 || slots < 1 {
		return nil, fmt.Errorf("cpu: cannot open %d sequences of %d slots; both must be at least 1", sequences, slots)
	}
	s := &session{backend: b, config: b.config, sequences: sequences, slots: slots}
	if err := s.reserve(); err != nil {
		s.memory.free()
		return nil, fmt.Errorf("cpu: open %d sequences of %d slots: %w", sequences, slots, err)
	}
	// Pages that nobody has touched yet cost nothing, so that only now it is known whether they can be had.
	if free := freeMemory(); free > 0 && s.memory.total > free {
		need := s.memory.total
		s.memory.free()
		return nil, fmt.Errorf("cpu: %d sequences of %d slots need %.1f GiB, but %.1f GiB of memory are free: choose less", sequences, slots,
			float64(need)/(1<<30), float64(free)/(1<<30))
	}
	s.config.Rotary(s.cos, s.sin)
	s.run = s.forward
	return s, nil
}

// A reserver carves a session's buffers and remembers the first error.
type reserver struct {
	memory  *arena
	operand int // bytes
	err     error
}

func carved[T any](r *reserver, n int) []T {
	t, err := carve[T](r.memory, n)
	if err != nil {
		r.err = err
	}
	return t
}

func (r *reserver) floats(n int) []float32 { return carved[float32](r, n) }

func (r *reserver) operands(rows, stride int) operands {
	row := stride * r.operand
	b, err := r.memory.bytes(rows * row)
	if err != nil {
		r.err = err
	}
	return operands{unsafe.Pointer(unsafe.SliceData(b)), stride, row}
}

func (s *session) reserve() (err error) {
	c, l, kv := s.config, &s.backend.layout, &s.backend.kv
	rows := s.sequences * s.slots
	few := min(rows, chunk)
	dp, dk, padded := roundUp(c.HeadDim, lanes), kv.padded(c.HeadDim), kv.padded(s.slots)
	s.keyPanel = kv.bytes(dk)
	s.keyHead = s.keyPanel * padded / lanes
	s.valuePanel = kv.bytes(padded)
	s.valueHead = s.valuePanel * dp / lanes
	heads := c.Layers * s.sequences * c.KVHeads
	if s.keys, err = s.memory.bytes(heads * s.keyHead); err != nil {
		return err
	}
	if s.values, err = s.memory.bytes(heads * s.valueHead); err != nil {
		return err
	}
	r := &reserver{memory: &s.memory, operand: s.backend.kernels.operand()}
	s.cos, s.sin = r.floats(s.slots*c.HeadDim/2), r.floats(s.slots*c.HeadDim/2)
	s.x = r.floats(rows * roundUp(c.Hidden, lanes))
	s.query = r.operands(c.KVHeads*rows*(c.Heads/c.KVHeads), dk)
	s.normed = r.operands(few, l.padded(c.Hidden))
	s.qkv = r.floats(few * (c.Heads + 2*c.KVHeads) * dp)
	s.attn = r.operands(few, l.padded(c.Heads*c.HeadDim))
	s.hidden = r.operands(few, l.padded(c.Intermediate))
	s.logits = r.floats(min(rows, headChunk) * roundUp(c.Vocab, lanes))
	for range s.backend.pool.threads {
		s.workers = append(s.workers, worker{
			scores: r.floats(tile * padded), probs: r.operands(tile, padded), mixed: r.floats(tile * dp), strip: r.floats(strip),
			inv: r.floats(tile), floor: carved[int32](r, tile), reach: carved[int32](r, tile), order: make([]uint64, 0, c.Vocab),
		})
	}
	s.rows, s.wanted = make([]row, rows), make([]want, 0, rows)
	s.written = make([]int, s.sequences)
	s.guesses, s.out = make([]transformer.Guess, rows), make([][]transformer.Guess, s.sequences)
	return r.err
}

// Reset forgets a sequence. Its values become 0, because slots beyond a row's reach are in the same tile with probability 0,
// and 0 times a NaN of an earlier forward would be NaN.
func (s *session) Reset(sequence int) {
	kv, heads := s.config.KVHeads, s.config.KVHeads*s.config.Layers
	used := s.backend.kv.bytes(s.backend.kv.padded(s.written[sequence]))
	for i := range heads {
		at := ((i/kv*s.sequences+sequence)*kv + i%kv) * s.valueHead
		for panel := at; panel < at+s.valueHead; panel += s.valuePanel {
			clear(s.values[panel:][:used])
		}
	}
	s.written[sequence] = 0
}

func (s *session) Memory() int64 { return s.memory.total }

func (s *session) Close() error { return s.memory.free() }

// head is the start of the keys and values of one head.
func (s *session) head(layer, sequence, head int) (keys, values unsafe.Pointer) {
	i := (layer*s.sequences+sequence)*s.config.KVHeads + head
	return unsafe.Pointer(&s.keys[i*s.keyHead]), unsafe.Pointer(&s.values[i*s.valueHead])
}
