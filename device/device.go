// Package device puts a model on the processor or on the GPU. It is the one package, beside the tests, that names the backends:
//
//  1. Open chooses the device; a GPU is checked against the processor first.
//  2. Meter measures the ceilings of the device that a model lies on.
//  3. Limits measures them where there is no model yet.
//  4. Kernels and GPU say what this machine has.
package device

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"tandem/transformer"
	"tandem/transformer/cpu"
	"tandem/transformer/cuda"
)

// The devices that are no processor.
const (
	auto = "auto" // the GPU where there is one
	CUDA = "cuda"
)

// Options choose where a model runs. The zero value is the processor with its fastest kernels and all threads.
type Options struct {
	Device  string      // "auto" for the GPU where there is one, CUDA, or the processor for any other
	Threads int         // of the processor
	Kernels string      // kernel set of the processor
	Slots   int         // K/V slots that sessions will take, which must fit into the processor's memory beside the weights
	Skipped func(error) // called where "auto" does not use a GPU that is there
}

// Unusable is the error of a GPU that was asked for and cannot be used.
type Unusable struct{ Err error }

// Error says why.
func (u *Unusable) Error() string { return u.Err.Error() }

// Unwrap is the reason.
func (u *Unusable) Unwrap() error { return u.Err }

// Open puts weights on a device. With CUDA the error of a GPU is an *Unusable.
func Open(w *transformer.Weights, o Options) (transformer.Backend, error) {
	b, err := open(w, o)
	if err != nil {
		return nil, err
	}
	return slowed(b)
}

func open(w *transformer.Weights, o Options) (transformer.Backend, error) {
	if o.Device == auto || o.Device == CUDA {
		b, err := openCUDA(w)
		switch {
		case err == nil:
			return b, nil
		case o.Device == CUDA:
			return nil, &Unusable{err}
		case !errors.Is(err, cuda.ErrNoDevice):
			o.Skipped(err)
		}
	}
	return cpu.New(w, cpu.Options{Threads: o.Threads, Kernels: o.Kernels, Slots: o.Slots})
}

// openCUDA puts weights on the GPU, once it has computed what the processor computes.
func openCUDA(w *transformer.Weights) (transformer.Backend, error) {
	if _, err := GPU(); err != nil { // before any work for a device that is not there
		return nil, err
	}
	untuned := func(w *transformer.Weights) (transformer.Backend, error) {
		return cuda.New(w, cuda.Options{Driver: driver()})
	}
	if err := check(untuned, processor); err != nil {
		return nil, err
	}
	return cuda.New(w, cuda.Options{Driver: driver(), Tune: true})
}

func processor(w *transformer.Weights) (transformer.Backend, error) { return cpu.New(w, cpu.Options{}) }

// driver is the path of libcuda where it lies in an unusual place.
func driver() string { return os.Getenv("TANDEM_CUDA_DRIVER") }

// GPU says in a few words which GPU there is; the error says why there is none that can be used.
func GPU() (string, error) { return cuda.Find(driver()) }

// Kernels are the processor's kernel sets for a dtype, the fastest first. Where that is in plain Go, without vectors, it is portable.
func Kernels(dtype transformer.Dtype) (names []string, portable bool) {
	names = cpu.Kernels(dtype)
	return names, names[0] == cpu.Portable
}

// Ceilings measures those of the backend's device once.
func Ceilings(b transformer.Backend) (map[string]float64, error) {
	ceilings, done, err := Meter(b)
	if err != nil {
		return nil, err
	}
	values, err := ceilings()
	return values, errors.Join(err, done())
}

// Limits are the device that the options choose and its ceilings for weights of so many bytes each, measured without a model.
func Limits(o Options, sizes []int64) (about transformer.Description, ceilings []map[string]float64, err error) {
	config, err := transformer.Geometry("tiny")
	if err != nil {
		return about, nil, err
	}
	config.Layers = 1
	b, err := Open(transformer.Random(config, transformer.BF16, 1), o)
	if err != nil {
		return about, nil, err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	about = b.Describe()
	if about.Device != CUDA {
		ceilings, err = cpu.Ceilings(about.Threads, sizes)
		return about, ceilings, err
	}
	measured, err := Ceilings(b) // of memory beyond the caches
	return about, slices.Repeat([]map[string]float64{measured}, len(sizes)), err
}

// Meter returns what measures the ceilings of the backend's device, and what ends that.
func Meter(b transformer.Backend) (ceilings func() (map[string]float64, error), done func() error, err error) {
	device, ok := b.(transformer.CeilingMeter)
	if !ok {
		return nil, nil, fmt.Errorf("the backend %s does not measure its ceilings", b.Describe().Device)
	}
	return device.Meter()
}
