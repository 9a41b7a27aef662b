package transformer

import "math"

// Rotary fills the tables of the rotary embedding, [slots][HeadDim/2] each: the cosine and the sine of the angle of pair i
// at position p, which is p * RopeTheta^(-2i/HeadDim).
func (c Config) Rotary(cos, sin []float32) {
	half := c.HeadDim / 2
	for at := range cos {
		p, i := at/half, at%half
		angle := float64(p) * math.Pow(c.RopeTheta, -float64(i)/float64(half))
		cos[at], sin[at] = float32(math.Cos(angle)), float32(math.Sin(angle))
	}
}
