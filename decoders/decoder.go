// Package decoders holds two ways to write text with one transformer: left to right, one token per forward pass, and parallel
// refinement of blocks of masks (diffusion). Both are clients of transformer.Session.Forward and of nothing else, or of
// transformer.DeviceDecoder where a session is one (the same forwards, without the host between them). So a difference in
// speed or quality is a difference of decoding.
package decoders

import (
	"context"
	"iter"

	"tandem/record"
)

// A Request is one prompt to complete.
type Request struct {
	Prompt    []int32
	MaxTokens int    // most output positions
	Seed      uint64 // for sampling decoders
	Forced    bool   // forced length: EOS is banned, Stop is not asked, and exactly MaxTokens tokens are written

	// Stop is told each token of the output in turn, as soon as it and all before it are committed, and ends the decoding by
	// returning true: a stop word stands in the text. nil: EOS and MaxTokens alone end it. It is asked within the decoding's time.
	Stop func(token int32) bool
}

// A Decoder completes prompts. It owns its session, so one goroutine at a time may use it.
type Decoder interface {
	// Name is stable and carries the settings: "ar", "diffusion/block=16/threshold=0.9".
	Name() string
	// Decode yields each forward pass when it has finished. After an error nothing follows. Leaving the loop early ends
	// the decoding; the decoder can be used again.
	Decode(ctx context.Context, r Request) iter.Seq2[record.Step, error]
}
