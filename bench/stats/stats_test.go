package stats

import (
	"math"
	"strings"
	"testing"
)

// near fails unless got is want to within a relative or absolute 1e-4.
func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-4*max(1, math.Abs(want)) {
		t.Errorf("%s is %.6g, want %.6g", what, got, want)
	}
}

func TestWilson(t *testing.T) {
	for _, c := range []struct {
		passed    float64
		n         int
		low, high float64
	}{
		{7, 10, 0.39677, 0.89221}, // Wilson (1927), evaluated by hand
		{0, 10, 0, 0.27753},
		{10, 10, 0.72247, 1},
		{134, 164, 0.75088, 0.86875},
	} {
		got, ok := Wilson(c.passed, c.n, 0.95)
		if !ok || len(got.Warnings) > 0 {
			t.Errorf("Wilson(%g, %d): ok %v, warnings %q", c.passed, c.n, ok, got.Warnings)
		}
		near(t, "rate", got.Value, c.passed/float64(c.n))
		near(t, "low", got.Low, c.low)
		near(t, "high", got.High, c.high)
	}
	if _, ok := Wilson(0, 0, 0.95); ok {
		t.Error("no tasks have a pass rate")
	}
	if small, _ := Wilson(2, 3, 0.95); len(small.Warnings) != 1 || !strings.HasPrefix(small.Warnings[0], "need >= 10 tasks") {
		t.Errorf("3 tasks warn %q", small.Warnings)
	}
}

func TestMcNemar(t *testing.T) {
	for _, c := range []struct {
		base, head int
		p          float64
	}{
		{0, 0, 1}, {1, 0, 1}, {5, 5, 1}, {0, 6, 0.03125}, {1, 6, 0.125}, {6, 1, 0.125}, {8, 2, 0.109375},
		{20, 40, 0.013489},
	} {
		near(t, "p", McNemar(c.base, c.head), c.p)
	}
}

func TestPairedRatios(t *testing.T) {
	pairs := []Pair{{1, 2}, {1, 8}, {2, 8}, {10, 40}, {3, 12}, {1, 4}, {1, 4}, {5, 20}, {1, 4}, {7, 28}, {0, 3}}
	got, ok := GeoMeanRatio(pairs, 0.95)
	if !ok {
		t.Fatal("no ratio")
	}
	near(t, "ratio", got.Value, 4)
	if !(got.Low < 4 && got.Low > 2 && got.High > 4 && got.High < 8) {
		t.Errorf("interval %v does not lie around 4 and within the ratios", got)
	}
	if len(got.Warnings) != 1 || got.Warnings[0] != "1 of 11 tasks have no ratio and are left out" {
		t.Errorf("warnings %q", got.Warnings)
	}
	swapped := make([]Pair, len(pairs))
	for i, p := range pairs {
		swapped[i] = Pair{p.Head, p.Base}
	}
	inverse, _ := GeoMeanRatio(swapped, 0.95)
	near(t, "inverse", inverse.Low*got.High, 1)
	if _, ok := GeoMeanRatio([]Pair{{0, 1}}, 0.95); ok {
		t.Error("a ratio without a positive pair")
	}
}

func TestPooledRatio(t *testing.T) {
	var parts []Fraction
	for i := range 40 {
		parts = append(parts, Fraction{float64(100 + i%4), 2})
	}
	got, ok := PooledRatio(parts, 0.95)
	if !ok || got.Low >= got.Value || got.High <= got.Value {
		t.Fatalf("interval %v, ok %v", got, ok)
	}
	near(t, "ratio", got.Value, 50.75)
	// The interval of a mean of 40 is near the normal one: 1.96 * sd / sqrt(n), sd = sqrt(1.25)/2.
	if half, want := (got.High-got.Low)/2, 1.96*math.Sqrt(1.25)/2/math.Sqrt(40); math.Abs(half-want) > 0.1*want {
		t.Errorf("half width %.4f, want about %.4f", half, want)
	}
	if _, ok := PooledRatio([]Fraction{{1, 0}}, 0.95); ok {
		t.Error("a ratio over no time")
	}
}

func TestPairedDifference(t *testing.T) {
	same := make([]Pair, 164)
	got, _ := PairedDifference(same, 0.95)
	near(t, "low", got.Low, -0.022242)
	near(t, "high", got.High, 0.022242)
	if !NonInferior(got, 0.05) || NonInferior(got, 0.02) {
		t.Error("164 equal tasks show equality within 5 points and not within 2")
	}
	few, _ := PairedDifference(same[:12], 0.95)
	if NonInferior(few, 0.05) {
		t.Error("12 equal tasks show equality within 5 points")
	}
	for i := range 40 {
		same[i].Base = 1
	}
	worse, _ := PairedDifference(same, 0.95)
	near(t, "difference", worse.Value, -40.0/164)
	if worse.High >= 0 || NonInferior(worse, 0.05) {
		t.Errorf("losing 40 of 164 tasks passes as equal: %v", worse)
	}
}

func TestMinimumDetectable(t *testing.T) {
	effect, ok := MinimumDetectable(math.Sqrt(0.1), 164, 0.05, 0.8)
	if !ok {
		t.Fatal("no effect")
	}
	near(t, "effect", effect, 0.069180)
	if _, ok := MinimumDetectable(1, 0, 0.05, 0.8); ok {
		t.Error("an effect without data")
	}
}

func TestQuantile(t *testing.T) {
	values := []float64{4, 1, 3, 2}
	for _, c := range []struct{ q, want float64 }{{0, 1}, {0.25, 1.75}, {0.5, 2.5}, {0.9, 3.7}, {1, 4}} {
		got, ok := Quantile(values, c.q)
		if !ok || math.Abs(got-c.want) > 1e-12 {
			t.Errorf("quantile %g is %g, want %g", c.q, got, c.want)
		}
	}
	for _, q := range []float64{-0.1, 1.1, math.NaN()} {
		if _, ok := Quantile(values, q); ok {
			t.Errorf("quantile %g exists", q)
		}
	}
	if _, ok := Quantile(nil, 0.5); ok {
		t.Error("no values have a median")
	}
}
