package compare

import (
	"maps"
	"math"

	"tandem/bench/stats"
)

// A Noise is how far runs of the same build lie apart: the standard deviation of a figure's logarithm, and the degrees of freedom
// of that deviation.
type Noise struct {
	Deviation float64 `json:"deviation"`
	Freedom   float64 `json:"freedom"`
}

// Noises are what is known of the noise between runs before the runs at hand, by how a figure varies (figure.Varies).
type Noises map[Variation]Noise

// A Variation says how a figure varies from one run to another of the same build.
type Variation string

// The variations.
const (
	ByTasks   Variation = "tasks"    // with the tasks alone
	ByMoment  Variation = "absolute" // with the machine's state, too: a speed
	WithinRun Variation = "ratio"    // a ratio within a run, which the machine's state hardly touches
	ByCeiling Variation = "share"    // a speed over ceilings that were measured in the same run, but not at the same moment
)

// Prior are the noises where nothing better is known: ten identical runs of 60 tasks x 6 repeats on a quiet virtual machine of 2
// cores (docs/LOG.md, 2026-11-24).
var Prior = Noises{
	ByMoment:  {Deviation: 0.20, Freedom: 9},
	WithinRun: {Deviation: 0.029, Freedom: 9},
	ByCeiling: {Deviation: 0.08, Freedom: 9},
}

func (n Noises) of(f figure) Noise { return n[f.Varies] }

// learn adds to what is known the spread of runs of each side: their logarithms' squared distances from their side's mean.
func (n Noise) learn(sides ...[]float64) Noise {
	if n.Freedom == 0 {
		return n
	}
	squares, freedom := n.Freedom*n.Deviation*n.Deviation, n.Freedom
	for _, logs := range sides {
		if deviation, ok := stats.Deviation(logs); ok {
			squares, freedom = squares+float64(len(logs)-1)*deviation*deviation, freedom+float64(len(logs)-1)
		}
	}
	return Noise{math.Sqrt(squares / freedom), freedom}
}

// Levels are the values that earlier runs on one machine have of one figure of a decoder, by the level that they belong to: runs of one
// build, or those between two changes of a history. Values are above 0.
type Levels struct {
	Metric string
	Values [][]float64
}

// leastFreedom is how many degrees of freedom a noise needs to be learnt: those of three runs.
const leastFreedom = 2

// noise is how far values lie from their level: the deviation of their logarithms.
func (l Levels) noise() (Noise, bool) {
	squares, freedom := 0.0, 0.0
	for _, values := range l.Values {
		logs := make([]float64, len(values))
		for i, v := range values {
			logs[i] = math.Log(v)
		}
		if deviation, ok := stats.Deviation(logs); ok {
			squares, freedom = squares+deviation*deviation*float64(len(logs)-1), freedom+float64(len(logs)-1)
		}
	}
	return Noise{math.Sqrt(squares / freedom), freedom}, freedom >= leastFreedom
}

// Learn are the prior noises with those replaced that earlier runs tell of; of each variation the noisiest figure counts. learned is
// false where they tell of none.
func Learn(found []Levels) (out Noises, learned bool) {
	out = maps.Clone(Prior)
	noisiest := Noises{}
	for _, l := range found {
		v := find(l.Metric).Varies
		if noise, ok := l.noise(); ok && Prior[v].Freedom > 0 && noise.Deviation > noisiest[v].Deviation {
			noisiest[v] = noise
		}
	}
	maps.Copy(out, noisiest)
	return out, len(noisiest) > 0
}
