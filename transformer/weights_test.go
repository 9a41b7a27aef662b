package transformer

import (
	"math"
	"slices"
	"strings"
	"testing"
)

func TestValidate(t *testing.T) {
	for want, spoil := range map[string]func(c *Config){
		"":                              func(c *Config) { c.MaskToken, c.EOSTokens, c.BlockSizes = 2047, []int32{0, 2047}, []int{4} },
		"layers must be positive":       func(c *Config) { c.Layers = 0 },
		"head dim must be positive":     func(c *Config) { c.HeadDim = 0 },
		"attention heads is 3689348814": func(c *Config) { c.Heads = 3689348814741910323 },
		"no multiple of 3":              func(c *Config) { c.KVHeads = 3 },
		"head dim 63 is odd":            func(c *Config) { c.HeadDim = 63 },
		"positions must be positive":    func(c *Config) { c.MaxPositions = -1 },
		"at least 1, not 0":             func(c *Config) { c.RopeTheta = 0 },
		"at least 1, not NaN":           func(c *Config) { c.RopeTheta = math.NaN() },
		"at least 1, not +Inf":          func(c *Config) { c.RopeTheta = math.Inf(1) },
		"finite and positive, not -1":   func(c *Config) { c.NormEps = -1 },
		"finite and positive, not 0":    func(c *Config) { c.NormEps = 0 },
		"finite and positive, not NaN":  func(c *Config) { c.NormEps = float32(math.NaN()) },
		"finite and positive, not +Inf": func(c *Config) { c.NormEps = float32(math.Inf(1)) },
		"mask token 2048 lies outside":  func(c *Config) { c.MaskToken = 2048 },
		"mask token -2 lies outside":    func(c *Config) { c.MaskToken = -2 },
		"end token 2048 lies outside":   func(c *Config) { c.EOSTokens = []int32{0, 2048} },
		"end token -1 lies outside":     func(c *Config) { c.EOSTokens = []int32{-1} },
		"block size 0":                  func(c *Config) { c.BlockSizes = []int{8, 0} },
		"3 rope divisors":               func(c *Config) { c.Rope.Divisors = []float64{1, 1, 1} },
		"rope divisor 31 must be":       func(c *Config) { c.Rope.Divisors[31] = 0 },
		"rope scale must be":            func(c *Config) { c.Rope.Scale = math.Inf(1) },
		"query beta must be":            func(c *Config) { c.Rope.QueryBeta = math.NaN() },
		"from position 0 on":            func(c *Config) { c.Rope.QueryFrom = 0 },
		`attention "sideways"; it`:      func(c *Config) { c.Attention = "sideways" },
		"block sizes [4] beside":        func(c *Config) { c.Attention, c.BlockSizes = WholeSequence, []int{4} },
		"kinds of 5 layers; there are":  func(c *Config) { c.Kinds = make([]LayerKind, 5) },
		"the window of layer 2 must":    func(c *Config) { c.Kinds[2].Window = -1 },
	} {
		c, err := Geometry("tiny")
		if err != nil {
			t.Fatal(err)
		}
		c.Kinds, c.Attention = []LayerKind{5: {NoRope: true, Window: 1}}, BlockCausal
		c.Rope = Rope{Divisors: slices.Repeat([]float64{8}, c.HeadDim/2), Scale: 1.2, QueryBeta: 0.1, QueryFrom: 16384}
		spoil(&c)
		err = c.Validate()
		if (want == "") != (err == nil) || err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n")) {
			t.Errorf("got %v, want one line with %q", err, want)
		}
	}
}

