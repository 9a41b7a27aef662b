package cuda

import (
	"fmt"

	"tandem/transformer"
)

type gemmArgs struct {
	head, wants, w, x, squares, vector, out, next, sums pointer
	n, units, width, stride, nextUnits, wide, offset    int32
	eps                                                 float32
}

// A product is a matrix product and what follows it: qkv, residual, swiglu or head, as in gemm.cu.
type product struct {
	then string
	args gemmArgs
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

// A variant of the bf16 product: ct tiles of 16 columns and rt of 8 rows a warp, kw warps along K; see gemm.cu. All give
// the same bits.
type variant struct{ ct, rt, kw int }

// variants lists what is worth trying for a number of rows, the likeliest first: few rows read weights as fast as they
// can, many share them.
func variants(rows int, then string) (list []variant) {
	switch {
	case rows <= 8:
		list = []variant{{1, 1, 8}, {2, 1, 8}}
	case rows <= 16:
		list = []variant{{2, 2, 8}, {1, 2, 8}}
	case rows <= 32:
		list = []variant{{2, 4, 8}, {1, 4, 8}, {2, 4, 1}}
	case rows <= 64:
		list = []variant{{2, 8, 8}, {2, 4, 8}, {2, 4, 1}, {4, 4, 1}}
	default:
		list = []variant{{2, 4, 1}, {4, 4, 1}, {2, 8, 8}}
	}
	if then != "swiglu" { // which needs gate and up in one warp
		return list
	}
	even := list[:0]
	for _, v := range list {
		if v.ct%2 == 0 {
			even = append(even, v)
		}
	}
	return even
}

// A choice is what a variant is chosen for.
type choice struct {
	then           string
	n, units, rows int
}

// steps are the numbers of rows, rounded up, that variants are chosen for; the last stands for all above.
var steps = []int{8, 16, 32, 64, 128}

func (p product) choice(rows int) choice {
	for _, s := range steps {
		if rows <= s || s == steps[len(steps)-1] {
			return choice{p.then, int(p.args.n), int(p.args.units), s}
		}
	}
	panic("unreachable")
}

// product multiplies so many rows with a matrix and does what follows it.
func (s *session) product(rows int, p product) {
	v, ok := s.backend.tuned[p.choice(rows)]
	if !ok {
		v = variants(rows, p.then)[0]
	}
	s.multiply(rows, p, v)
}

func (s *session) multiply(rows int, p product, v variant) {
	d, a, at := s.backend.device, p.args, s.plan.shape
	a.head, a.wants, a.width, a.eps = s.upload, s.upload.at(at.wantsAt()), int32(s.config.Hidden), s.config.NormEps
	if s.backend.dtype == transformer.F32 {
		launch(d, p.then+"_f32", 256, grid{(int(a.n) + 31) / 32, (rows + 7) / 8, 1}, 4*(8*32+8), a)
		return
	}
	high, wide := v.rt*8, 8/v.kw*v.ct*16
	launch(d, fmt.Sprintf("%s_bf16_%d_%d_%d", p.then, v.ct, v.rt, v.kw), 256, grid{(int(a.n) + wide - 1) / wide, (rows + high - 1) / high, 1},
		4*(v.kw*high*wide+high), a)
}
