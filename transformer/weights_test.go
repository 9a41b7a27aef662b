package transformer

import (
	"math"
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
	} {
		c, err := Geometry("tiny")
		if err != nil {
			t.Fatal(err)
		}
		spoil(&c)
		err = c.Validate()
		if (want == "") != (err == nil) || err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n")) {
			t.Errorf("got %v, want one line with %q", err, want)
		}
	}
}
