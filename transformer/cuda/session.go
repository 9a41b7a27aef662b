package cuda

import (
	"errors"
	"fmt"
	"math"
	"structs"
	"time"
	"unsafe"

	"tandem/transformer"
)

const (
	block     = 64   // most rows with which attention is split
	padding   = 128  // rows that the largest product kernel takes at once; buffers have multiples of it
	headRows  = 64   // wanted rows whose logits are in memory at once
	most      = 4096 // rows of one run of the launches, unless a single sequence is longer
	split     = 64   // slots of a split of attention, SPLIT in attend.cu
	parts     = 4096 // most rows x splits whose sums attention stores for combine
	sliceSize = 2048 // SLICE in guess.cu
	cutBins   = 2048 // BINS in guess.cu
	cutList   = 3072 // NEAR in cut.cu
)

// A session is K/V slots and scratch. Shapes: R rows at most, D hidden, H and K heads, d head dim, dp = d padded, S slots
// padded to 16, F intermediate, V vocabulary. Activations are padded to units of 32 numbers.
type session struct {
	backend          *backend
	config           transformer.Config
	sequences, slots int
	padded           int // S
	dp               int
	capacity         int // R
	memory           arena
	host             pinned // the upload, then the guesses

	keys, values   pointer // [layer][sequence][K][S*dp]
	cos, sin       pointer // [slots][d/2] f32
	ones, zeros    pointer // [slots][d/2] f32, instead of cos and sin in NoPE layers; 0 where there are none
	upload         pointer // as plan.go lays it out
	x              pointer // [R][D] f32, the residual stream
	next           pointer // activations [R][D]: x times the gain of the next norm
	squares        pointer // [R][ceil(D/16)] f32
	qkv            pointer // [R][(H+2K)*d] f32
	q              pointer // [R][H][dp] f32
	attended       pointer // activations [R][H*d]
	hidden         pointer // activations [R][F]
	part           pointer // [splits][rows][H][dp+2] f32, splits x rows at most parts
	splitKPartials pointer // [8][tiles of a product][numbers of a tile] f32: slices of products whose K several blocks share
	splitKCounters pointer // [splitKTiles] how many of those blocks have finished; 0 between products
	logits         pointer // [min(R, headRows)][V] f32
	slices         pointer // [min(R, headRows)][ceil(V/sliceSize)]
	bins           pointer // [min(R, headRows)][2][cutBins]
	cuts           pointer // [min(R, headRows)]
	guessed        pointer // [R]
	decode         decodeBuffers

	written []int // [sequences]
	guesses []transformer.Guess
	out     [][]transformer.Guess
	plan    plan
	graphs  map[shape]*graph
	watches [2]watch // forwards of a decoding on the device alternate
	worked  time.Duration
}

// Open reserves sequences x slots K/V slots and all scratch memory, in one allocation. There are no kernels for windows that are
// shorter than the slots and for positions whose queries are scaled: such sessions are a transformer.ErrUnsupported.
func (b *backend) Open(sequences, slots int) (transformer.Session, error) {
	if sequences < 1 || slots < 1 {
		return nil, fmt.Errorf("cuda: cannot open %d sequences of %d slots; both must be at least 1", sequences, slots)
	}
	if slots > math.MaxUint16 {
		return nil, fmt.Errorf("cuda: %d slots; the most is %d", slots, math.MaxUint16)
	}
	if n := b.longest(); slots > n {
		return nil, fmt.Errorf("cuda: %d slots of %s, whose windows or query scales begin after %d: %w on a GPU: "+
			"open fewer or use the processor", slots, b.config.Name, n, transformer.ErrUnsupported)
	}
	defer b.device.hold()()
	s, err := b.open(sequences, slots)
	if err != nil {
		return nil, err
	}
	return s, nil
}

func (b *backend) open(sequences, slots int) (*session, error) {
	s := &session{backend: b, config: b.config, sequences: sequences, slots: slots, padded: roundUp(slots, 16), graphs: map[shape]*graph{}}
	s.capacity = min(sequences*slots, max(slots, most))
	s.dp = b.format.headDim(s.config.HeadDim)
	s.written = make([]int, sequences)
	s.out = make([][]transformer.Guess, sequences)
	b.device.users.Add(1)
	if err := errors.Join(b.device.enter(), s.reserve()); err != nil {
		return nil, errors.Join(err, s.release())
	}
	return s, nil
}

