package trend

import (
	"fmt"
	"math"

	"tandem/bench/compare"
	"tandem/bench/history"
)

// Noises are how far runs of one build lie apart, learnt from the history in a file: of the runs that a filter chooses and that are of
// the newest one's machine, the distance of each from its level, between the changes that Of finds. A history that tells of none is an
// error.
func Noises(db string, f history.Filter) (compare.Noises, error) {
	runs, err := history.Read(db)
	if err != nil {
		return nil, err
	}
	chosen := f.Runs(runs)
	if len(chosen) == 0 {
		return nil, &history.Empty{What: fmt.Sprintf("the %d runs of %s", len(runs), db)}
	}
	f.Machine = chosen[len(chosen)-1].Machine.Hash()
	trends, err := seek(chosen, defaultsOf(f))
	if err != nil {
		return nil, err
	}
	var found []compare.Levels
	for _, t := range trends {
		found = append(found, t.byLevel())
	}
	noises, ok := compare.Learn(found)
	if !ok {
		return nil, fmt.Errorf("%s holds too few runs of one machine, suite and model to tell the noise between runs: add at least 3", db)
	}
	return noises, nil
}

// byLevel are the values of a series, by level.
func (t Trend) byLevel() compare.Levels {
	values, out, from := t.Values(), compare.Levels{Metric: t.Metric.Name}, 0
	for _, c := range t.Changes {
		out.Values, from = append(out.Values, values[from:c.Index]), c.Index
	}
	out.Values = append(out.Values, values[from:])
	for _, level := range out.Values {
		for _, v := range level {
			if !(v > 0) || math.IsInf(v, 0) {
				return compare.Levels{}
			}
		}
	}
	return out
}
