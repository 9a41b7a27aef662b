package transformer

import "math"

// A Rope is how a rotary embedding differs from the plain one, which is the zero value.
type Rope struct {
	Divisors []float64 // [HeadDim/2]: the angles of pair i are divided by Divisors[i]; nil: by 1
	Scale    float64   // cosines and sines are multiplied by it (YaRN's attention factor); 0: by 1

	// The query at position p is multiplied by 1 + QueryBeta*ln(1 + floor(p/QueryFrom)) (Llama 4, Ministral 3).
	QueryBeta float64 // 0: queries stay as they are
	QueryFrom int
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
