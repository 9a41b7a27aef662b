package transformer

import (
	"context"
	"fmt"
)

// A Chain is a text that a device completes by itself: forward after forward, each of which follows from the guesses of
// the one before. The passes are those of a decoder that asks for each by Forward, and so are the guesses; only the
// device need not wait for the host between them.
//
// Block 0 writes left to right: a forward over the prompt, then one for each token. Otherwise blocks of so many positions,
// aligned at position 0, are refined one after another: a forward over all before the end of the first block that has masks
// guesses for these masks, Rule says which guesses are settled, and forwards over the block follow until no mask is
// left. The first forward of the next block takes in the finished one as well, since only now its K/V are final.
//
// Either ends when all positions are settled, or when a stop token stands in the output with no mask before it.
type Chain struct {
	Tokens []int32 // the prompt, then a mask for each position to write (left to right: any token)
	Prompt int     // tokens of the prompt, at least 1
	Block  int     // positions that are refined together, at most ChainBlock; 0: left to right
	Rule   Rule    // of blocks
	Stops  []int32 // at most ChainStops

	Temp  float32 // this and the next two as in a Pass
	TopK  int
	TopP  float32
	Seeds []uint64 // of forward 0, 1, …; the last one serves all that follow
	Ban   []int32  // as in a Pass
}

// The most that a Chain holds.
const (
	ChainBlock = 1024
	ChainStops = 64
)

// A Rule says how many of a block's guesses a forward settles: the best by Score, at least one.
type Rule struct {
	Kind  RuleKind
	Score Score
	Value float64 // the threshold, the factor or the bound
	Steps int     // of Quota
}

// A RuleKind is one of the policies that package decoders describes.
type RuleKind int32

// The kinds of rules; p_n is the probability of the guess of rank n, H_n its entropy.
const (
	ByThreshold RuleKind = iota // while p_n >= value
	ByFactor                    // while p_n >= 1 - value/(n+1)
	ByEntropy                   // while H_1 + … + H_(n-1) <= value
	ByQuota                     // masks/steps, and one more in the first masks mod steps forwards of a block
)

// A Score ranks the guesses of a block; ties go to the lower position.
type Score int32

// The scores.
const (
	HighP Score = iota
	HighMargin
	LowEntropy
)

// A Link is one forward of a chain.
type Link struct {
	From, To int       // the positions that it computed
	Settled  []Settled // by position; overwritten by the next link
}

// A Settled is a guess that now stands in the text.
type Settled struct {
	At    int // position
	Token int32
	P     float32
}

// A Chainer is a session that runs chains.
type Chainer interface {
	// Chain runs a chain on sequence 0, which it resets before and after, and hands over each link when the device is
	// done with it. The chain ends early when link returns false or ctx is done. The session may not be used by link.
	Chain(ctx context.Context, c Chain, link func(Link) bool) error
}

// Check says in one line what is wrong with a chain for a session of so many slots.
func (c *Chain) Check(slots, vocab int) error {
	n := len(c.Tokens)
	switch {
	case c.Prompt < 1 || c.Prompt >= n:
		return fmt.Errorf("chain of %d tokens with a prompt of %d: both the prompt and the output need a token", n, c.Prompt)
	case c.Block < 0 || c.Block > ChainBlock:
		return fmt.Errorf("chain with blocks of %d; the most is %d", c.Block, ChainBlock)
	case len(c.Stops) > ChainStops:
		return fmt.Errorf("chain with %d stop tokens; the most is %d", len(c.Stops), ChainStops)
	case len(c.Seeds) < 1 || len(c.Seeds) > n:
		return fmt.Errorf("chain of %d tokens with %d seeds: it takes 1 to %d", n, len(c.Seeds), n)
	case c.Block > 0 && c.Rule.Kind == ByQuota && c.Rule.Steps < 1:
		return fmt.Errorf("chain with a quota of %d steps; it must be at least 1", c.Rule.Steps)
	}
	all := c.First()
	all.Tokens = c.Tokens
	return all.Check(0, slots, vocab)
}

// First is the pass of the chain's first forward.
func (c *Chain) First() Pass {
	p := Pass{Tokens: c.Tokens[:c.Prompt], Span: 1, Want: []int{c.Prompt - 1}, Temp: c.Temp, TopK: c.TopK, TopP: c.TopP, Seed: c.Seeds[0], Ban: c.Ban}
	if c.Block > 0 {
		start := c.Prompt / c.Block * c.Block
		p.Tokens, p.Span, p.Want = c.Tokens[:min(start+c.Block, len(c.Tokens))], c.Block, nil
		for i := max(start, c.Prompt); i < len(p.Tokens); i++ {
			p.Want = append(p.Want, i)
		}
	}
	return p
}
