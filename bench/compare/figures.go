package compare

import (
	"maps"
	"math"
	"slices"

	"tandem/bench/metric"
	"tandem/bench/stats"
)

// A figure is one measure of a decoder: an entry of figures. Of the three ways to compute it one is set.
type figure struct {
	Name   string // of a metric.Measure
	Varies Variation

	parts  func(r *Run, g metric.Group) map[string]stats.Fraction // a ratio of sums over tasks
	count  func(t *metric.Task) float64                           // a counter, summed over tasks
	single func(r *Run, g metric.Group) (float64, bool)           // one number a run
	rate   bool                                                   // pass@1

	relative bool // to another decoder of the run (metric.Run.Base), which must be the same on both sides
}

// figures is the table of what is compared. To add one, add an entry.
var figures = []figure{
	{Name: "pass_at_1", Varies: ByTasks, rate: true},
	{Name: "speedup", Varies: WithinRun, parts: speedup, relative: true},
	{Name: "tokens_per_forward", Varies: ByTasks, parts: perForward},
	{Name: "forwards", Varies: ByTasks, count: func(t *metric.Task) float64 { return float64(t.Forwards) }},
	{Name: "positions", Varies: ByTasks, count: func(t *metric.Task) float64 { return float64(t.Positions) }},
	{Name: "tokens", Varies: ByTasks, count: func(t *metric.Task) float64 { return float64(t.Tokens) }},
	{Name: "tokens_per_second", Varies: ByMoment, parts: timed(metric.TokensPerSecond)},
	{Name: "seconds_per_task", Varies: ByMoment, parts: timed(metric.SecondsPerTask)},
	{Name: "seconds_to_first_token", Varies: ByMoment, parts: firstToken},
	{Name: "ceiling_share", Varies: ByCeiling, single: ceilingShare},
	{Name: "peak_memory_bytes", Varies: ByTasks, single: peakMemory},
	{Name: "joules_per_token", Varies: ByCeiling, single: joules},
}

// timed is a ratio over the tasks whose speed counts.
func timed(ratio metric.Ratio) func(*Run, metric.Group) map[string]stats.Fraction {
	return func(r *Run, g metric.Group) map[string]stats.Fraction {
		parts := map[string]stats.Fraction{}
		for _, t := range r.times(g) {
			parts[t.Task] = stats.Fraction{Num: ratio.Num(t), Den: ratio.Den(t)}
		}
		return parts
	}
}

func firstToken(r *Run, g metric.Group) map[string]stats.Fraction {
	parts := map[string]stats.Fraction{}
	for _, t := range r.times(g) {
		if first := metric.FirstTimes([]metric.TaskTime{t}); len(first) == 1 {
			parts[t.Task] = stats.Fraction{Num: first[0], Den: 1}
		}
	}
	return parts
}

// perForward is useful tokens per forward over all decodings, disturbed ones too: it does not depend on the machine.
func perForward(_ *Run, g metric.Group) map[string]stats.Fraction {
	parts := map[string]stats.Fraction{}
	for _, t := range g.Counted() {
		parts[t.Task] = stats.Fraction{Num: metric.TokensPerForward.Num(t), Den: metric.TokensPerForward.Den(t)}
	}
	return parts
}

// speedup is the seconds of the run's base over the decoder's; the base has none.
func speedup(r *Run, g metric.Group) map[string]stats.Fraction {
	parts := map[string]stats.Fraction{}
	base := r.BaseOf(slices.IndexFunc(r.Groups, func(one metric.Group) bool { return one.Name == g.Name }))
	if base < 0 || !metric.SamePrompt(r.Groups[base].Name, g.Name) {
		return parts
	}
	if !r.turns && r.Unusable(r.Groups[base], g) != "" {
		return parts
	}
	seconds := map[string]float64{}
	for _, t := range r.times(r.Groups[base]) {
		seconds[t.Task] = t.Cost
	}
	for _, t := range r.times(g) {
		if s, ok := seconds[t.Task]; ok {
			parts[t.Task] = stats.Fraction{Num: s, Den: t.Cost}
		}
	}
	return parts
}

func ceilingShare(r *Run, g metric.Group) (float64, bool) {
	return metric.CeilingShare(r.times(g))
}

func peakMemory(_ *Run, g metric.Group) (float64, bool) {
	n := g.Counts().PeakMemory
	return float64(n), n > 0
}

func joules(r *Run, g metric.Group) (float64, bool) {
	return metric.JoulesPerToken(r.energy, g.Name, false)
}

// row compares one figure. It is not ok where the figure does not apply to both sides.
func (f figure) row(p pair, noise Noise) (Row, bool) {
	switch {
	case f.relative && !p.oneBase():
		return Row{}, false
	case f.rate:
		return rateRow(p)
	case f.count != nil:
		return countRow(p, f.count)
	case p.rounds && noise.Freedom > 0:
		return roundsRow(p, f)
	case f.single != nil:
		return singleRow(p, f.single, noise)
	}
	return ratioRow(p, f.parts, noise)
}

