package transformer

import (
	"context"
	"fmt"
)

// A DeviceDecode is a decoding that a device does by itself: forward after forward, each of which follows from the
// guesses of the one before. The passes and the guesses are those of a decoder that calls Forward for each of them; the
// device does not wait for the host in between.
//
// With Block 0 it writes left to right: a forward over the prompt, then one forward per token. With a larger Block it
// refines blocks of so many positions, aligned at position 0, one after another. The first forward covers the text up to
// the end of the first block that has masks, and guesses for these masks. Policy says which guesses are committed.
// Forwards over the block follow until no mask is left. The first forward of the next block also covers the finished
// block, because only now its keys and values are final.
//
// It ends when all positions are committed, or when a stop token stands in the output with no mask before it.
type DeviceDecode struct {
	Tokens []int32      // the prompt, then a mask for each position to write (left to right: any token)
	Prompt int          // tokens of the prompt, at least 1
	Block  int          // positions that are refined together, at most MaxDeviceBlock; 0: left to right
	Policy CommitPolicy // of blocks
	Stops  []int32      // stop tokens, at most MaxDeviceStops

	Temp  float32 // Temp, TopK and TopP are those of each Pass
	TopK  int
	TopP  float32
	Seeds []uint64 // of forward 0, 1, …; the last one serves all further forwards
	Ban   []int32  // as in a Pass
}

// The limits of a DeviceDecode.
const (
	MaxDeviceBlock = 1024 // positions of a block
	MaxDeviceStops = 64   // stop tokens
)

// A CommitPolicy says how many of a block's guesses a forward commits: the best ones by Score, at least one.
type CommitPolicy struct {
	Kind  PolicyKind
	Score Score
	Value float64 // the threshold, the factor or the bound
	Steps int     // forwards per block, of ByQuota
}

// A PolicyKind is one of the commit policies that devices know; package decoders describes them.
type PolicyKind int32

// The kinds of commit policies. p_n is the probability of the guess of rank n, H_n its entropy.
const (
	ByThreshold PolicyKind = iota // while p_n >= value
	ByFactor                      // while p_n >= 1 - value/(n+1)
	ByEntropy                     // while H_1 + … + H_(n-1) <= value
	ByQuota                       // masks/steps, and one more in the first masks mod steps forwards of a block
)

// A Score ranks the guesses of a block. Of equal guesses the one at the lower position comes first.
type Score int32

// The scores.
const (
	HighP      Score = iota // highest probability first
	HighMargin              // highest margin first
	LowEntropy              // lowest entropy first
)

// A ForwardResult is what one forward of a DeviceDecode did.
type ForwardResult struct {
	From, To int      // it computed the positions From, …, To-1
	Commits  []Commit // by position; the next result overwrites them
}

// A Commit is a guess that now stands in the text.
type Commit struct {
	Pos   int // position in the text, the prompt included
	Token int32
	P     float32 // probability of the token
}

// A DeviceDecoder is a session whose device can decode by itself.
type DeviceDecoder interface {
	Session
	// DecodeOnDevice runs a decoding on sequence 0, which it resets before and after. It calls each with the result of
	// every forward once the device has finished it. The decoding ends early when each returns false or ctx is done.
	// each may not use the session.
	DecodeOnDevice(ctx context.Context, d DeviceDecode, each func(ForwardResult) bool) error
}

// Check says in one line what is wrong with a decoding for a session of so many slots.
func (d *DeviceDecode) Check(slots, vocab int) error {
	n := len(d.Tokens)
	switch {
	case d.Prompt < 1 || d.Prompt >= n:
		return fmt.Errorf("decoding of %d tokens with a prompt of %d: both the prompt and the output need a token", n, d.Prompt)
	case d.Block < 0 || d.Block > MaxDeviceBlock:
		return fmt.Errorf("decoding with blocks of %d; the most is %d", d.Block, MaxDeviceBlock)
	case len(d.Stops) > MaxDeviceStops:
		return fmt.Errorf("decoding with %d stop tokens; the most is %d", len(d.Stops), MaxDeviceStops)
	case len(d.Seeds) < 1 || len(d.Seeds) > n:
		return fmt.Errorf("decoding of %d tokens with %d seeds: it takes 1 to %d", n, len(d.Seeds), n)
	case d.Block > 0 && d.Policy.Kind == ByQuota && d.Policy.Steps < 1:
		return fmt.Errorf("decoding with a quota of %d steps; it must be at least 1", d.Policy.Steps)
	}
	all := d.FirstPass()
	all.Tokens = d.Tokens
	return all.Check(0, slots, vocab)
}

// FirstPass is the pass of the first forward.
func (d *DeviceDecode) FirstPass() Pass {
	p := Pass{Tokens: d.Tokens[:d.Prompt], Span: 1, Want: []int{d.Prompt - 1}, Temp: d.Temp, TopK: d.TopK, TopP: d.TopP,
		Seed: d.Seeds[0], Ban: d.Ban}
	if d.Block > 0 {
		start := d.Prompt / d.Block * d.Block
		p.Tokens, p.Span, p.Want = d.Tokens[:min(start+d.Block, len(d.Tokens))], d.Block, nil
		for i := max(start, d.Prompt); i < len(p.Tokens); i++ {
			p.Want = append(p.Want, i)
		}
	}
	return p
}
