package transformer

import (
	"fmt"
	"math"
)

// A Rope is how a rotary embedding differs from the plain one, which is the zero value.
type Rope struct {
	Divisors []float64 // [HeadDim/2]: the angles of pair i are divided by Divisors[i]; nil: by 1
	Scale    float64   // cosines and sines are multiplied by it (YaRN's attention factor); 0: by 1

	// The query at position p is multiplied by 1 + QueryBeta*ln(1 + floor(p/QueryFrom)) (Llama 4, Ministral 3).
	QueryBeta float64 // 0: queries stay as they are
	QueryFrom int
}

// validate reports the first number that is out of range, in one line.
func (r Rope) validate(headDim int) error {
	positive := func(f float64) bool { return f > 0 && f <= math.MaxFloat64 }
	if r.Divisors != nil && len(r.Divisors) != headDim/2 {
		return fmt.Errorf("config: %d rope divisors; a head dim of %d has %d pairs", len(r.Divisors), headDim, headDim/2)
	}
	for i, d := range r.Divisors {
		if !positive(d) {
			return fmt.Errorf("config: rope divisor %d must be finite and positive, not %g", i, d)
		}
	}
	switch {
	case r.Scale != 0 && !positive(r.Scale):
		return fmt.Errorf("config: rope scale must be finite and positive, or 0 for none, not %g", r.Scale)
	case r.QueryBeta != 0 && !positive(r.QueryBeta):
		return fmt.Errorf("config: query beta must be finite and positive, or 0 for none, not %g", r.QueryBeta)
	case r.QueryBeta != 0 && r.QueryFrom < 1:
		return fmt.Errorf("config: queries are scaled from position %d on; it must be at least 1", r.QueryFrom)
	}
	return nil
}

// QueryScale is what the query at position p is multiplied by, after its rotation.
func (r Rope) QueryScale(p int) float64 {
	if r.QueryBeta == 0 {
		return 1
	}
	return 1 + r.QueryBeta*math.Log1p(float64(p/r.QueryFrom))
}

// Rotary fills the tables of the rotary embedding, [slots][HeadDim/2] each: the cosine and the sine of the angle of pair i
// at position p, which is p * RopeTheta^(-2i/HeadDim) / Rope.Divisors[i], times Rope.Scale.
func (c Config) Rotary(cos, sin []float32) {
	half, scale := c.HeadDim/2, c.Rope.Scale
	if scale == 0 {
		scale = 1
	}
	for at := range cos {
		p, i := at/half, at%half
		angle := float64(p) * math.Pow(c.RopeTheta, -float64(i)/float64(half))
		if c.Rope.Divisors != nil {
			angle /= c.Rope.Divisors[i]
		}
		cos[at], sin[at] = float32(scale*math.Cos(angle)), float32(scale*math.Sin(angle))
	}
}
