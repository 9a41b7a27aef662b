package stats

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"testing"
)

// The tests of this file ask the one thing that makes an interval worth printing: does it hold the truth as often as
// it says? They draw tasks of a known truth again and again, seeded, and count; -v prints the table.

// Bounds of the coverage at 95%: below it an interval claims too much, above it is needlessly wide.
const leastCoverage, mostCoverage = 0.93, 0.98

// simulations are how many there are of so many tasks.
var simulations = []struct{ tasks, times int }{{12, 4000}, {20, 3000}, {40, 2000}, {164, 800}}

// A quantity is a function's interval over tasks drawn from one distribution.
type quantity struct {
	name     string
	estimate func(r *rand.Rand, tasks int) Interval
}

// coverage is how often, over so many simulations of so many tasks, the interval holds the truth, lies wholly above it
// and wholly below.
func (q quantity) coverage(r *rand.Rand, truth float64, tasks, times int) (holds, above, below float64) {
	for range times {
		switch got := q.estimate(r, tasks); {
		case got.Low > truth:
			above += 1 / float64(times)
		case got.High < truth:
			below += 1 / float64(times)
		}
	}
	return 1 - above - below, above, below
}

// checkCoverage fails where a coverage is out of bounds, below by more than twice its own standard error. The truth is the
// estimate over so many tasks that its error does not matter.
func checkCoverage(t *testing.T, least float64, q quantity) {
	t.Helper()
	seed := fnv.New64a()
	seed.Write([]byte(q.name))
	r := rand.New(rand.NewPCG(seed.Sum64(), 0))
	truth := q.estimate(r, 1<<17).Value
	for _, s := range simulations {
		holds, above, below := q.coverage(r, truth, s.tasks, s.times)
		t.Logf("%-62s %3d tasks: %.3f (above %.3f, below %.3f)", q.name, s.tasks, holds, above, below)
		if holds < least-2*math.Sqrt(least*(1-least)/float64(s.times)) || holds > mostCoverage {
			t.Errorf("%s, %d tasks: out of bounds", q.name, s.tasks)
		}
	}
}

// TestCoverageOfSpeeds: speeds, times and speed-ups over tasks whose lengths spread by a factor of e^sigma.
func TestCoverageOfSpeeds(t *testing.T) {
	for _, sigma := range []float64{0.3, 0.6, 1} {
		for _, correlation := range []float64{0.5, 0.8, 0.95} {
			checkCoverage(t, leastCoverage, quantity{
				fmt.Sprintf("PooledRatio log-normal seconds, sigma %.1f, correlation %.2f", sigma, correlation),
				func(r *rand.Rand, tasks int) Interval {
					return pooledOf(tasks, func() Fraction {
						base, head := seconds(r, sigma, correlation)
						return Fraction{base, head}
					})
				}})
		}
		for _, noise := range []float64{0.1, 0.3} {
			checkCoverage(t, leastCoverage, quantity{
				fmt.Sprintf("PooledRatio tokens, sigma %.1f, over seconds with noise %.1f", sigma, noise),
				func(r *rand.Rand, tasks int) Interval {
					return pooledOf(tasks, func() Fraction { return answer(r, sigma, noise) })
				}})
		}
		checkCoverage(t, leastCoverage, quantity{
			fmt.Sprintf("Mean seconds of tokens, sigma %.1f", sigma),
			func(r *rand.Rand, tasks int) Interval {
				return meanOf(tasks, func() float64 { return answer(r, sigma, 0.1).Den })
			}})
	}
	for _, sigma := range []float64{0.3, 0.6} {
		checkCoverage(t, leastCoverage, meanLogNormal(sigma))
	}
}

// TestCoverageLimit pins what does not hold its level: the mean of log-normal times with a sigma of 1 and no limit of
// length. No method tried holds it without assuming the distribution (docs/LOG.md).
func TestCoverageLimit(t *testing.T) {
	checkCoverage(t, 0.90, meanLogNormal(1))
}

// meanLogNormal is the mean of log-normal times.
func meanLogNormal(sigma float64) quantity {
	return quantity{fmt.Sprintf("Mean log-normal seconds, sigma %.1f", sigma), func(r *rand.Rand, tasks int) Interval {
		return meanOf(tasks, func() float64 { return math.Exp(sigma * r.NormFloat64()) })
	}}
}

// seconds are one task's times under two decoders, the head's 0.6 of the base's in the median.
func seconds(r *rand.Rand, sigma, correlation float64) (base, head float64) {
	x := r.NormFloat64()
	y := correlation*x + math.Sqrt(1-correlation*correlation)*r.NormFloat64()
	return math.Exp(sigma * x), 0.6 * math.Exp(sigma*y)
}