// ratioRow compares ratios of sums over the tasks that all runs have. The interval holds the tasks' spread and the runs'.
func ratioRow(p pair, parts func(*Run, metric.Group) map[string]stats.Fraction, noise Noise) (Row, bool) {
	of := func(s Side) (all []map[string]stats.Fraction) {
		for _, r := range s.Runs {
			all = append(all, parts(r, r.Find(p.decoder)))
		}
		return all
	}
	base, head := of(p.base), of(p.head)
	tasks := common(slices.Concat(base, head))
	b, bLogs := pooled(base, tasks)
	h, hLogs := pooled(head, tasks)
	log, ok := stats.LogRatioOfRatios(b, h)
	if !ok {
		return Row{}, false
	}
	return logRow(mean(b), mean(h), log, noise, bLogs, hLogs, len(tasks)), true
}

// logRow is the row of a ratio's logarithm with the noise between runs added.
func logRow(base, head float64, log stats.LogRatio, noise Noise, bLogs, hLogs []float64, tasks int) Row {
	row := Row{Base: base, HeadValue: head, Change: math.Expm1(log.Value), Tasks: tasks, log: log}
	row.noise = noise.learn(bLogs, hLogs)
	apart := row.noise.Deviation * math.Sqrt(1/float64(len(bLogs))+1/float64(len(hLogs)))
	all := log.Plus(apart, row.noise.Freedom)
	if math.IsNaN(all.Error) || math.IsInf(all.Error, 0) {
		return row
	}
	i, pValue := all.Interval(stats.Confidence), all.P()
	low, high := i.Low-1, i.High-1
	row.Low, row.High, row.P = &low, &high, &pValue
	return row
}

// common are the tasks of all maps, sorted.
func common(all []map[string]stats.Fraction) (tasks []string) {
	for _, task := range slices.Sorted(maps.Keys(all[0])) {
		if !slices.ContainsFunc(all, func(m map[string]stats.Fraction) bool { _, ok := m[task]; return !ok }) {
			tasks = append(tasks, task)
		}
	}
	return tasks
}

// pooled sums each task's fraction over runs, and gives the logarithm of each run's own ratio.
func pooled(runs []map[string]stats.Fraction, tasks []string) (sums []stats.Fraction, logs []float64) {
	sums = make([]stats.Fraction, len(tasks))
	for _, run := range runs {
		one := stats.Fraction{}
		for i, task := range tasks {
			f := run[task]
			sums[i].Num, sums[i].Den = sums[i].Num+f.Num, sums[i].Den+f.Den
			one.Num, one.Den = one.Num+f.Num, one.Den+f.Den
		}
		logs = append(logs, math.Log(one.Num/one.Den))
	}
	return sums, logs
}

func mean(parts []stats.Fraction) float64 {
	sum := stats.Fraction{}
	for _, p := range parts {
		sum.Num, sum.Den = sum.Num+p.Num, sum.Den+p.Den
	}
	return sum.Num / sum.Den
}

// singleRow compares one number a run. Where runs do not differ by chance, as memory does not, there is no p.
func singleRow(p pair, single func(*Run, metric.Group) (float64, bool), noise Noise) (Row, bool) {
	logs := func(s Side) (out []float64, sum float64) {
		for _, r := range s.Runs {
			v, ok := single(r, r.Find(p.decoder))
			if !ok || v <= 0 {
				return nil, 0
			}
			out, sum = append(out, math.Log(v)), sum+math.Log(v)
		}
		return out, sum / float64(len(out))
	}
	b, baseMean := logs(p.base)
	h, headMean := logs(p.head)
	if b == nil || h == nil {
		return Row{}, false
	}
	if noise.Freedom == 0 {
		change := math.Expm1(headMean - baseMean)
		return Row{Base: math.Exp(baseMean), HeadValue: math.Exp(headMean), Change: change, Low: &change, High: &change, certain: true}, true
	}
	return logRow(math.Exp(baseMean), math.Exp(headMean), stats.LogRatio{Value: headMean - baseMean}, noise, b, h, 0), true
}

// leastInRound is how many tasks a round needs of which both sides have an undisturbed decoding.
const leastInRound = 3

// roundsRow compares a figure round by round; see Interleaved. Rounds in which either side has no figure are left out.
func roundsRow(p pair, f figure) (Row, bool) {
	var ratios []float64
	var base, head float64
	for i := range p.base.Runs {
		one := p
		one.base.Runs, one.head.Runs, one.rounds = p.base.Runs[i:i+1], p.head.Runs[i:i+1], false
		row, ok := f.row(one, Noise{})
		if few := f.parts != nil && row.Tasks < leastInRound; ok && !few && row.Base > 0 && row.HeadValue > 0 {
			ratios = append(ratios, row.HeadValue/row.Base)
			base, head = base+math.Log(row.Base), head+math.Log(row.HeadValue)
		}
	}
	log, ok := stats.LogMean(ratios)
	if !ok {
		return Row{}, false
	}
	n := float64(len(ratios))
	row := Row{Base: math.Exp(base / n), HeadValue: math.Exp(head / n), Change: math.Expm1(log.Value), Rounds: len(ratios),
		log: stats.LogRatio{Value: log.Value}, noise: Noise{log.Error * math.Sqrt(n/2), log.Freedom}}
	i, pValue := log.Interval(stats.Confidence), log.P()
	low, high := i.Low-1, i.High-1
	row.Low, row.High, row.P = &low, &high, &pValue
	return row, true
}
