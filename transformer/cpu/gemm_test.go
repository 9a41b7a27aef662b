package cpu

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"

	"tandem/transformer"
)

// Every set multiplies what float64 does, over every tile's remainder and several blocks of k, and a row's sums do not
// depend on the rows beside it.
func TestGemm(t *testing.T) {
	everyKernelSet(t, func(t *testing.T, dtype transformer.Dtype, kernels string) {
		k, err := choose(kernels, dtype)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range [][3]int{{1, 16, 32}, {2, 50, 64}, {5, 80, 1300}, {16, 150, 96}, {17, 33, 700}, {29, 16, 1300},
			{32, 70, 64}, {33, 48, 544}, {47, 100, 1120}, {64, 32, 1024}, {83, 17, 1300}} {
			t.Run(fmt.Sprint(s), func(t *testing.T) { testGemm(t, k, dtype, s[0], s[1], s[2]) })
		}
	})
}

func testGemm(t *testing.T, k *kernels, dtype transformer.Dtype, m, n, depthK int) {
	random := rand.New(rand.NewPCG(uint64(m), uint64(n)))
	var memory arena
	defer memory.free()
	l := layouts[dtype]
	p := newPacker(&l, dtype, &memory, 2)
	weights := make([]float32, n*depthK)
	for i := range weights {
		weights[i] = random.Float32() - 0.5
	}
	transformer.BF16.Round(weights)
	matrix := transformer.NewMatrix(dtype, n, depthK)
	matrix.Write(0, weights)
	w := p.matrix(matrix)
	r := &reserver{memory: &memory, operand: k.operand()}
	a, x, ones := r.operands(m, w.depth), r.floats(m*w.depth), r.floats(m)
	ldc := w.panels * lanes
	c, alone := r.floats(m*ldc), r.floats(m*ldc)
	if p.err != nil || r.err != nil {
		t.Fatal(p.err, r.err)
	}
	for i := range m {
		ones[i] = 1
		for j := range depthK {
			x[i*w.depth+j] = random.Float32() - 0.5
		}
		if k.narrow {
			dtype.Activations().Round(x[i*w.depth:][:depthK])
		}
		for j := range ldc {
			c[i*ldc+j] = random.Float32()
		}
	}
	copy(alone, c)
	before := slices.Clone(c)
	k.storeAttention(a.data, a.stride, pointer(x), w.depth, ones, 0, 0, 1, depthK)
	k.gemm(pointer(c), ldc, a.data, a.stride, w.data, w.stride, m, w.panels, w.depth, true)
	for i := range m {
		k.gemm(unsafe.Pointer(&alone[i*ldc]), ldc, a.at(i), a.stride, w.data, w.stride, 1, w.panels, w.depth, true)
	}
	if !slices.Equal(c, alone) {
		t.Error("rows together differ from rows alone")
	}
	for i := range m {
		for j := range n {
			want, size := float64(before[i*ldc+j]), 1.0
			for l := range depthK {
				v := float64(x[i*w.depth+l]) * float64(weights[j*depthK+l])
				want, size = want+v, size+math.Abs(v)
			}
			if got := float64(c[i*ldc+j]); !(math.Abs(got-want) <= 1e-5*size) {
				t.Fatalf("c[%d, %d] is %g, want %g", i, j, got, want)
			}
		}
	}
}