// activations is the bytes of rows of n numbers, in the layout of the products.
func (s *session) activations(rows, n int) int64 {
	return int64(rows) * int64(roundUp(n, unit)) * s.backend.format.activations
}

func (s *session) reserve() error {
	c, d := s.config, s.backend.device
	rows, few := roundUp(s.capacity, padding), int64(min(s.capacity, headRows))
	q, kv := c.Heads*c.HeadDim, c.KVHeads*c.HeadDim
	cache := int64(c.Layers*s.sequences*c.KVHeads) * int64(s.padded) * int64(s.dp) * s.backend.format.activations
	a := &s.memory
	a.take(&s.keys, cache)
	a.take(&s.values, cache)
	a.take(&s.cos, int64(s.slots*c.HeadDim/2)*4)
	a.take(&s.sin, int64(s.slots*c.HeadDim/2)*4)
	if s.backend.unrotated() {
		a.take(&s.ones, int64(s.slots*c.HeadDim/2)*4)
		a.take(&s.zeros, int64(s.slots*c.HeadDim/2)*4)
	}
	s.plan.limits = s.limits()
	a.take(&s.upload, s.plan.limits.bytes())
	a.take(&s.x, int64(rows)*int64(c.Hidden)*4)
	a.take(&s.next, s.activations(rows, c.Hidden))
	a.take(&s.squares, int64(rows)*int64((c.Hidden+15)/16)*4)
	a.take(&s.qkv, int64(rows)*int64(q+2*kv)*4)
	a.take(&s.q, int64(rows)*int64(c.Heads*s.dp)*4)
	a.take(&s.attended, s.activations(rows, q))
	a.take(&s.hidden, s.activations(rows, c.Intermediate))
	a.take(&s.part, int64(min(parts, rows*s.plan.limits.splits))*int64(c.Heads*(s.dp+2))*4)
	a.take(&s.splitKPartials, splitKNumbers*4)
	a.take(&s.splitKCounters, splitKTiles*4)
	a.take(&s.logits, few*int64(c.Vocab)*4)
	a.take(&s.slices, few*int64((c.Vocab+sliceSize-1)/sliceSize)*int64(unsafe.Sizeof(sliceOf{})))
	a.take(&s.bins, few*2*cutBins*8)
	a.take(&s.cuts, few*8)
	a.take(&s.guessed, int64(s.capacity)*int64(unsafe.Sizeof(transformer.Guess{})))
	s.layDecode()
	if err := a.make(d, fmt.Sprintf("a session of %d sequences of %d slots", s.sequences, s.slots)); err != nil {
		return err
	}
	if err := s.host.make(d, s.plan.limits.bytes()+int64(s.capacity)*int64(unsafe.Sizeof(transformer.Guess{}))); err != nil {
		return err
	}
	if err := s.decode.host.make(d, s.decode.bytes+2*int64(unsafe.Sizeof(result{}))); err != nil {
		return err
	}
	for i := range s.watches {
		s.watches[i].device = d
		if err := s.watches[i].open(); err != nil {
			return err
		}
	}
	for p, n := range map[pointer]int64{s.next: s.activations(rows, c.Hidden), s.attended: s.activations(rows, q),
		s.hidden: s.activations(rows, c.Intermediate)} {
		d.clear(p, n) // their padding is multiplied with the weights' padding of 0, so it may not be NaN
	}
	d.clear(s.splitKCounters, splitKTiles*4)
	s.guesses = make([]transformer.Guess, 0, s.sequences*s.slots)
	return errors.Join(d.done(), s.rotary())
}

// sliceOf is the Go twin of Slice in guess.cu.
type sliceOf struct {
	_                          structs.HostLayout
	top, second, sum, weighted float32
	score                      float64
	token, sample              int32
}

// Reset forgets a sequence. Its slots keep their numbers, but nothing uses them: kernels replace what lies beyond the reach of
// a tile's rows by 0.
func (s *session) Reset(sequence int) { s.written[sequence] = 0 }

func (s *session) Memory() int64 { return s.memory.size }

// Close frees the session's memory. It may come after the backend's.
func (s *session) Close() error {
	defer s.backend.device.hold()()
	return s.close()
}

func (s *session) close() error {
	d := s.backend.device
	return errors.Join(d.enter(), d.wait(), s.dropGraphs(), s.release())
}

// release frees all that the session holds.
func (s *session) release() error {
	return errors.Join(s.watches[0].close(), s.watches[1].close(), s.memory.free(), s.host.free(), s.decode.host.free(), s.backend.device.close())
}
