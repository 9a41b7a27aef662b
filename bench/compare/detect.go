package compare

import (
	"fmt"
	"math"

	"tandem/bench/stats"
)

// power is the chance with which a detectable change is found.
const power = 0.8

// A Detectable says what a gate would see at the noise at hand.
type Detectable struct {
	Gate   string   `json:"gate"`
	Metric string   `json:"metric"`
	Limits Limits   `json:"limits"`
	Noise  Noise    `json:"noise"`
	Exact  bool     `json:"exact,omitempty"`  // any change
	Effect []Effect `json:"effect,omitempty"` // by the number of runs
	Tasks  []Effect `json:"tasks,omitempty"`  // of pass rates, by the number of tasks
}

// An Effect is the smallest true change that N runs of each side, or N tasks, reveal four times in five.
type Effect struct {
	N      int     `json:"n"`
	Change float64 `json:"change"`
}

// discordant is the share of tasks whose answers two builds of like quality differ in, for the estimate of what a gate on pass rates
// detects.
const discordant = 0.05

// Detectable says which change a gate detects.
func (g Gate) Detectable(noises Noises) Detectable {
	d := Detectable{Gate: g.Name, Metric: g.Metric, Limits: g.limits()}
	f := find(g.Metric)
	d.Noise = noises.of(f)
	switch {
	case f.count != nil || g.Direction == "exact":
		d.Exact = true
	case f.single != nil && d.Noise.Freedom == 0: // it does not vary by chance
		d.Effect = []Effect{{1, d.Limits.Minimum}}
	case f.rate:
		for _, n := range []int{40, 164, 500, 1000} {
			effect, _ := stats.MinimumDetectable(math.Sqrt(discordant), n, d.Limits.Alpha, power)
			d.Tasks = append(d.Tasks, Effect{n, max(effect, d.Limits.Minimum)})
		}
	case d.Noise.Freedom > 0:
		for _, n := range []int{1, 2, 5, 10, 20} {
			effect := stats.DetectableLog(d.Noise.Deviation*math.Sqrt(2/float64(n)), d.Noise.Freedom+float64(2*(n-1)), d.Limits.Alpha, power)
			d.Effect = append(d.Effect, Effect{n, max(math.Expm1(effect), d.Limits.Minimum)})
		}
	}
	return d
}

// find is the figure of a name.
func find(name string) figure {
	for _, f := range figures {
		if f.Name == name {
			return f
		}
	}
	return figure{}
}

// LearnFrom are the prior noises with those replaced that the runs tell of. They are runs of one build on one machine, at least
// three; of each variation the noisiest decoder counts.
func LearnFrom(runs []*Run) (Noises, error) {
	if len(runs) < 3 {
		return nil, fmt.Errorf("%d runs say nothing of the noise between runs: give at least 3 of one build", len(runs))
	}
	var found []Levels
	for _, g := range runs[0].Groups {
		for _, f := range figures {
			found = append(found, Levels{f.Name, [][]float64{f.values(runs, g.Name)}})
		}
	}
	out, _ := Learn(found)
	return out, nil
}

// values are a figure's, one a run; nil where a run lacks it.
func (f figure) values(runs []*Run, decoder string) (out []float64) {
	for _, r := range runs {
		p := pair{base: Side{Runs: []*Run{r}}, head: Side{Runs: []*Run{r}}, decoder: decoder}
		if !p.both() {
			return nil
		}
		row, ok := f.row(p, Noise{})
		if !ok || row.Base <= 0 {
			return nil
		}
		out = append(out, row.Base)
	}
	return out
}