// TestWeightsValidate spoils one tensor after the other: the error names it.
func TestWeightsValidate(t *testing.T) {
	config := Config{Name: "small", Layers: 2, Hidden: 8, Intermediate: 12, Heads: 4, KVHeads: 2, HeadDim: 4, Vocab: 10, RopeTheta: 1e4,
		NormEps: 1e-6, QKVBias: true, OBias: true, MLPBias: true, QKNorm: true, MaskToken: -1}
	short := func(v *[]float32) { *v = (*v)[1:] }
	for want, spoil := range map[string]func(w *Weights, l *LayerWeights){
		"config: layers must be":                   func(w *Weights, _ *LayerWeights) { w.Config.Layers = 0 },
		`weights of dtype "f16"; need f32 or bf16`: func(w *Weights, _ *LayerWeights) { w.Dtype = "f16" },
		"1 layers of weights; the config says 2":   func(w *Weights, _ *LayerWeights) { w.Layers = w.Layers[:1] },
		"embedding is [10, 7] with 80 numbers":     func(w *Weights, _ *LayerWeights) { w.Embed.Cols = 7 },
		"output head is [0, 0]":                    func(w *Weights, _ *LayerWeights) { w.Head = Matrix{} },
		"final norm has 7 numbers; want 8":         func(w *Weights, _ *LayerWeights) { short(&w.Norm) },
		"layer 1: q is [15, 8]":                    func(_ *Weights, l *LayerWeights) { l.Q.Rows = 15 },
		"layer 1: k is":                            func(_ *Weights, l *LayerWeights) { l.K.Rows++ },
		"layer 1: v is":                            func(_ *Weights, l *LayerWeights) { l.V.Rows++ },
		"layer 1: o is":                            func(_ *Weights, l *LayerWeights) { l.O.Rows++ },
		"layer 1: gate is":                         func(_ *Weights, l *LayerWeights) { l.Gate = l.Gate.Convert(BF16) },
		"layer 1: up is":                           func(_ *Weights, l *LayerWeights) { l.Up.F32 = nil },
		"layer 1: down is":                         func(_ *Weights, l *LayerWeights) { l.Down.Cols-- },
		"layer 1: attention norm has 7":            func(_ *Weights, l *LayerWeights) { short(&l.AttnNorm) },
		"layer 1: mlp norm has 7":                  func(_ *Weights, l *LayerWeights) { short(&l.MLPNorm) },
		"layer 1: q bias has 15":                   func(_ *Weights, l *LayerWeights) { short(&l.QBias) },
		"layer 1: k bias has 7":                    func(_ *Weights, l *LayerWeights) { short(&l.KBias) },
		"layer 1: v bias has 0 numbers; want 8":    func(_ *Weights, l *LayerWeights) { l.VBias = nil },
		"layer 1: o bias has 7":                    func(_ *Weights, l *LayerWeights) { short(&l.OBias) },
		"layer 1: gate bias has 11":                func(_ *Weights, l *LayerWeights) { short(&l.GateBias) },
		"layer 1: up bias has 11":                  func(_ *Weights, l *LayerWeights) { short(&l.UpBias) },
		"layer 1: down bias has 7":                 func(_ *Weights, l *LayerWeights) { short(&l.DownBias) },
		"layer 1: q norm has 3":                    func(_ *Weights, l *LayerWeights) { short(&l.QNorm) },
		"layer 1: k norm has 3":                    func(_ *Weights, l *LayerWeights) { short(&l.KNorm) },
	} {
		w := Random(config, F32, 1)
		if err := w.Validate(); err != nil {
			t.Fatal(err)
		}
		spoil(w, &w.Layers[1])
		if err := w.Validate(); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %v, want one line with %q", err, want)
		}
	}
	config.Tied, config.QKVBias, config.OBias, config.MLPBias, config.QKNorm = true, false, false, false, false
	if err := Random(config, BF16, 1).Validate(); err != nil {
		t.Errorf("tensors that the config does not ask for: %v", err)
	}
}

func TestRotary(t *testing.T) {
	for _, test := range []struct {
		rope   Rope
		angles [2]float64 // at position 1
		scale  float64
	}{
		{Rope{}, [2]float64{1, 0.1}, 1},
		{Rope{Divisors: []float64{1, 4}, Scale: 1.25}, [2]float64{1, 0.025}, 1.25},
	} {
		cos, sin := make([]float32, 3*2), make([]float32, 3*2)
		Config{HeadDim: 4, RopeTheta: 100, Rope: test.rope}.Rotary(cos, sin)
		for p := range 3 {
			for i, angle := range test.angles {
				c, s, angle := float64(cos[p*2+i]), float64(sin[p*2+i]), float64(p)*angle
				if math.Abs(c-test.scale*math.Cos(angle)) > 1e-7 || math.Abs(s-test.scale*math.Sin(angle)) > 1e-7 {
					t.Errorf("position %d, pair %d: (%g, %g), want the angle %g, scaled by %g", p, i, c, s, angle, test.scale)
				}
			}
		}
	}
}

// TestQueryScale: of Ministral 3, beta 0.1 from position 16384 on.
func TestQueryScale(t *testing.T) {
	r := Rope{QueryBeta: 0.1, QueryFrom: 16384}
	for p, want := range map[int]float64{0: 1, 16383: 1, 16384: 1.0693147181, 32767: 1.0693147181, 32768: 1.1098612289} {
		if got := r.QueryScale(p); math.Abs(got-want) > 1e-9 {
			t.Errorf("position %d: %g, want %g", p, got, want)
		}
	}
	if got := (Rope{}).QueryScale(1 << 20); got != 1 {
		t.Errorf("without beta: %g, want 1", got)
	}
}
