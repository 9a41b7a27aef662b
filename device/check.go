package device

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"tandem/decoders"
	"tandem/record"
	"tandem/transformer"
)

// An opener puts weights on a device.
type opener func(*transformer.Weights) (transformer.Backend, error)

// ErrWrong is wrapped by the errors of a device that computes something else than the processor.
var ErrWrong = errors.New("the device is not to be trusted")

// check compares the logits of a small random model in bf16, a block behind a prompt, with the processor's, and what both decoders
// write on the device by itself with what they write driven by the host: a driver or a device that the kernels have not met must
// not be measured before it is right. One that differs is an ErrWrong.
func check(device, processor opener) (err error) {
	config, err := transformer.Geometry("tiny")
	if err != nil {
		return err
	}
	config.Layers, config.MaskToken = 2, 0
	w := transformer.Random(config, transformer.BF16, 1)
	tested, err := device(w)
	if err != nil {
		return err
	}
	defer tested.Close()
	reference, err := processor(w)
	if err != nil {
		return err
	}
	defer reference.Close()
	if err := compareLogits(tested, reference); err != nil {
		return err
	}
	return compareTexts(tested)
}

// compareLogits compares the logits of a block on both backends.
func compareLogits(device, processor transformer.Backend) (err error) {
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
		return fmt.Errorf("%w: it does not compute what the processor does (logits of a small model are %.2g apart)", ErrWrong, distance)
	}
	return nil
}

// compareTexts compares what both decoders write on the device by itself with what they write driven by the host.
func compareTexts(device transformer.Backend) error {
	for _, d := range []decoders.Settings{{Family: decoders.AR}, {Family: decoders.Diffusion, Cache: decoders.CacheBlock, Block: 8, Quota: decoders.LowConfidence, Steps: 2}} {
		onDevice, err := sampleText(device, d, func(s transformer.Session) transformer.Session { return s })
		if err != nil {
			return err
		}
		hostDriven, err := sampleText(device, d, func(s transformer.Session) transformer.Session { return struct{ transformer.Session }{s} })
		if err != nil {
			return err
		}
		if !slices.Equal(onDevice, hostDriven) {
			return fmt.Errorf("%w: what it decodes by itself differs from what it decodes driven by the host (%s)", ErrWrong, d.Name())
		}
	}
	return nil
}

// sampleText is what a decoder writes in a session of the device: 12 tokens.
func sampleText(b transformer.Backend, settings decoders.Settings, as func(transformer.Session) transformer.Session) ([]int32, error) {
	const prompt, tokens = 13, 12
	session, err := b.Open(1, prompt+tokens)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	d, err := decoders.On(as(session), b.Config(), settings, prompt+tokens)
	if err != nil {
		return nil, err
	}
	var trace record.Trace
	for step, err := range d.Decode(context.Background(), decoders.Request{Prompt: sampleTokens(prompt, b), MaxTokens: tokens}) {
		if err != nil {
			return nil, err
		}
		trace = append(trace, step)
	}
	return trace.Tokens(), nil
}

func sampleTokens(n int, b transformer.Backend) []int32 {
	out := make([]int32, n)
	for i := range out {
		out[i] = int32(i*37) % int32(b.Config().Vocab)
	}
	return out
}

// sampleLogits are those of a block of 16 behind 40 tokens.
func sampleLogits(b transformer.Backend) ([]float32, error) {
	session, err := b.Open(1, 64)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	prompt, block := sampleTokens(40, b), transformer.Pass{Tokens: sampleTokens(16, b), Start: 40}
	for i := range block.Tokens {
		block.Want = append(block.Want, i)
	}
	block.Logits = make([]float32, 16*b.Config().Vocab)
	for _, p := range []transformer.Pass{{Tokens: prompt, Span: 1}, block} {
		if _, err := session.Forward(context.Background(), []transformer.Pass{p}); err != nil {
			return nil, err
		}
	}
	return block.Logits, nil
}
