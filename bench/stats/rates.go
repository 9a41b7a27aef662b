package stats

import "math"

// McNemar is the exact two-sided test that two decoders pass the same share of the same tasks. Only the
// discordant pairs speak: onlyBase tasks that the base alone passes, onlyHead that the head alone passes. Under
// the null hypothesis each falls either way with probability 1/2, so
//
//	p = min(1, 2 * sum over i <= min(onlyBase, onlyHead) of C(n,i) / 2^n),  n = onlyBase + onlyHead
//
// With no discordant pair it is 1.
func McNemar(onlyBase, onlyHead int) float64 {
	n := onlyBase + onlyHead
	tail := 0.0
	for i := 0; i <= min(onlyBase, onlyHead); i++ {
		tail += math.Exp(logChoose(n, i) - float64(n)*math.Ln2)
	}
	return min(1, 2*tail)
}

// logChoose is ln C(n,k).
func logChoose(n, k int) float64 {
	a, _ := math.Lgamma(float64(n + 1))
	b, _ := math.Lgamma(float64(k + 1))
	c, _ := math.Lgamma(float64(n - k + 1))
	return a - b - c
}

// MinimumDetectable is the smallest true mean difference that n independent differences of standard deviation
// sd reveal with the given power in a two-sided test at level alpha (normal approximation):
//
//	(z(1-alpha/2) + z(power)) * sd / sqrt(n)
//
// For paired pass rates of which a share d is discordant, sd is sqrt(d). With n of 0 ok is false.
func MinimumDetectable(sd float64, n int, alpha, power float64) (effect float64, ok bool) {
	if n <= 0 {
		return 0, false
	}
	return (normalQuantile(1-alpha/2) + normalQuantile(power)) * sd / math.Sqrt(float64(n)), true
}

// DetectableLog is the smallest true logarithm of a ratio that an estimate of the given standard error and degrees of freedom
// reveals with the given power, in a two-sided test at level alpha by Student's t.
func DetectableLog(deviation, freedom, alpha, power float64) float64 {
	return (studentQuantile(1-alpha/2, freedom) + studentQuantile(power, freedom)) * deviation
}
