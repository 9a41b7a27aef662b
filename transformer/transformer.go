// Package transformer is the core that both decoders share: a decoder-only transformer (RMSNorm, RoPE, grouped
// queries, SwiGLU) seen from outside as one call, Forward.
//
// The way through it:
//
//  1. A Config names a geometry; Weights hold its numbers (checkpoint.Load, or Random for speed tests).
//  2. A Backend (transformer/cpu, transformer/cuda) keeps the weights in the layout that its kernels read.
//  3. Open reserves a Session: K/V slots for some sequences and all scratch memory. Nothing is allocated later.
//  4. Forward runs one Pass per sequence and returns a Guess for every row that was asked for.
//  5. What only some backends or sessions can do has an interface of its own (optional.go, device.go).
//
// Note: the interface is one coarse call and no tensor library. A backend is free to fuse operations and to use threads and
// graphs. Guesses arrive on the host, so Forward is a point of synchronisation, and timestamps after it are honest.
package transformer

import (
	"context"
	"errors"
)

// A Config is a model's blueprint. Shapes of the weights follow from it; see Weights.
type Config struct {
	Name         string
	Layers       int
	Hidden       int // width of the residual stream
	Intermediate int // width of the SwiGLU
	Heads        int // query heads
	KVHeads      int // key/value heads; Heads is a multiple of it
	HeadDim      int // even; Heads*HeadDim may differ from Hidden
	Vocab        int
	MaxPositions int     // longest sequence the model was trained for; 0 means unknown
	RopeTheta    float64 // base of the rotary frequencies
	NormEps      float32
	Rope         Rope    // how the rotary embedding differs from the plain one
	QKVBias      bool    // Qwen2: biases on q, k and v
	OBias        bool    // Llama with attention_bias: a bias on o, too
	MLPBias      bool    // biases on gate, up and down
	QKNorm       bool    // Qwen3: RMSNorm on every head of q and k
	Tied         bool    // the output head is the embedding
	MaskToken    int32   // -1: the checkpoint has none and cannot run the diffusion decoder
	EOSTokens    []int32 // any of them ends a sequence
	Attention    Attention
	BlockSizes   []int       // block sizes of the diffusion training; empty where Attention is not BlockCausal
	Shifted      bool        // diffusion logits of row i-1 predict position i (Dream, Fast-dLLM v2)
	Kinds        []LayerKind // [Layers]; nil: every layer is the zero LayerKind
}

// An Attention is the context with which a checkpoint was trained to fill in masks.
type Attention string

// The attentions.
const (
	NoDiffusion   Attention = ""               // none, or none that is known
	BlockCausal   Attention = "block-causal"   // to the own block and those before it
	WholeSequence Attention = "whole-sequence" // to all of the text, masks behind included
	CausalMasks   Attention = "causal"         // to what stands before, as an autoregressive model
)

// A LayerKind is what one layer does otherwise than the others. The zero value is rotated and attends to all of a pass's span.
type LayerKind struct {
	NoRope bool // queries and keys are not rotated (SmolLM3's NoPE layers)
	Window int  // the row at position p attends to no slot below p+1-Window (sliding window); 0: no bound
}

// A Pass runs Tokens at positions Start, Start+1, …, overwriting their K/V slots. The row at position p attends
// to every written slot below (p/Span+1)*Span: Span 1 is causal, n is block-causal with blocks aligned at
// position 0, and 0 is the whole sequence. A slot is written once a pass of this session has covered it since the
// last Reset, this pass included. Start may not leave a gap of unwritten slots before it.
type Pass struct {
	Tokens []int32 // empty: this Forward skips the sequence
	Start  int
	Span   int
	Want   []int // rows (indices into Tokens) to guess for; none means that only the K/V are wanted

	Temp float32 // 0 is greedy; otherwise softmax(logits/Temp) is sampled by the Gumbel-max trick
	TopK int     // 0: all; applied before sampling
	TopP float32 // 0 or 1: all; smallest set of tokens whose tempered probability reaches it
	Seed uint64  // noise is keyed by (Seed, position, token), so that backends agree

	Ban    []int32   // tokens whose logits are -Inf: never chosen, no probability
	Logits []float32 // when not nil: receives raw logits, len(Want)*Vocab, row after row
}

// A Guess is one row's distribution, reduced where it was computed. P, Margin and Entropy are of the softmax of
// the logits at temperature 1 after Ban, also when Temp samples the token.
type Guess struct {
	Token   int32   // greedy: the argmax, the lowest id on a tie
	P       float32 // probability of Token
	Margin  float32 // highest probability minus the second highest
	Entropy float32 // in nats
}

// A Session holds the K/V slots of a fixed number of sequences, in the dtype of the weights, and the scratch memory of their
// forwards. One goroutine at a time may use it.
type Session interface {
	// Forward runs passes[i] on sequence i (there may be fewer passes than sequences). out[i][j] guesses for
	// passes[i].Want[j]; it is overwritten by the next Forward. Bad passes (positions beyond the slots, a gap,
	// a token outside the vocabulary) are errors that leave the session as it was.
	Forward(ctx context.Context, passes []Pass) (out [][]Guess, err error)
	// Reset forgets the written slots of one sequence.
	Reset(sequence int)
	// Memory is what the session holds beside the weights: K/V slots and scratch, in bytes.
	Memory() int64
	Close() error
}

// ErrUnsupported is wrapped by the errors of a backend that is asked for a model, or for sessions of it, of a kind that it does not
// compute. The processor computes all.
var ErrUnsupported = errors.New("not supported")

// A Backend is a device that holds one model's weights.
type Backend interface {
	Config() Config
	// Open reserves a session of sequences x slots K/V slots.
	Open(sequences, slots int) (Session, error)
	// Describe says what the backend is, for reports.
	Describe() Description
	Close() error
}

// A Description is what reports say of a backend.
type Description struct {
	Device   string // "cpu" or "cuda"
	Features string // kernels chosen, such as "amx+avx512"
	// Portable kernels are plain Go without vectors: arithmetic is so slow that a forward of many rows costs nearly as many
	// forwards of one, which no engine in use does. A comparison of decoders on them is unfair to the diffusion decoder.
	Portable bool
	Threads  int
	Dtype    Dtype // of the weights
	// Activations is what the numbers that enter a matrix product are rounded to: F32, or Dtype.Activations as in PyTorch
	// and llama.cpp. Sums are F32 always.
	Activations Dtype
	Memory      int64 // bytes held by the weights in the backend's own layout
}
