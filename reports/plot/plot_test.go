package plot

import (
	"bytes"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"testing"
)

// save checks that a chart encodes at its size; with TANDEM_CHARTS=DIR it is kept there, to be looked at.
func save(t *testing.T, ch Chart) {
	t.Helper()
	dir := os.Getenv("TANDEM_CHARTS")
	if dir == "" {
		dir = t.TempDir()
	}
	if err := ch.Save(dir); err != nil {
		t.Fatal(err)
	}
	data, err := ch.png()
	if err != nil {
		t.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := picture.Bounds().Dx(), int(float64(ch.width)/72*dpi); got < want-1 || got > want+1 {
		t.Errorf("%s is %d pixels wide, want %d", ch.Name, got, want)
	}
}

func TestFrontier(t *testing.T) {
	save(t, Frontier([]Point{
		{"ar", 0, Interval{752, 731, 770}, Interval{0.854, 0.79, 0.90}},
		{"0.95", 1, Interval{880, 850, 915}, Interval{0.848, 0.785, 0.895}},
		{"0.9", 1, Interval{1050, 1010, 1090}, Interval{0.841, 0.78, 0.89}},
		{"0.7", 1, Interval{1400, 1350, 1460}, Interval{0.78, 0.71, 0.84}},
		{"0.5", 1, Interval{1810, 1730, 1890}, Interval{0.59, 0.51, 0.66}},
	}, []string{"ar", "diffusion, thresholds at the points"}))
}

func TestTicks(t *testing.T) {
	for _, c := range []struct{ low, high float64 }{{0, 1}, {3, 87}, {0.42, 0.97}, {1e-3, 5e-3}, {7, 7}} {
		ticks := linear(c.low, c.high, 6)
		if n := len(ticks); n < 2 || n > 13 || ticks[0].Value > c.low+1e-12 || ticks[n-1].Value < c.high-1e-12 {
			t.Errorf("linear(%v, %v) gives %v", c.low, c.high, ticks)
		}
	}
	for _, c := range []struct{ low, high float64 }{{0.5, 3}, {4, 900}, {1e-3, 1e4}, {2, 2}} {
		ticks := logarithmic(c.low, c.high)
		if n := len(ticks); n < 1 || ticks[0].Value > c.low || ticks[n-1].Value < c.high {
			t.Errorf("logarithmic(%v, %v) gives %v", c.low, c.high, ticks)
		}
	}
}

// bell is n values about mid, on a logarithmic scale.
func bell(seed uint64, n int, mid, spread float64) (out []float64) {
	source := rand.New(rand.NewPCG(seed, 1))
	for range n {
		out = append(out, mid*math.Exp(spread*source.NormFloat64()))
	}
	return out
}

func TestSeries(t *testing.T) {
	save(t, Ratios("ar", []Series{{"threshold=0.9", bell(1, 164, 1.4, 0.2)}, {"threshold=0.7", bell(2, 164, 1.9, 0.25)}},
		[]Interval{{1.4, 1.36, 1.44}, {1.9, 1.83, 1.98}}))
	save(t, Latency([]Series{{"ar", bell(3, 800, 0.05, 0.3)}, {"threshold=0.9", bell(4, 800, 0.036, 0.32)}, {"threshold=0.7", bell(5, 800, 0.026, 0.35)}}))
	counts := func(mean float64) []int {
		out := make([]int, 64)
		for _, v := range bell(uint64(mean*10), 2000, mean, 0.8) {
			out[min(int(v), len(out)-1)]++
		}
		return out
	}
	save(t, Histogram([]Counts{{"ar", []int{0, 500}}, {"threshold=0.9", counts(2.4)}, {"threshold=0.7", counts(4)}}))
}

// TestCrossover: the key stands in the order in which the curves begin, and each crossing says its batch.
func TestCrossover(t *testing.T) {
	curve := func(name string, one, growth float64) Curve {
		c := Curve{Name: name}
		for batch := 1.0; batch <= 64; batch *= 2 {
			speed := one * math.Pow(batch, growth)
			c.Measured, c.Roof = append(c.Measured, XY{batch, speed}), append(c.Roof, XY{batch, 1.4 * speed})
		}
		return c
	}
	curves := []Curve{curve("ar: a token a forward", 290, 0.95), curve("2 tokens per forward", 480, 0.5), curve("4 tokens per forward", 960, 0.5), curve("8 tokens per forward", 1920, 0.4)}
	curves[1].Meets, curves[1].Mark = &XY{3.06, 840}, "batch 3.1"
	curves[2].Meets, curves[2].Mark = &XY{14.3, 3620}, "batch 14"
	chart := Crossover(32, "a machine\ntokens are assumed", curves)
	save(t, chart)
	svg, err := chart.SVG()
	if err != nil {
		t.Fatal(err)
	}
	at := -1
	for _, want := range []string{"a machine<", "tokens are assumed<", "8 tokens", "4 tokens", "2 tokens", "ar: a token", ">batch 3.1<", ">batch 14<"} {
		next := bytes.Index(svg, []byte(want))
		if next <= at {
			t.Errorf("%q is missing, or stands before what should precede it", want)
		}
		at = next
	}
}
