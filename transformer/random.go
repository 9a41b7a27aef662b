package transformer

import (
	"math"
	"runtime"
	"sync"
)

// Random makes weights of a config's shapes: uniform numbers of variance 1/inputs in the matrices, so that
// activations keep a sensible scale through any depth, gains of 1 +- 0.1 and small biases. They serve speed and
// conformance tests. The numbers depend on the config and the seed only; in bf16 they are the rounded f32 ones.
// Filling uses all processors: two cores make 0.3 to 0.4 billion numbers per second.
func Random(c Config, dtype Dtype, seed uint64) *Weights {
	r := &filler{dtype: dtype, seed: mix(seed)}
	q, kv := c.Heads*c.HeadDim, c.KVHeads*c.HeadDim
	w := &Weights{Config: c, Dtype: dtype, Layers: make([]LayerWeights, c.Layers)}
	w.Embed = r.matrix(c.Vocab, c.Hidden)
	for i := range w.Layers {
		l := &w.Layers[i]
		l.AttnNorm, l.MLPNorm = r.vector(c.Hidden, 1, 0.1), r.vector(c.Hidden, 1, 0.1)
		l.Q, l.K, l.V = r.matrix(q, c.Hidden), r.matrix(kv, c.Hidden), r.matrix(kv, c.Hidden)
		l.O = r.matrix(c.Hidden, q)
		l.Gate, l.Up = r.matrix(c.Intermediate, c.Hidden), r.matrix(c.Intermediate, c.Hidden)
		l.Down = r.matrix(c.Hidden, c.Intermediate)
		if c.QKVBias {
			l.QBias, l.KBias, l.VBias = r.vector(q, 0, 0.3), r.vector(kv, 0, 0.3), r.vector(kv, 0, 0.3)
		}
		if c.QKNorm {
			l.QNorm, l.KNorm = r.vector(c.HeadDim, 1, 0.1), r.vector(c.HeadDim, 1, 0.1)
		}
	}
	w.Norm = r.vector(c.Hidden, 1, 0.1)
	if !c.Tied {
		w.Head = r.matrix(c.Vocab, c.Hidden)
	}
	return w
}

// A filler hands out tensors of random numbers, each from a seed of its own.
type filler struct {
	dtype Dtype
	seed  uint64
	made  uint64 // tensors so far
}

// matrix is uniform in [-a, a) with a = sqrt(3/cols), that is of variance 1/cols.
func (r *filler) matrix(rows, cols int) Matrix {
	m, n := Matrix{Rows: rows, Cols: cols}, rows*cols
	r.made++
	seed, scale := r.seed+r.made, float32(math.Sqrt(3/float64(cols)))
	if r.dtype == BF16 {
		m.BF16 = make([]uint16, n)
		chunks(n, func(from, to int) {
			fill(seed, from, m.BF16[from:to], func(u float32) uint16 { return RoundBF16(u * scale) })
		})
		return m
	}
	m.F32 = make([]float32, n)
	chunks(n, func(from, to int) {
		fill(seed, from, m.F32[from:to], func(u float32) float32 { return u * scale })
	})
	return m
}

// vector is uniform in [mean-spread, mean+spread).
func (r *filler) vector(n int, mean, spread float32) []float32 {
	r.made++
	v := make([]float32, n)
	fill(r.seed+r.made, 0, v, func(u float32) float32 { return mean + u*spread })
	return v
}

// fill writes f of uniform numbers in [-1, 1). The numbers follow from the seed and from, the place of out in its
// tensor, alone: xorshift64* (Vigna, 2016), two numbers of 24 bits per step.
func fill[T any](seed uint64, from int, out []T, f func(float32) T) {
	x := mix(mix(seed)+uint64(from)) | 1
	for i := 0; i < len(out); i += 2 {
		x ^= x >> 12
		x ^= x << 25
		x ^= x >> 27
		h := x * 0x2545f4914f6cdd1d
		out[i] = f(float32(int32(h>>32)>>8) / (1 << 23))
		if i+1 < len(out) {
			out[i+1] = f(float32(int32(h)>>8) / (1 << 23))
		}
	}
}

// chunks splits [0, n) into pieces of fixed size and runs them on all processors.
func chunks(n int, do func(from, to int)) {
	const size = 1 << 20
	var wg sync.WaitGroup
	next := make(chan int)
	for range min(runtime.GOMAXPROCS(0), (n+size-1)/size) {
		wg.Go(func() {
			for from := range next {
				do(from, min(from+size, n))
			}
		})
	}
	for from := 0; from < n; from += size {
		next <- from
	}
	close(next)
	wg.Wait()
}
