// Package rope has the published ways to stretch a rotary embedding over more positions than it was trained for, as
// transformers computes them [modeling_rope_utils.py]. Every one divides the angles of the pairs of a head: Divisors, one for
// each pair i, whose plain angle at position p is p * theta^(-2i/dim). Both formats of checkpoints use it.
package rope

import "math"

// Linear divides all angles by the factor: positions are interpolated. It panics where dim is negative.
func Linear(dim int, factor float64) []float64 {
	out := make([]float64, dim/2)
	for i := range out {
		out[i] = factor
	}
	return out
}

// A Llama3 scaling divides the angles of pairs that turn slowly, leaves those that turn fast, and goes smoothly between them
// [Llama 3.1].
type Llama3 struct {
	Factor    float64
	Low, High float64 // turns within Original positions: below Low a pair is slow, above High fast; High > Low
	Original  float64 // positions of the training that it stretches
}

// Divisors are those of a head of dim numbers.
func (s Llama3) Divisors(theta float64, dim int) []float64 {
	out := make([]float64, dim/2)
	for i := range out {
		wavelength := 2 * math.Pi * math.Pow(theta, 2*float64(i)/float64(dim))
		fast := min(max((s.Original/wavelength-s.Low)/(s.High-s.Low), 0), 1)
		out[i] = blend(s.Factor, fast)
	}
	return out
}

// A YaRN scaling divides by the factor what turns slowly and leaves what turns fast, with a ramp over the pairs between, and
// scales cosines and sines [arXiv:2309.00071].
type YaRN struct {
	Factor             float64
	Original           float64 // positions of the training that it stretches
	BetaFast, BetaSlow float64 // turns within Original positions at which the ramp begins and ends; published 32 and 1
	Truncate           bool    // the ends of the ramp are whole pairs; published true
}

// Divisors are those of a head of dim numbers.
func (s YaRN) Divisors(theta float64, dim int) []float64 {
	low, high := s.pair(s.BetaFast, theta, dim), s.pair(s.BetaSlow, theta, dim)
	if s.Truncate {
		low, high = math.Floor(low), math.Ceil(high)
	}
	low, high = max(low, 0), min(high, float64(dim-1))
	if low == high {
		high += 0.001
	}
	out := make([]float64, dim/2)
	for i := range out {
		slow := min(max((float64(i)-low)/(high-low), 0), 1)
		out[i] = blend(s.Factor, 1-slow)
	}
	return out
}

// pair is the pair, as a fraction, that turns so often within Original positions.
func (s YaRN) pair(turns, theta float64, dim int) float64 {
	return float64(dim) * math.Log(s.Original/(turns*2*math.Pi)) / (2 * math.Log(theta))
}

// blend is the divisor of a pair of which the part fast keeps its angle and the rest has it divided by the factor.
func blend(factor, fast float64) float64 { return 1 / ((1-fast)/factor + fast) }

// Magnitude is YaRN's scale of cosines and sines for a factor: 0.1*weight*ln(factor) + 1, and 1 for factors up to 1. The
// published weight is 1; where a model has two, mscale and mscale_all_dim, its scale is the ratio of their magnitudes.
func Magnitude(factor, weight float64) float64 {
	if factor <= 1 {
		return 1
	}
	return 0.1*weight*math.Log(factor) + 1
}
