package metric

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// TestPassAtK compares with exact binomials for every n up to 60, and for a few large ones.
func TestPassAtK(t *testing.T) {
	check := func(n, c, k int) {
		got, ok := passAtK(n, c, k)
		if !ok {
			t.Fatalf("pass@%d of %d/%d does not apply", k, c, n)
		}
		miss := new(big.Rat).SetFrac(new(big.Int).Binomial(int64(n-c), int64(k)), new(big.Int).Binomial(int64(n), int64(k)))
		want, _ := new(big.Rat).Sub(big.NewRat(1, 1), miss).Float64()
		if math.Abs(got-want) > 1e-12 {
			t.Errorf("pass@%d of %d/%d is %.17g, want %.17g", k, c, n, got, want)
		}
	}
	for n := 1; n <= 60; n++ {
		for c := 0; c <= n; c++ {
			for k := 1; k <= n; k++ {
				check(n, c, k)
			}
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		n := 100 + r.IntN(900)
		check(n, r.IntN(n+1), 1+r.IntN(n))
	}
	for _, bad := range [][3]int{{0, 0, 1}, {5, 2, 6}, {5, 6, 1}, {5, -1, 1}, {5, 2, 0}} {
		if share, ok := passAtK(bad[0], bad[1], bad[2]); ok {
			t.Errorf("pass@k of %v is %v", bad, share)
		}
	}
}

// TestPassAtKIsUnbiased draws samples of a known chance: the mean of the estimates is that of the thing itself.
func TestPassAtKIsUnbiased(t *testing.T) {
	const p, n, k = 0.3, 8, 3
	expected := 0.0 // exactly, over the binomial distribution of c
	for c := 0; c <= n; c++ {
		ways, _ := new(big.Float).SetInt(new(big.Int).Binomial(n, int64(c))).Float64()
		share, _ := passAtK(n, c, k)
		expected += ways * math.Pow(p, float64(c)) * math.Pow(1-p, float64(n-c)) * share
	}
	if want := 1 - math.Pow(1-p, k); math.Abs(expected-want) > 1e-12 {
		t.Errorf("expected %v, want %v", expected, want)
	}
}

func TestMeanPassAtK(t *testing.T) {
	if got, ok := MeanPassAtK([]int{2, 4}, []int{1, 4}, 1); !ok || got != 0.75 {
		t.Errorf("%v, %v", got, ok)
	}
	if got, ok := MeanPassAtK([]int{2, 4}, []int{1, 4}, 3); ok {
		t.Errorf("one task has too few samples: %v", got)
	}
	if got, ok := MeanPassAtK(nil, nil, 1); ok {
		t.Errorf("no task: %v", got)
	}
}
