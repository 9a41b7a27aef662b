package transformer

import (
	"cmp"
	"fmt"
	"math"
)

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
	OBias    []float32 // [D], nil without OBias
	MLPNorm  []float32 // [D]
	Gate     Matrix    // [F, D]
	Up       Matrix    // [F, D]
	Down     Matrix    // [D, F]
	GateBias []float32 // [F], nil without MLPBias
	UpBias   []float32 // [F]
	DownBias []float32 // [D]
}

// Weights are a model's numbers in the layout of checkpoints; a backend repacks them, in the dtype. They may lie in a file that is
// mapped into memory, and then live as long as that.
type Weights struct {
	Config Config
	Dtype  Dtype
	Embed  Matrix // [Vocab, D]
	Layers []LayerWeights
	Norm   []float32 // [D]
	Head   Matrix    // [Vocab, D]; the zero Matrix when Config.Tied
}

// MaxSize is the largest size that Validate accepts. No model is as large, and the product of two sizes fits an int.
const MaxSize = 1 << 24

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
		if f.value > MaxSize {
			return fmt.Errorf("config: %s is %d, above %d", f.name, f.value, MaxSize)
		}
	}
	switch {
	case c.Heads%c.KVHeads != 0:
		return fmt.Errorf("config: %d attention heads are no multiple of %d key/value heads", c.Heads, c.KVHeads)
	case c.HeadDim%2 != 0:
		return fmt.Errorf("config: head dim %d is odd; rotary embedding needs pairs", c.HeadDim)
	case c.MaxPositions < 0:
		return fmt.Errorf("config: positions must be positive, or 0 for unknown, not %d", c.MaxPositions)
	case !(c.RopeTheta >= 1 && c.RopeTheta <= math.MaxFloat64):
		return fmt.Errorf("config: rope theta must be finite and at least 1, not %g", c.RopeTheta)
	case !(c.NormEps > 0 && c.NormEps <= math.MaxFloat32):
		return fmt.Errorf("config: norm eps must be finite and positive, not %g", c.NormEps)
	case c.MaskToken != -1 && (c.MaskToken < 0 || int(c.MaskToken) >= c.Vocab):
		return fmt.Errorf("config: mask token %d lies outside the vocabulary of %d", c.MaskToken, c.Vocab)
	}
	for _, id := range c.EOSTokens {
		if id < 0 || int(id) >= c.Vocab {
			return fmt.Errorf("config: end token %d lies outside the vocabulary of %d", id, c.Vocab)
		}
	}
	return cmp.Or(c.Rope.validate(c.HeadDim), c.validateAttention())
}

// validateAttention reports the first inconsistency of what rows attend to.
func (c Config) validateAttention() error {
	switch c.Attention {
	case NoDiffusion, BlockCausal:
	case WholeSequence, CausalMasks:
		if len(c.BlockSizes) > 0 {
			return fmt.Errorf("config: block sizes %v beside %s attention; only a block-causal model has some", c.BlockSizes, c.Attention)
		}
	default:
		return fmt.Errorf("config: attention %q; it must be %s, %s, %s or empty", c.Attention, BlockCausal, WholeSequence, CausalMasks)
	}
	for _, n := range c.BlockSizes {
		if n < 1 {
			return fmt.Errorf("config: block size %d; it must be at least 1", n)
		}
	}
	if len(c.Kinds) > 0 && len(c.Kinds) != c.Layers {
		return fmt.Errorf("config: kinds of %d layers; there are %d", len(c.Kinds), c.Layers)
	}
	for i, k := range c.Kinds {
		if k.Window < 0 {
			return fmt.Errorf("config: the window of layer %d must be positive, or 0 for none, not %d", i, k.Window)
		}
	}
	return nil
}

// Validate reports the first inconsistency of the config, or the first tensor whose dtype or shape is not the config's, in
// one line.
func (w *Weights) Validate() error {
	c := w.Config
	if err := c.Validate(); err != nil {
		return err
	}
	if _, err := Lookup(formats, w.Dtype); err != nil {
		return err
	}
	if len(w.Layers) != c.Layers {
		return fmt.Errorf("%d layers of weights; the config says %d", len(w.Layers), c.Layers)
	}
	shapes := &shapeCheck{dtype: w.Dtype}
	shapes.matrix("embedding", w.Embed, c.Vocab, c.Hidden)
	shapes.vector("final norm", w.Norm, c.Hidden)
	if !c.Tied {
		shapes.matrix("output head", w.Head, c.Vocab, c.Hidden)
	}
	q, kv := c.Heads*c.HeadDim, c.KVHeads*c.HeadDim
	for i := range w.Layers {
		l := &w.Layers[i]
		shapes.prefix = fmt.Sprintf("layer %d: ", i)
		shapes.matrix("q", l.Q, q, c.Hidden)
		shapes.matrix("k", l.K, kv, c.Hidden)
		shapes.matrix("v", l.V, kv, c.Hidden)
		shapes.matrix("o", l.O, c.Hidden, q)
		shapes.matrix("gate", l.Gate, c.Intermediate, c.Hidden)
		shapes.matrix("up", l.Up, c.Intermediate, c.Hidden)
		shapes.matrix("down", l.Down, c.Hidden, c.Intermediate)
		shapes.vector("attention norm", l.AttnNorm, c.Hidden)
		shapes.vector("mlp norm", l.MLPNorm, c.Hidden)
		if c.QKVBias {
			shapes.vector("q bias", l.QBias, q)
			shapes.vector("k bias", l.KBias, kv)
			shapes.vector("v bias", l.VBias, kv)
		}
		if c.OBias {
			shapes.vector("o bias", l.OBias, c.Hidden)
		}
		if c.MLPBias {
			shapes.vector("gate bias", l.GateBias, c.Intermediate)
			shapes.vector("up bias", l.UpBias, c.Intermediate)
			shapes.vector("down bias", l.DownBias, c.Hidden)
		}
		if c.QKNorm {
			shapes.vector("q norm", l.QNorm, c.HeadDim)
			shapes.vector("k norm", l.KNorm, c.HeadDim)
		}
	}
	return shapes.err
}

// A shapeCheck compares tensors with the shapes that they should have, and keeps the first error.
type shapeCheck struct {
	dtype  Dtype
	prefix string // of the tensors' names
	err    error
}

func (s *shapeCheck) matrix(name string, m Matrix, rows, cols int) {
	n := s.dtype.format().len(&m)
	if m.Stored != nil && len(m.Stored.Data) > 0 && len(m.Stored.Data)%rows == 0 { // a reader of files has counted them
		n = rows * cols
	}
	if s.err == nil && (m.Rows != rows || m.Cols != cols || n != rows*cols) {
		s.err = fmt.Errorf("%s%s is [%d, %d] with %d numbers of %s; want [%d, %d]", s.prefix, name, m.Rows, m.Cols, n, s.dtype, rows, cols)
	}
}

func (s *shapeCheck) vector(name string, v []float32, n int) {
	if s.err == nil && len(v) != n {
		s.err = fmt.Errorf("%s%s has %d numbers; want %d", s.prefix, name, len(v), n)
	}
}
