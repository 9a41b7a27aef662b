package metric

import (
	"math"
	"testing"

	"tandem/record"
)

func TestEnergy(t *testing.T) {
	windows := []record.Energy{
		{Seconds: 10, Joules: 1000},
		{Decoder: "ar", Seconds: 10, Joules: 4000, Tokens: 400, Decodings: 10},
		{Decoder: "ar", Seconds: 20, Joules: 6000, Tokens: 600, Decodings: 10},
		{Decoder: "empty", Seconds: 10, Joules: 3000},
	}
	for _, c := range []struct {
		name   string
		figure func() (float64, bool)
		want   float64 // -1: does not apply
	}{
		{"idle", func() (float64, bool) { return idleWatts(windows) }, 100},
		{"gross", func() (float64, bool) { return JoulesPerToken(windows, "ar", false) }, 10},
		{"net", func() (float64, bool) { return JoulesPerToken(windows, "ar", true) }, 7},
		{"solved", func() (float64, bool) { return JoulesPerSolved(windows, "ar", 0.5) }, 1000},
		{"nothing solved", func() (float64, bool) { return JoulesPerSolved(windows, "ar", 0) }, -1},
		{"no tokens", func() (float64, bool) { return JoulesPerToken(windows, "empty", false) }, -1},
		{"not measured", func() (float64, bool) { return JoulesPerToken(windows, "other", false) }, -1},
		{"net without idle", func() (float64, bool) { return JoulesPerToken(windows[1:], "ar", true) }, -1},
	} {
		got, ok := c.figure()
		if ok != (c.want >= 0) || ok && math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%s: %g, %v; want %g", c.name, got, ok, c.want)
		}
	}
}
