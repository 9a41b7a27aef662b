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

// A Request is one prompt to complete. A decoder of this machine is given Prompt and Stop; an endpoint, which has a tokenizer and a chat
// template of its own, is given Messages, or Text to complete where there are none, and Stops.
type Request struct {
	Prompt    []int32
	MaxTokens int    // most output positions
	Seed      uint64 // for sampling decoders
	Forced    bool   // forced length: EOS is banned, Stop is not asked, and exactly MaxTokens tokens are written

	// Stop is told each token of the output in turn, as soon as it and all before it are committed, and ends the decoding by
	// returning true: a stop word stands in the text. nil: EOS and MaxTokens alone end it. It is asked within the decoding's time.
	Stop func(token int32) bool

	Text     string
	Messages []Message
	Stops    []string // words before which the answer ends: the server may be told some
}

// A Message is a part of a conversation.
type Message struct {
	Role string `json:"role"` // system, user or assistant
	Text string `json:"content"`
}

// A Decoder completes prompts. It owns its session, so one goroutine at a time may use it.
type Decoder interface {
	// Name is stable and carries the settings: "ar", "diffusion/block=16/threshold=0.9".
	Name() string
	// Decode yields each forward pass when it has finished. After an error nothing follows. Leaving the loop early ends
	// the decoding; the decoder can be used again.
	Decode(ctx context.Context, r Request) iter.Seq2[record.Step, error]
}

// A Remote is a decoder that asks a server. Its Steps are what came over the network and when; what they add up to, the server alone
// may know.
type Remote interface {
	Decoder
	// Reply is what the last Decode learned, complete when its loop has ended, after an error too.
	Reply() record.Reply
}

// A Counted is a Remote whose server publishes counters that only rise, of all that it does for anyone.
type Counted interface {
	Remote
	// Counters are those now, by the server's names; nil where it publishes none or does not answer.
	Counters(ctx context.Context) map[string]float64
}
