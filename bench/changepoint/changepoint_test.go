package changepoint

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strconv"
	"testing"
)

// TestExact: any other value is a change, levels are the values themselves, and a least change is heeded.
func TestExact(t *testing.T) {
	values := []float64{43.7, 43.7, 43.7, 43.8, 43.8, 60, 43.8}
	got := Find(values, Exact, Options{})
	var indexes []int
	for _, c := range got {
		indexes = append(indexes, c.Index)
	}
	if !slices.Equal(indexes, []int{3, 5, 6}) || got[0].Before.Value != 43.7 || got[0].After.High != 43.8 || got[0].P != 0 {
		t.Errorf("%+v", got)
	}
	if got := Find(values, Exact, Options{Magnitude: 0.01}); len(got) != 2 || got[0].Index != 5 || got[1].Index != 6 {
		t.Errorf("of at least 1%%: %+v", got)
	}
	for _, test := range []Test{Exact, Permutation, Hunter} {
		for _, values := range [][]float64{nil, {1}, {1, 1}, {0, 0, 0, 0}} {
			if got := Find(values, test, Defaults); len(got) > 0 {
				t.Errorf("%s of %v: %+v", test, values, got)
			}
		}
	}
}

// TestLevels: the levels are those between the changes, and the interval of the step's size holds it.
func TestLevels(t *testing.T) {
	values := series(rand.New(rand.NewPCG(3, 1)), 60, 20, 0.9, 0.03)
	got := Find(values, Permutation, Defaults)
	if len(got) != 1 || got[0].Index != 60 {
		t.Fatalf("%+v", got)
	}
	c := got[0]
	if !(c.Before.Low < 100 && 100 < c.Before.High && c.After.Low < 90 && 90 < c.After.High) || c.P > Defaults.Significance {
		t.Errorf("%+v", c)
	}
	if share, ok := c.Relative(); !ok || math.Abs(share+0.1) > 0.02 {
		t.Errorf("a change of %g", share)
	}
	if again := Find(values, Permutation, Defaults); !reflect.DeepEqual(again, got) {
		t.Errorf("again: %+v", again)
	}
	if least := Find(values, Permutation, Options{Significance: 0.01, Permutations: 999, Seed: 1, Magnitude: 0.2}); len(least) > 0 {
		t.Errorf("of at least 20%%: %+v", least)
	}
	if _, ok := (Change{}).Relative(); ok {
		t.Error("a level of 0 has shares")
	}
}

// series is one of normal noise about 100, and about 100*factor from run before on.
func series(source *rand.Rand, before, after int, factor, cv float64) (values []float64) {
	for i := range before + after {
		level := 100.0
		if i >= before {
			level *= factor
		}
		values = append(values, level*(1+cv*source.NormFloat64()))
	}
	return values
}

// simulations is how many series a rate is measured on: few in a test, more with TANDEM_SIMULATIONS=N, whose rates stand in
// docs/METHODOLOGY.md.
func simulations(few int) int {
	if n, err := strconv.Atoi(os.Getenv("TANDEM_SIMULATIONS")); err == nil {
		return n
	}
	return few
}

// seeded are the defaults but for the seed, and without a least change.
func seeded(i int) Options {
	o := Defaults
	o.Seed, o.Magnitude = uint64(i), 0
	return o
}

// above is an upper bound of a count that is exceeded once in some ten thousand tests.
func above(n int, rate float64) int {
	mean := float64(n) * rate
	return int(math.Ceil(mean + 4*math.Sqrt(mean) + 3))
}

// TestFalseAlarms: noise has a change in no more series than the significance says, for whatever noise, by the permutation test.
func TestFalseAlarms(t *testing.T) {
	noises := []struct {
		name string
		draw func(r *rand.Rand) float64
	}{
		{"normal", func(r *rand.Rand) float64 { return 0.03 * r.NormFloat64() }},
		{"log-normal", func(r *rand.Rand) float64 { return math.Exp(0.2*r.NormFloat64()) - 1 }},
		{"outliers", func(r *rand.Rand) float64 {
			if r.IntN(10) == 0 {
				return -0.4 * r.Float64()
			}
			return 0.02 * r.NormFloat64()
		}},
	}
	for _, noise := range noises {
		for _, runs := range []int{20, 60} {
			source, n := rand.New(rand.NewPCG(11, uint64(runs))), simulations(300)
			alarms, common, hunters := 0, 0, 0
			for i := range n {
				values := make([]float64, runs)
				for k := range values {
					values[k] = 100 * (1 + noise.draw(source))
				}
				has := func(test Test, o Options) int { return min(1, len(Find(values, test, o))) }
				alarms += has(Permutation, seeded(i))
				common += has(Permutation, Options{Significance: 0.05, Permutations: 199, Seed: uint64(i)})
				hunters += has(Hunter, Options{Significance: 0.001})
			}
			rate := func(count int) string { return fmt.Sprintf("%.2f%%", 100*float64(count)/float64(n)) }
			t.Logf("%s, %d runs, of %d series: permutation %s at 0.01, %s at 0.05; hunter %s at 0.001", noise.name, runs, n, rate(alarms), rate(common), rate(hunters))
			if alarms > above(n, 0.01) || common > above(n, 0.05) {
				t.Errorf("%s, %d runs: %d alarms at 0.01 and %d at 0.05 of %d", noise.name, runs, alarms, common, n)
			}
		}
	}
}

// TestPower: of series with a true slowdown, most have a change at it once there are runs enough behind it.
func TestPower(t *testing.T) {
	for _, c := range []struct {
		factor float64
		after  int
		least  float64 // share that must be found
	}{{0.95, 3, 0}, {0.95, 5, 0.1}, {0.95, 10, 0.6}, {0.9, 3, 0.5}, {0.9, 5, 0.9}, {0.9, 10, 0.95}} {
		source, n := rand.New(rand.NewPCG(5, uint64(c.after))), simulations(40)
		found, exact, near, hunters := 0, 0, 0, 0
		for i := range n {
			values := series(source, 30, c.after, c.factor, 0.03)
			got := Find(values, Permutation, seeded(i))
			if len(got) > 0 && got[len(got)-1].After.Value < got[len(got)-1].Before.Value {
				found++
				off := got[len(got)-1].Index - 30
				if off == 0 {
					exact++
				}
				if max(off, -off) <= 1 {
					near++
				}
			}
			hunters += min(1, len(Find(values, Hunter, Options{Significance: 0.001})))
		}
		share := func(count, of int) float64 { return float64(count) / float64(max(1, of)) }
		t.Logf("%.0f%% slower, %d runs after it, of %d series: found %.0f%%, at the very run %.0f%% of these, within one %.0f%%; hunter %.0f%%", 100-100*c.factor, c.after, n,
			100*share(found, n), 100*share(exact, found), 100*share(near, found), 100*share(hunters, n))
		if share(found, n) < c.least {
			t.Errorf("%.0f%% slower, %d runs after it: found in %d of %d", 100-100*c.factor, c.after, found, n)
		}
	}
}
