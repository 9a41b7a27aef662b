package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"tandem/datasets"
	"tandem/datasets/basics"
	"tandem/transformer"
	"tandem/transformer/checkpoint"
	"tandem/transformer/cpu"
	"tandem/transformer/cuda"
)

// deviceFlags choose where a model runs.
type deviceFlags struct {
	Device  string `default:"auto" enum:"auto,cpu,cuda" help:"Where to run: ${enum}."`
	Threads int    `placeholder:"N" help:"Worker threads; one for each processor by default."`
	Kernels string `placeholder:"NAME" help:"Kernel set, in place of the fastest that this processor runs."`
}

// open puts weights on the chosen device. auto is the GPU where there is one; flags of the processor choose that.
func (f deviceFlags) open(a *app, w *transformer.Weights) (transformer.Backend, error) {
	if f.Threads < 0 {
		return nil, fmt.Errorf("--threads must be at least 1, not %d", f.Threads)
	}
	own := f.Threads > 0 || f.Kernels != ""
	switch {
	case f.Device == "cuda" && own:
		return nil, fmt.Errorf("--threads and --kernels are for --device cpu: leave them out")
	case f.Device == "cuda":
		b, err := cuda.New(w, cuda.Options{Driver: cudaDriver(), Tune: true})
		if err != nil {
			return nil, fmt.Errorf("--device cuda: %w", err)
		}
		return b, nil
	case f.Device == "auto" && !own:
		b, err := cuda.New(w, cuda.Options{Driver: cudaDriver(), Tune: true})
		if err == nil {
			return b, nil
		}
		if !errors.Is(err, cuda.ErrNoDevice) {
			fmt.Fprintf(a.stderr, "tandem: the GPU is not used: %s\n", strings.ReplaceAll(err.Error(), "\n", "; "))
		}
	}
	return cpu.New(w, cpu.Options{Threads: f.Threads, Kernels: f.Kernels})
}

// cudaDriver is the path of libcuda where it lies in an unusual place.
func cudaDriver() string { return os.Getenv("TANDEM_CUDA_DRIVER") }

// ceilings measures what the backend's device can do at most.
func ceilings(b transformer.Backend) (map[string]float64, error) {
	if m, ok := b.(interface {
		Ceilings() (map[string]float64, error)
	}); ok {
		return m.Ceilings()
	}
	about := b.Describe()
	return cpu.Ceilings(about.Threads, about.Memory)
}

// embedded is the name of the checkpoint in the binary.
const embedded = "embedded"

// loadModel reads the embedded checkpoint or a folder in Hugging Face format.
func loadModel(name string, dtype transformer.Dtype) (*checkpoint.Model, error) {
	if name == embedded {
		return checkpoint.Embedded(dtype)
	}
	return checkpoint.Load(name, dtype)
}

// loadSuite returns the embedded suite or reads a file in the human-eval schema.
func loadSuite(name string) (datasets.Suite, error) {
	own := basics.Suite()
	if name == own.Name {
		return own, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return datasets.Suite{}, fmt.Errorf("--suite %s is neither %s nor a readable file in human-eval's schema: %w", name, own.Name, err)
	}
	defer f.Close()
	return datasets.Read(strings.TrimSuffix(filepath.Base(name), ".jsonl"), f)
}
