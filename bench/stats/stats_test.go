package stats

import (
	"math"
	"slices"
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

// TestOracles pins intervals that other software computed: scipy 1.17.1, statsmodels 0.15.0 and astropy 8.0.2 by
//
//	import numpy as np
//	from astropy.stats import jackknife_stats
//	from scipy import stats
//	from statsmodels.stats.proportion import proportion_confint
//
//	def pooled(num, den):
//	    log = lambda i: np.log(num[i.astype(int)].sum() / den[i.astype(int)].sum())
//	    error = jackknife_stats(np.arange(len(num)), log, 0.95)[2]
//	    share = (num / num.sum() + den / den.sum()) / 2
//	    return num.sum() / den.sum() * np.exp(stats.t.interval(0.95, 1 / (share**2).sum() - 1, scale=error))
//	pooled(tokens, seconds), pooled(seconds, np.ones(12))
//
//	def bounds(x):
//	    size = len(x) * max(1, x.mean() * (1 - x.mean()) / x.var())
//	    return proportion_confint(x.mean() * size, size, method="beta")
//	def difference(d):
//	    gain, loss = np.maximum(d, 0), np.maximum(-d, 0)
//	    g, l, r, (gl, gu), (ll, lu) = gain.mean(), loss.mean(), np.corrcoef(gain, loss)[0, 1], bounds(gain), bounds(loss)
//	    return (g - l - np.sqrt((g - gl)**2 + (lu - l)**2 - 2 * r * (g - gl) * (lu - l)),
//	            g - l + np.sqrt((gu - g)**2 + (l - ll)**2 - 2 * r * (gu - g) * (l - ll)))
func TestOracles(t *testing.T) {
	tokens := []float64{5, 12, 18, 23, 31, 36, 40, 52, 64, 75, 98, 120}
	seconds := []float64{0.09, 0.14, 0.25, 0.28, 0.33, 0.45, 0.41, 0.61, 0.66, 0.92, 1.01, 1.39}
	parts := make([]Fraction, 12)
	for i := range parts {
		parts[i] = Fraction{tokens[i], seconds[i]}
	}
	check := func(name string, low, high float64) func(Interval, bool) {
		return func(got Interval, ok bool) {
			t.Helper()
			if !ok || math.Abs(got.Low-low) > 1e-9*math.Abs(low) || math.Abs(got.High-high) > 1e-9*math.Abs(high) {
				t.Errorf("%s: ok %v, [%.12g, %.12g], want [%.12g, %.12g]", name, ok, got.Low, got.High, low, high)
			}
		}
	}
	check("pooled", 82.08117405673941, 93.84793659323066)(PooledRatio(parts, 0.95))
	check("mean", 0.3376233386968905, 0.8797525702648816)(Mean(seconds, 0.95))
	check("2 gained, 1 lost of 20", -0.17325244384545135, 0.2759953860166228)(PairedDifference(discordant(20, 1, 2), 0.95))
	check("3 gained, 13 lost of 164", -0.11596897074203796, -0.010027556533955595)(PairedDifference(discordant(164, 13, 3), 0.95))
	fifths := make([]Pair, 40)
	for i, d := range []float64{0.2, 0.4, 0.2, -0.2, -0.6} {
		fifths[i] = Pair{Base: max(0, -d), Head: max(0, d)}
	}
	check("fifths", -0.0618217457485157, 0.044200054291667776)(PairedDifference(fifths, 0.95))
}

func TestPooledRatioInverts(t *testing.T) {
	parts := []Fraction{{3, 1}, {1, 2}, {40, 11}, {7, 7}, {9, 2}}
	swapped := make([]Fraction, len(parts))
	for i, p := range parts {
		swapped[i] = Fraction{p.Den, p.Num}
	}
	got, _ := PooledRatio(parts, 0.95)
	inverse, _ := PooledRatio(swapped, 0.95)
	near(t, "low times the inverse's high", got.Low*inverse.High, 1)
	near(t, "high times the inverse's low", got.High*inverse.Low, 1)
}

// TestNoInterval: what one task alone makes up has a value and no bounds, and says so; what no task has is nothing.
func TestNoInterval(t *testing.T) {
	const warning = "no interval: need >= 2 tasks that contribute"
	for name, parts := range map[string][]Fraction{
		"one task": {{6, 2}}, "one task with tokens": {{6, 1}, {0, 1}}, "no tokens": {{0, 1}, {0, 1}},
	} {
		got, ok := PooledRatio(parts, 0.95)
		if !ok || got.Low != got.Value || got.High != got.Value || !slices.Contains(got.Warnings, warning) {
			t.Errorf("%s: %+v, ok %v", name, got, ok)
		}
	}
	if equal, _ := Mean([]float64{3, 3, 3}, 0.95); equal.Low != 3 || equal.High != 3 || len(equal.Warnings) != 1 {
		t.Errorf("equal values: %+v", equal)
	}
	if _, ok := Mean(nil, 0.95); ok {
		t.Error("nothing has a mean")
	}
	for _, pairs := range [][]Pair{nil, {{0, 1.5}}, {{-0.1, 0}}, {{math.NaN(), 0}}} {
		if _, ok := PairedDifference(pairs, 0.95); ok {
			t.Errorf("%v have a difference of pass rates", pairs)
		}
	}
}

// TestOneMoreLoss: each further task that the head alone fails lowers both bounds, from none on.
func TestOneMoreLoss(t *testing.T) {
	before, _ := PairedDifference(discordant(164, 0, 0), 0.95)
	for lost := 1; lost <= 164; lost++ {
		got, _ := PairedDifference(discordant(164, lost, 0), 0.95)
		if !(got.Low < before.Low || got.Low == -1) || !(got.High < before.High) {
			t.Fatalf("%d lost: [%.4f, %.4f], one fewer [%.4f, %.4f]", lost, got.Low, got.High, before.Low, before.High)
		}
		before = got
	}
}

// TestRequiredTasks: the numbers are those that trying 1, 2, 3 ... in Python finds with the bounds of TestOracles.
func TestRequiredTasks(t *testing.T) {
	for _, c := range []struct {
		name   string
		pairs  []Pair
		margin float64
		want   int
	}{
		{"20 equal", discordant(20, 0, 0), 0.05, 72},
		{"164 equal", discordant(164, 0, 0), 0.05, 72},
		{"a point", discordant(20, 0, 0), 0.01, 368},
		{"one of 50 lost", discordant(50, 1, 0), 0.05, 204},
		{"two lost and two gained of 100", discordant(100, 2, 2), 0.05, 111},
		{"fifths", []Pair{{1, 0.8}, {0.6, 0.8}, {1, 1}, {1, 1}, {1, 1}}, 0.05, 32},
	} {
		n, ok := RequiredTasks(c.pairs, c.margin, 0.95)
		if !ok || n != c.want {
			t.Errorf("%s: %d tasks, ok %v, want %d", c.name, n, ok, c.want)
		}
		// As many whole copies of the tasks as there are below n, and one more.
		size := len(c.pairs)
		few, _ := PairedDifference(slices.Repeat(c.pairs, (n-1)/size), 0.95)
		enough, _ := PairedDifference(slices.Repeat(c.pairs, (n-1)/size+1), 0.95)
		if (n > size && NonInferior(few, c.margin)) || !NonInferior(enough, c.margin) {
			t.Errorf("%s: %d tasks are required, but the bounds are %.4f below and %.4f above", c.name, n, few.Low, enough.Low)
		}
	}
	for n := 71; n <= 72; n++ { // equal tasks can be had in any number
		if got, _ := PairedDifference(discordant(n, 0, 0), 0.95); NonInferior(got, 0.05) != (n == 72) {
			t.Errorf("%d equal tasks: %v", n, got)
		}
	}
	for name, pairs := range map[string][]Pair{"none": nil, "5 of 100 lost": discordant(100, 5, 0), "no rates": {{0, 2}}} {
		if n, ok := RequiredTasks(pairs, 0.05, 0.95); ok {
			t.Errorf("%s: %d tasks", name, n)
		}
	}
}

func TestRepeats(t *testing.T) {
	got, ok := Repeats([]float64{7.1, 7.3, 6.8, 7.7, 7.2}) // scipy.stats.variation(values, ddof=1)
	if !ok || got.Low != 6.8 || got.High != 7.7 || math.Abs(got.CV-0.045305892614393724) > 1e-12 {
		t.Errorf("%+v, ok %v", got, ok)
	}
	for _, values := range [][]float64{nil, {3}, {0, 0}, {math.NaN(), 1}, {1, math.Inf(1)}} {
		if got, ok := Repeats(values); ok {
			t.Errorf("%v: %+v", values, got)
		}
	}
}

// TestRatioOfRatios: with equal denominators it is the PooledRatio of the numerators, interval and all but for the weights, and
// exchanging base and head inverts it.
func TestRatioOfRatios(t *testing.T) {
	var base, head []Fraction
	for i := range 20 {
		base = append(base, Fraction{Num: 30 + float64(i%5), Den: 2 + 0.1*float64(i%3)})
		head = append(head, Fraction{Num: 45 + float64(i%7), Den: 1 + 0.1*float64(i%4)})
	}
	got, ok := RatioOfRatios(base, head, 0.95)
	b, _ := PooledRatio(base, 0.95)
	h, _ := PooledRatio(head, 0.95)
	if !ok || got.Low >= got.Value || got.High <= got.Value {
		t.Fatalf("%+v, %v", got, ok)
	}
	near(t, "value", got.Value, h.Value/b.Value)
	inverse, _ := RatioOfRatios(head, base, 0.95)
	near(t, "inverse", inverse.Low*got.High, 1)
	same, _ := RatioOfRatios(base, base, 0.95)
	near(t, "of itself", same.High-same.Low, 0)
	if _, ok := RatioOfRatios(base, head[:3], 0.95); ok {
		t.Error("decoders of different tasks have a ratio")
	}
}
