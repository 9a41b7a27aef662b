package transformer

import (
	"math"
	"math/bits"
)

// Gumbel is the noise of sampling: the token with the highest logit/Temp + Gumbel(seed, pos, token) is a sample of
// softmax(logits/Temp) (the Gumbel-max trick). It is a pure function of its arguments and not a stream, so every backend
// draws the same sample, in any batch and in any order.
//
// The counter (seed, pos, token) goes through the finaliser of SplitMix64 (Steele, Lea and Flood, 2014) twice; the
// upper 53 bits become u in (0, 1), never 0 or 1, and the noise is -log(-log(u)).
func Gumbel(seed uint64, pos int, token int32) float32 {
	u := (float64(random(seed, pos, token)>>11) + 0.5) / (1 << 53)
	return float32(-math.Log(-math.Log(u)))
}

// GumbelBound is never below Gumbel and costs no logarithm: -log(-log(u)) is at most -log(1-u), and where n leading bits
// of u are ones 1-u is at least 2^-(n+1). 0.6932 is ln 2 and more than the rounding of float32.
func GumbelBound(seed uint64, pos int, token int32) float64 {
	return 0.6932 * float64(bits.LeadingZeros64(^random(seed, pos, token))+1)
}

// random are the 64 bits of a counter.
func random(seed uint64, pos int, token int32) uint64 {
	return mix(mix(seed) ^ (uint64(uint32(pos))<<32 | uint64(uint32(token))))
}

// mix is one step of SplitMix64: a bijection of the 64-bit numbers that passes tests of randomness on a counter.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
