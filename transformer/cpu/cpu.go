// Package cpu runs the transformer core on the processor.
//
// The steps of a forward:
//
//  1. New packs the weights into panels of 16 output columns, in the order in which the kernels read them (layout.go,
//     pack.go). It also starts the threads (pool.go).
//  2. Open reserves K/V slots (session.go). Keys and values are panels, too: scores are Q times the panels of K, and the output
//     of attention is P times the panels of V. So the same matrix kernels serve weights and attention.
//  3. Forward puts the rows of all passes into one matrix (plan.go). All threads run the same straight function (forward.go),
//     each on its share of the columns or rows, and wait for each other at barriers.
//  4. Wanted rows go through the output head and are reduced to guesses (guess.go).
//
// The inner loops are kernels (kernels.go), one set for each instruction set. portable.go says in plain Go what each kernel
// computes. With cgo on Linux and amd64 there are also sets in C: gemm.h and amx.h multiply matrices, and elementwise.h does
// everything else. They are written once, over vectors of sixteen numbers (vec512.h, vec256.h).
//
// Invariant: a row's arithmetic depends only on the row and the kernel set. Each output number is one chain of additions over
// ascending k (with AMX over 32 k at a time), for any number of rows and threads. Work is split over columns and rows, never
// over the sum. So results are bit-identical for any number of threads and any batch. Keys and values are rounded to the dtype
// that goes with the weights' (transformer.Dtype.Activations). The kernel set avx512bf16 also rounds what enters a matrix
// product to bf16. Nothing else is rounded to less than float32.
package cpu

import (
	"cmp"
	"fmt"
	"runtime"

	"tandem/transformer"
)

// Options choose threads and kernels.
type Options struct {
	Threads int    // 0: one per processor
	Kernels string // a name that Kernels lists; empty: the first, which is the fastest
	Slots   int    // K/V slots that sessions will take: they must fit into memory beside the weights
	Memory  int64  // bytes that may be taken; 0: what the system has free
}

type backend struct {
	config  transformer.Config
	dtype   transformer.Dtype
	layout  layout // of the weights
	kv      layout // of keys and values
	kernels *kernels
	model   *model
	pool    *pool
}

// New packs weights for this machine and keeps no reference to them. It fails, with one line, where the weights are not valid or
// not finite, the machine lacks the kernels, or memory is too small (checked before anything is packed).
func New(weights *transformer.Weights, options Options) (transformer.Backend, error) {
	if err := weights.Validate(); err != nil {
		return nil, fmt.Errorf("cpu: %w", err)
	}
	k, err := choose(options.Kernels, weights.Dtype)
	if err != nil {
		return nil, err
	}
	threads := options.Threads
	if threads == 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	if threads < 0 || threads > 1024 {
		return nil, fmt.Errorf("cpu: %d threads; choose 1 to 1024, or 0 for one per processor", threads)
	}
	b := &backend{config: weights.Config, dtype: weights.Dtype, layout: layouts[weights.Dtype],
		kv: layouts[weights.Dtype.Activations()], kernels: k}
	if err := b.fits(weights, options); err != nil {
		return nil, err
	}
	if b.model, err = pack(weights, &b.layout, threads); err != nil {
		return nil, err
	}
	b.pool = newPool(threads, linger)
	return b, nil
}

// fits reports that weights and slots need more memory than there is.
func (b *backend) fits(w *transformer.Weights, o Options) error {
	c, free := b.config, cmp.Or(o.Memory, freeMemory())
	weights, slots := packedSize(w, &b.layout), 2*int64(c.Layers*c.KVHeads*c.HeadDim*b.kv.size)*int64(o.Slots)
	if free == 0 || weights+slots <= free {
		return nil
	}
	const gib = 1 << 30
	need, choose := fmt.Sprintf("%.1f GiB", float64(weights)/gib), "a smaller model"
	if all := transformer.Dtypes(); b.dtype != all[len(all)-1] {
		choose = fmt.Sprintf("the dtype %s or %s", all[len(all)-1], choose)
	}
	if o.Slots > 0 {
		need += fmt.Sprintf(" and %.1f GiB for %d slots of keys and values", float64(slots)/gib, o.Slots)
		choose = "fewer slots, or " + choose
	}
	return fmt.Errorf("cpu: %s in %s needs %s, but %.1f GiB of memory are free: choose %s", c.Name, b.dtype, need, float64(free)/gib, choose)
}

func (b *backend) Config() transformer.Config { return b.config }

var _ transformer.CeilingMeter = (*backend)(nil)

// Meter makes the backend a transformer.CeilingMeter: as many threads read as much memory as the weights take.
func (b *backend) Meter() (ceilings func() (map[string]float64, error), done func() error, err error) {
	m, err := newMeter(b.pool.threads, b.model.memory.total)
	if err != nil {
		return nil, nil, err
	}
	return func() (map[string]float64, error) { return m.Ceilings(), nil }, m.Close, nil
}

func (b *backend) Describe() transformer.Description {
	d := transformer.Description{Device: "cpu", Features: b.kernels.name, Portable: b.kernels.name == Portable,
		Threads: b.pool.threads, Dtype: b.dtype, Activations: transformer.F32, Memory: b.model.memory.total}
	if b.kernels.narrow {
		d.Activations = b.dtype.Activations()
	}
	return d
}

// Close stops the threads and frees the weights. All sessions must be closed before.
func (b *backend) Close() error {
	b.pool.close()
	return b.model.memory.free()
}
