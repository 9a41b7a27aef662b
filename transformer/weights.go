package transformer

import "fmt"

// A Dtype is how weights are stored.
type Dtype string

// The dtypes.
const (
	F32  Dtype = "f32"
	BF16 Dtype = "bf16"
)

// Size is the bytes of one number.
func (d Dtype) Size() int {
	if d == BF16 {
		return 2
	}
	return 4
}

// A Matrix is row-major [Rows, Cols]; a linear layer stores [out, in], as checkpoints do. Exactly one of F32 and
// BF16 (the upper 16 bits of the float32) is set, with Rows*Cols numbers.
type Matrix struct {
	Rows, Cols int
	F32        []float32
	BF16       []uint16
}

// A LayerWeights is one transformer block. D hidden, H heads, K key/value heads, d head dim, F intermediate.
type LayerWeights struct {
	AttnNorm []float32 // [D]
	Q        Matrix    // [H*d, D]
	K        Matrix    // [K*d, D]
	V        Matrix    // [K*d, D]
	QBias    []float32 // [H*d], nil without QKVBias
	KBias    []float32 // [K*d]
	VBias    []float32 // [K*d]
	QNorm    []float32 // [d], nil without QKNorm
	KNorm    []float32 // [d]
	O        Matrix    // [D, H*d]
	MLPNorm  []float32 // [D]
	Gate     Matrix    // [F, D]
	Up       Matrix    // [F, D]
	Down     Matrix    // [D, F]
}

// Weights are a model's numbers in checkpoint layout; a backend repacks them.
type Weights struct {
	Config Config
	Dtype  Dtype
	Embed  Matrix // [Vocab, D]
	Layers []LayerWeights
	Norm   []float32 // [D]
	Head   Matrix    // [Vocab, D]; the zero Matrix when Config.Tied
}

// Validate reports the first inconsistency of a config, in one line.
func (c Config) Validate() error {
	for _, f := range []struct {
		name  string
		value int
	}{
		{"layers", c.Layers}, {"hidden size", c.Hidden}, {"intermediate size", c.Intermediate}, {"attention heads", c.Heads},
		{"key/value heads", c.KVHeads}, {"head dim", c.HeadDim}, {"vocabulary", c.Vocab},
	} {
		if f.value <= 0 {
			return fmt.Errorf("config: %s must be positive, not %d", f.name, f.value)
		}
	}
	switch {
	case c.Heads%c.KVHeads != 0:
		return fmt.Errorf("config: %d attention heads are no multiple of %d key/value heads", c.Heads, c.KVHeads)
	case c.HeadDim%2 != 0:
		return fmt.Errorf("config: head dim %d is odd; rotary embedding needs pairs", c.HeadDim)
	case c.RopeTheta <= 0:
		return fmt.Errorf("config: rope theta must be positive, not %g", c.RopeTheta)
	case int(c.MaskToken) >= c.Vocab:
		return fmt.Errorf("config: mask token %d lies outside the vocabulary of %d", c.MaskToken, c.Vocab)
	}
	return nil
}
