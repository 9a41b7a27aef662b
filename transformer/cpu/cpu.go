// Package cpu runs the transformer core on the processor.
//
// The way a forward goes:
//
//  1. New repacks the weights once into panels of 16 output columns (pack.go), the order in which the kernels
//     stream them, and starts the worker pool (pool.go).
//  2. Open reserves K/V slots, which are panels too: scores are Q times the panels of K and the attention output is
//     P times the panels of V, so that one matrix kernel serves the whole model (session.go).
//  3. Forward concatenates the rows of all passes into one matrix (plan.go), and all workers walk through the same
//     straight function (forward.go), each on its share of columns or rows, meeting at barriers.
//  4. Wanted rows go through the head and are reduced to guesses (guess.go).
//
// The inner loops are kernels (kernels.go), in sets by instruction: portable.go says in plain Go what each computes;
// on Linux and amd64, with cgo, there are sets in C, of which gemm.h and amx.h multiply and elementwise.h does the rest,
// each written once over vectors of sixteen numbers (vec512.h, vec256.h).
//
// Invariant: a row's arithmetic depends on nothing but the row and the kernel set. Every output number is one chain
// of additions over ascending k (of 32 at a time with AMX, also for a single row), whatever the number of rows and
// threads; work is split over columns and rows only, never over the reduction. So results are bit-identical for any
// thread count and any batch. Weights, keys and values are rounded to bf16 where the weights are, and what enters a
// matrix product too in the kernel set avx512bf16; nothing else is.
package cpu

import (
	"fmt"
	"runtime"

	"tandem/transformer"
)

// Options choose threads and kernels.
type Options struct {
	Threads int    // 0: one per processor
	Kernels string // one of Kernels(); empty: the first, which is the fastest here
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

// New repacks weights for this machine. It keeps no reference to them.
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
	if b.model, err = pack(weights, &b.layout); err != nil {
		return nil, err
	}
	b.pool = newPool(threads, linger)
	return b, nil
}

func (b *backend) Config() transformer.Config { return b.config }

func (b *backend) Describe() transformer.Description {
	d := transformer.Description{Device: "cpu", Features: b.kernels.name, Portable: b.kernels.name == Portable,
		Threads: b.pool.threads, Dtype: b.dtype, Activations: transformer.F32, Memory: b.model.memory.total}
	if b.kernels.narrow {
		d.Activations = b.dtype.Activations()
	}
	return d
}

// Close stops the workers and frees the weights; sessions must be closed before.
func (b *backend) Close() error {
	b.pool.close()
	return b.model.memory.free()
}
