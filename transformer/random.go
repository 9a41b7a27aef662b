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
		if c.OBias {
			l.OBias = r.vector(c.Hidden, 0, 0.3)
		}
		if c.MLPBias {
			l.GateBias, l.UpBias = r.vector(c.Intermediate, 0, 0.3), r.vector(c.Intermediate, 0, 0.3)
			l.DownBias = r.vector(c.Hidden, 0, 0.3)
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

// pieceSize is how many numbers are made at once, so that they stay in the first cache.
const pieceSize = 1 << 12

// A filler hands out tensors of random numbers, each from a seed of its own.
type filler struct {
	dtype Dtype
	seed  uint64
	made  uint64 // tensors so far
}

// matrix is uniform in [-a, a) with a = sqrt(3/cols), that is of variance 1/cols.
func (r *filler) matrix(rows, cols int) Matrix {
	m := NewMatrix(r.dtype, rows, cols)
	r.made++
	seed, scale := r.seed+r.made, float32(math.Sqrt(3/float64(cols)))
	chunks(rows*cols, func(from, to int) {
		source, buffer := newUniform(seed, from), make([]float32, pieceSize)
		for at := from; at < to; at += pieceSize {
			piece := buffer[:min(pieceSize, to-at)]
			source.fill(piece, 0, scale)
			m.Write(at, piece)
		}
	})
	return m
}

// vector is uniform in [mean-spread, mean+spread).
func (r *filler) vector(n int, mean, spread float32) []float32 {
	r.made++
	v := make([]float32, n)
	newUniform(r.seed+r.made, 0).fill(v, mean, spread)
	return v
}

// A uniform makes random numbers: xorshift64* (Vigna, 2016), two numbers of 24 bits per step.
type uniform struct{ state uint64 }

// newUniform starts at a place of a tensor. The numbers follow from the seed and the place alone.
func newUniform(seed uint64, from int) *uniform { return &uniform{mix(mix(seed)+uint64(from)) | 1} }

// fill writes numbers in [mean-spread, mean+spread). Calls for one tensor but the last fill an even number.
func (r *uniform) fill(out []float32, mean, spread float32) {
	x := r.state
	for i := 0; i < len(out); i += 2 {
		x ^= x >> 12
		x ^= x << 25
		x ^= x >> 27
		h := x * 0x2545f4914f6cdd1d
		out[i] = mean + float32(int32(h>>32)>>8)/(1<<23)*spread
		if i+1 < len(out) {
			out[i+1] = mean + float32(int32(h)>>8)/(1<<23)*spread
		}
	}
	r.state = x
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
