package main

import (
	"context"
	"fmt"
	"math"
	"os"

	"tandem/transformer"
	"tandem/transformer/cpu"
	"tandem/transformer/cuda"
)

// openCUDA puts weights on the GPU, once it has computed what the processor computes.
func openCUDA(w *transformer.Weights) (transformer.Backend, error) {
	if _, err := cuda.Find(cudaDriver()); err != nil { // before any work for a device that is not there
		return nil, err
	}
	if err := checkCUDA(); err != nil {
		return nil, err
	}
	return cuda.New(w, cuda.Options{Driver: cudaDriver(), Tune: true})
}

// checkCUDA compares the logits of a small random model in bf16, a block behind a prompt, with the processor's: a driver or a
// device that the kernels have not met shall not be measured before it is right.
func checkCUDA() error {
	config, err := transformer.Geometry("tiny")
	if err != nil {
		return err
	}
	w := transformer.Random(config, transformer.BF16, 1)
	device, err := cuda.New(w, cuda.Options{Driver: cudaDriver()})
	if err != nil {
		return err
	}
	defer device.Close()
	processor, err := cpu.New(w, cpu.Options{})
	if err != nil {
		return err
	}
	defer processor.Close()
	var logits [2][]float32
	for i, b := range []transformer.Backend{device, processor} {
		if logits[i], err = sampleLogits(b); err != nil {
			return err
		}
	}
	var off, norm float64
	for i, want := range logits[1] {
		d := float64(logits[0][i] - want)
		off, norm = off+d*d, norm+float64(want)*float64(want)
	}
	if distance := math.Sqrt(off / norm); !(distance <= 0.02) {
		return fmt.Errorf("the GPU does not compute what the processor does (logits of a small model are %.2g apart): use --device cpu, and report it", distance)
	}
	return nil
}

// sampleLogits are those of a block of 16 behind 40 tokens.
func sampleLogits(b transformer.Backend) ([]float32, error) {
	session, err := b.Open(1, 64)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	prompt, block := make([]int32, 40), transformer.Pass{Tokens: make([]int32, 16), Start: 40}
	for i := range prompt {
		prompt[i] = int32(i*37) % int32(b.Config().Vocab)
	}
	for i := range block.Tokens {
		block.Tokens[i], block.Want = int32(i*101)%int32(b.Config().Vocab), append(block.Want, i)
	}
	block.Logits = make([]float32, 16*b.Config().Vocab)
	for _, p := range []transformer.Pass{{Tokens: prompt, Span: 1}, block} {
		if _, err := session.Forward(context.Background(), []transformer.Pass{p}); err != nil {
			return nil, err
		}
	}
	return block.Logits, nil
}

// cudaDriver is the path of libcuda where it lies in an unusual place.
func cudaDriver() string { return os.Getenv("TANDEM_CUDA_DRIVER") }