// answer is one task's tokens, 5 to 120, and its seconds, proportional to them and a prompt of two, with noise.
func answer(r *rand.Rand, sigma, noise float64) Fraction {
	tokens := min(120, max(5, math.Round(35*math.Exp(sigma*r.NormFloat64()))))
	return Fraction{tokens, 0.01 * (2 + tokens) * math.Exp(noise*r.NormFloat64())}
}

// pooledOf is the PooledRatio of so many tasks.
func pooledOf(tasks int, draw func() Fraction) Interval {
	got, _ := PooledRatio(drawn(tasks, draw), Confidence)
	return got
}

// meanOf is the Mean of so many tasks.
func meanOf(tasks int, draw func() float64) Interval {
	got, _ := Mean(drawn(tasks, draw), Confidence)
	return got
}

// differenceOf is the PairedDifference of so many tasks.
func differenceOf(tasks int, draw func() Pair) Interval {
	got, _ := PairedDifference(drawn(tasks, draw), Confidence)
	return got
}

// drawn are so many tasks.
func drawn[T any](tasks int, draw func() T) []T {
	all := make([]T, tasks)
	for i := range all {
		all[i] = draw()
	}
	return all
}

// TestCoverageOfDifferences: one answer a task, right or wrong. The coverage is exact, a sum over all outcomes. With few
// discordant tasks an interval that is not wrong must hold the truth nearly always; with ten of them it is not too
// wide either. No end alone is wrong more often than 2.5%, since non-inferiority rests on the lower one.
func TestCoverageOfDifferences(t *testing.T) {
	for _, s := range simulations {
		tasks := s.tasks
		seen := map[[2]int]Interval{}
		for _, c := range []struct{ loss, gain float64 }{
			{0.005, 0.005}, {0.02, 0}, {0.01, 0.01}, {0.05, 0}, {0.05, 0.05}, {0.02, 0.08}, {0.1, 0}, {0.08, 0.02}, {0.3, 0.2},
		} {
			var above, below, total float64
			for lost := range tasks + 1 {
				for gained := range tasks + 1 - lost {
					p := binomial(tasks, lost, c.loss) * binomial(tasks-lost, gained, c.gain/(1-c.loss))
					if p < 1e-7 {
						continue
					}
					got, ok := seen[[2]int{lost, gained}]
					if !ok {
						got, _ = PairedDifference(discordant(tasks, lost, gained), Confidence)
						seen[[2]int{lost, gained}] = got
					}
					total += p
					switch truth := c.gain - c.loss; {
					case got.Low > truth:
						above += p
					case got.High < truth:
						below += p
					}
				}
			}
			holds := 1 - above - below
			t.Logf("PairedDifference loss %.3f, gain %.3f, %3d tasks: %.3f (above %.3f, below %.3f)",
				c.loss, c.gain, tasks, holds, above, below)
			if math.Abs(total-1) > 1e-3 {
				t.Fatalf("the outcomes add up to %v", total)
			}
			if holds < leastCoverage || max(above, below) > 0.025 || (c.loss+c.gain)*float64(tasks) >= 10 && holds > mostCoverage {
				t.Errorf("loss %g, gain %g, %d tasks: holds %.3f, above %.3f, below %.3f", c.loss, c.gain, tasks, holds, above, below)
			}
		}
	}
}

// binomial is the chance of k of n at rate p.
func binomial(n, k int, p float64) float64 {
	return math.Exp(logChoose(n, k)) * math.Pow(p, float64(k)) * math.Pow(1-p, float64(n-k))
}

// discordant are pairs of which the head alone fails so many and the base alone others.
func discordant(tasks, lost, gained int) []Pair {
	pairs := make([]Pair, tasks)
	for i := range lost {
		pairs[i].Base = 1
	}
	for i := range gained {
		pairs[lost+i].Head = 1
	}
	return pairs
}

// TestCoverageOfRepeats: five sampled answers a task, so a task's pass rates are fifths, and the head's chance of each
// lies a little below the base's. Tasks of middling difficulty and of little differ in most, or in half, of the tasks.
func TestCoverageOfRepeats(t *testing.T) {
	for name, power := range map[string]float64{"middling": 1, "easy": 0.1} {
		checkCoverage(t, leastCoverage, quantity{"PairedDifference of 5 repeats, " + name, func(r *rand.Rand, tasks int) Interval {
			return differenceOf(tasks, func() Pair {
				base := math.Pow(r.Float64(), power)
				head := min(1, max(0, base-0.05+0.1*r.NormFloat64()))
				return Pair{passed(r, base), passed(r, head)}
			})
		}})
	}
}

// passed is the share of five answers that pass, each with chance p.
func passed(r *rand.Rand, p float64) (share float64) {
	for range 5 {
		if r.Float64() < p {
			share += 0.2
		}
	}
	return min(1, share)
}
