package transformer

import "math"

// RoundBF16 rounds to the nearest bf16 (the upper 16 bits of a float32), ties to even; NaN stays NaN.
func RoundBF16(f float32) uint16 {
	b := math.Float32bits(f)
	if f != f {
		return uint16(b>>16) | 1<<6
	}
	return uint16((b + 0x7fff + b>>16&1) >> 16)
}

// FromBF16 widens a bf16 number; nothing is lost.
func FromBF16(b uint16) float32 { return math.Float32frombits(uint32(b) << 16) }

// FromF16 widens an IEEE 754 half; nothing is lost.
func FromF16(h uint16) float32 {
	sign, exponent, fraction := uint32(h>>15)<<31, uint32(h>>10)&31, uint32(h)&1023
	switch exponent {
	case 0:
		f := float32(fraction) / (1 << 24)
		return math.Float32frombits(math.Float32bits(f) | sign)
	case 31:
		return math.Float32frombits(sign | 255<<23 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent+112)<<23 | fraction<<13)
}
