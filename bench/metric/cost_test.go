package metric

import (
	"math"
	"testing"
)

// TestDollars: figures by hand. At 3.60 dollars an hour a second costs 0.001.
func TestDollars(t *testing.T) {
	for _, c := range []struct {
		name string
		of   func() (float64, bool)
		want float64
		ok   bool
	}{
		{"100 tok/s", func() (float64, bool) { return DollarsPerMillionTokens(100, 3.6) }, 10, true},
		{"no speed", func() (float64, bool) { return DollarsPerMillionTokens(0, 3.6) }, 0, false},
		{"no price", func() (float64, bool) { return DollarsPerMillionTokens(100, 0) }, 0, false},
		{"2 s, half solved", func() (float64, bool) { return DollarsPerSolved(2, 0.5, 3.6) }, 0.004, true},
		{"none solved", func() (float64, bool) { return DollarsPerSolved(2, 0, 3.6) }, 0, false},
		{"no price of a task", func() (float64, bool) { return DollarsPerSolved(2, 1, 0) }, 0, false},
	} {
		if v, ok := c.of(); ok != c.ok || math.Abs(v-c.want) > 1e-12 {
			t.Errorf("%s: %g, %v; want %g, %v", c.name, v, ok, c.want, c.ok)
		}
	}
}

// TestSecondsOfMachine: one of a batch costs its share of the batch's time.
func TestSecondsOfMachine(t *testing.T) {
	times := []TaskTime{{Task: "a", Cost: 0.5, Seconds: 2, Tokens: 10}, {Task: "b", Cost: 1.5, Seconds: 6, Tokens: 30}}
	if v, ok := SecondsOfMachine.Of(times); !ok || v != 1 {
		t.Errorf("%g, %v", v, ok)
	}
}
