package cuda

import "fmt"

type gemmArgs struct {
	head, wants, w, x, squares, vector, out, next, sums pointer
	n, units, width, stride, nextUnits, wide, offset    int32
	eps                                                 float32
	splitKPartials, splitKCounters                      pointer
}

// A product is a matrix product and its epilogue: qkv, residual, swiglu or head, as in gemm.cu.
type product struct {
	epilogue string
	args     gemmArgs
}

// qkvProduct: qkv = norm(x)·Wᵀ + bias.
func (s *session) qkvProduct(l *layer) product {
	return product{"qkv", gemmArgs{w: l.qkv, x: s.next, squares: s.squares, vector: l.bias, out: s.qkv, n: s.columns(),
		units: units(s.config.Hidden), stride: s.columns()}}
}

// outProduct: x += attended·Wᵀ, before the norm of the MLP.
func (s *session) outProduct(l *layer) product {
	return s.residual(l.o, s.attended, s.config.Heads*s.config.HeadDim, l.mlpNorm)
}

// gateUpProduct: hidden = silu(norm(x)·Gᵀ) * norm(x)·Uᵀ.
func (s *session) gateUpProduct(l *layer) product {
	c := s.config
	return product{"swiglu", gemmArgs{w: l.gateUp, x: s.next, squares: s.squares, next: s.hidden, n: int32(2 * roundUp(c.Intermediate, 16)),
		units: units(c.Hidden), nextUnits: units(c.Intermediate), wide: int32(c.Intermediate)}}
}

// downProduct: x += hidden·Wᵀ, before the norm of the next layer or the last one.
func (s *session) downProduct(l *layer, gain pointer) product {
	return s.residual(l.down, s.hidden, s.config.Intermediate, gain)
}

func (s *session) residual(w, x pointer, depth int, gain pointer) product {
	n := s.config.Hidden
	return product{"residual", gemmArgs{w: w, x: x, vector: gain, out: s.x, next: s.next, sums: s.squares, n: int32(n), units: units(depth),
		stride: int32(n), nextUnits: units(n)}}
}

// headProduct: logits = norm(x)·Eᵀ of wanted rows, from one on.
func (s *session) headProduct(from int) product {
	v := int32(s.config.Vocab)
	return product{"head", gemmArgs{w: s.backend.model.head, x: s.next, squares: s.squares, out: s.logits, n: v, units: units(s.config.Hidden),
		stride: v, offset: int32(from)}}
}

// A kind is a bf16 product kernel, by the columns x rows that one of its blocks computes; see gemm.cu. Kinds of 8 rows stream
// weights into registers; the others share them in a ring of stages in shared memory.
type kind struct{ cols, rows, stages int }

var kinds = []kind{{16, 8, 0}, {32, 8, 0}, {64, 32, 8}, {128, 32, 6}, {128, 64, 6}, {128, 128, 6}}

func (k kind) String() string { return fmt.Sprintf("%dx%d", k.cols, k.rows) }

// shared is the bytes of shared memory of a block: the ring, or the sums that replace it at the end, and a scale per row.
func (k kind) shared() int {
	sums := 4 * k.rows * (k.cols + 4)
	if k.stages == 0 {
		sums *= 8 // one per slice of K
	}
	return max(sums, k.stages*64*(k.cols+k.rows)) + 4*k.rows
}

// A variant is a kind and the number of blocks that share the slices of K of a tile (split-K): 1, 2, 4 or 8. All variants
// give the same bits.
type variant struct {
	kind
	splits int
}

// The most that products whose K is split store in the session's workspace.
const (
	splitKNumbers = 5 << 20 // numbers of f32, all 8 slices together
	splitKTiles   = splitKNumbers / 8 / (64 * 32)
)

func (v variant) split(splits int) variant { return variant{v.kind, splits} }

// blocks is how many blocks a split has.
func (v variant) blocks(rows, n int) int {
	return (n + v.cols - 1) / v.cols * ((rows + v.rows - 1) / v.rows)
}

// suits says whether a variant can compute a product of so many rows: one block must hold a tile of gate and one of up, and
// partial sums must fit the workspace.
func (v variant) suits(rows int, p product) bool {
	if p.epilogue == "swiglu" && v.cols < 32 {
		return false
	}
	return v.splits == 1 || v.stages > 0 && v.blocks(rows, int(p.args.n))*v.cols*v.rows*8 <= splitKNumbers
}

// variants lists what is worth trying for a number of rows on so many multiprocessors: both kinds that suit the rows, each
// with enough splits to give every multiprocessor a block, with half and with twice as many. The first is used without tuning.
func variants(rows int, p product, processors int) (list []variant) {
	var more []variant
	for _, k := range kindsFor(rows) {
		v := variant{k, 1}
		if !v.suits(rows, p) {
			continue
		}
		for v.splits < 8 && v.splits*v.blocks(rows, int(p.args.n)) < processors && v.split(2*v.splits).suits(rows, p) {
			v.splits *= 2
		}
		list = append(list, v)
		for _, splits := range []int{v.splits / 2, 2 * v.splits} {
			if w := v.split(splits); splits > 0 && splits <= 8 && w.suits(rows, p) {
				more = append(more, w)
			}
		}
	}
	total := func(v variant) int { return v.splits * v.blocks(rows, int(p.args.n)) }
	if len(list) == 2 && total(list[0]) < processors && total(list[1]) > total(list[0]) {
		list[0], list[1] = list[1], list[0]
	}
	return append(list, more...)
}

// kindsFor are the two kinds that suit a number of rows, the likelier one first.
func kindsFor(rows int) []kind {
	switch {
	case rows <= 8:
		return kinds[:2]
	case rows <= 32:
		return []kind{kinds[3], kinds[2]}
	case rows <= 64:
		return []kind{kinds[4], kinds[3]}
	}
	return []kind{kinds[5], kinds[4]}
}

// A choice is all that the choice of a variant depends on.
type choice struct {
	epilogue       string
	n, units, rows int
}

// steps are the numbers of rows for which variants are chosen; other numbers are rounded up. The last one also stands for all
// above it.
var steps = []int{8, 16, 32, 64, 128}

func (p product) choice(rows int) choice {
	for _, s := range steps {
		if rows <= s || s == steps[len(steps)-1] {
			return choice{p.epilogue, int(p.args.n), int(p.args.units), s}
		}
	}
	panic("unreachable")
}

// product multiplies so many rows with a matrix and runs the epilogue.
func (s *session) product(rows int, p product) {
	v, ok := s.backend.tuned[p.choice(rows)]
	if !ok || !v.suits(rows, p) {
		v = variants(rows, p, int(s.backend.device.processors))[0]
	}
	s.multiply(rows, p, v)
}

func (s *session) multiply(rows int, p product, v variant) {
	a, at := &p.args, s.plan.shape
	a.head, a.wants, a.width, a.eps = s.upload, s.upload.at(at.wantsAt()), int32(s.config.Hidden), s.config.NormEps
	a.splitKPartials, a.splitKCounters = s.splitKPartials, s.splitKCounters
	s.backend.format.multiply(s, rows, p, v)
}
