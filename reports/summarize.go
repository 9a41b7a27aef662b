package reports

import (
	"slices"

	"tandem/bench/metric"
	"tandem/bench/stats"
	"tandem/record"
)

// Summarize folds a run's scored records into its Summary. Decoders keep the header's order; each that is not
// the base is compared with the base, the first autoregressive decoder that is no uncached control.
func Summarize(header record.Header, records []record.Record) Summary {
	s := Summary{
		Schema: SummarySchema, Environment: header.Environment, Suite: header.Suite, Model: header.Model,
		Plan: header.Plan, Ceilings: header.Ceilings, Decoders: []Decoder{}, Comparisons: []Comparison{}, best: -1,
	}
	s.Busy = apply(metric.Busy(records))
	groups := groupByDecoder(header, records)
	for _, g := range groups {
		s.Decoders = append(s.Decoders, summarizeDecoder(g))
	}
	base := baseOf(groups)
	if base < 0 {
		return s
	}
	for i := range groups {
		if i != base {
			s.Comparisons = append(s.Comparisons, compare(groups[base], groups[i], s.Decoders[base], s.Decoders[i]))
		}
	}
	if s.best = headline(s); s.best >= 0 {
		s.Verdict = s.Comparisons[s.best].Verdict + fastest(s)
	}
	return s
}

// baseOf is the index of the decoder that the others are compared with, -1 where there is none.
func baseOf(groups []group) int {
	return slices.IndexFunc(groups, func(g group) bool { return IsAR(g.name) && !isUncached(g.name) })
}

// A group is one decoder's records.
type group struct {
	name     string
	settings map[string]any
	records  []record.Record
	tasks    map[string][]record.Record
}

// groupByDecoder sorts records by decoder. A decoder that the header does not name follows those that it does;
// one without records is left out.
func groupByDecoder(header record.Header, records []record.Record) []group {
	var groups []group
	for _, d := range header.Decoders {
		groups = append(groups, group{name: d.Name, settings: d.Settings})
	}
	for _, of := range metric.ByDecoder(records) {
		i := slices.IndexFunc(groups, func(g group) bool { return g.name == of[0].Decoder })
		if i < 0 {
			i = len(groups)
			groups = append(groups, group{name: of[0].Decoder})
		}
		groups[i].records, groups[i].tasks = of, map[string][]record.Record{}
		for _, task := range metric.ByTask(of) {
			groups[i].tasks[task[0].Task] = task
		}
	}
	return slices.DeleteFunc(groups, func(g group) bool { return len(g.records) == 0 })
}

// taskNames are the tasks that a decoder was given, sorted.
func (g group) taskNames() []string {
	var names []string
	for name := range g.tasks {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// apply is nil where a measure does not apply.
func apply[T any](v T, ok bool) *T {
	if !ok {
		return nil
	}
	return &v
}

// summarizeDecoder measures one decoder over all its records.
func summarizeDecoder(g group) Decoder {
	r := g.records
	d := Decoder{
		Name: g.name, Settings: g.settings, Tasks: len(g.tasks), Records: len(r),
		Sandbox: metric.SandboxErrors(r), Errors: metric.Errors(r), Empty: metric.EmptyOutputs(r), Truncated: metric.Truncated(r),
		Forwards: metric.Forwards(r), Kinds: metric.ForwardsByKind(r), Positions: metric.Positions(r),
		Tokens: metric.Tokens(r), Canvas: metric.CanvasTokens(r),
	}
	d.Passed, d.Judged = metric.PassAt1(r)
	d.Pass1 = apply(stats.Wilson(d.Passed, d.Judged, stats.Confidence))
	d.TokensPerSecond = pooled(g, metric.Tokens, metric.Seconds)
	d.TokensPerForward = pooled(g, metric.Tokens, func(r []record.Record) float64 { return float64(metric.Forwards(r)) })
	d.SecondsPerTask = perTask(r, func(r record.Record) (float64, bool) { return r.Seconds, true })
	d.SecondsToFirst = perTask(r, metric.FirstReadable)
	d.ForwardsPerSecond = apply(metric.ForwardsPerSecond(r))
	d.DecodeTokensPerSecond = apply(metric.DecodeTokensPerSecond(r))
	d.CeilingTokensPerSecond = apply(metric.CeilingTokensPerSecond(r))
	d.CeilingShare = apply(metric.CeilingShare(r))
	d.PeakMemory = apply(metric.PeakMemory(r))
	return d
}

// pooled is sum(num)/sum(den) over tasks with its interval.
func pooled(g group, num func([]record.Record) int, den func([]record.Record) float64) *Interval {
	var parts []stats.Fraction
	for _, name := range g.taskNames() {
		parts = append(parts, stats.Fraction{Num: float64(num(g.tasks[name])), Den: den(g.tasks[name])})
	}
	return apply(stats.PooledRatio(parts, stats.Confidence))
}

// perTask is the mean over tasks of a quantity of each record, with its interval.
func perTask(records []record.Record, of func(record.Record) (float64, bool)) *Interval {
	return apply(stats.Mean(metric.PerTask(records, of), stats.Confidence))
}

// compare pairs two decoders by task.
func compare(base, head group, b, h Decoder) Comparison {
	c := Comparison{Base: base.name, Head: head.name}
	var times, passes []stats.Pair
	for _, name := range base.taskNames() {
		if x, y, ok := pairedSeconds(base.tasks[name], head.tasks[name]); ok {
			times = append(times, stats.Pair{Base: y, Head: x})
		}
		p, ok := metric.TaskPass(base.tasks[name])
		q, ok2 := metric.TaskPass(head.tasks[name])
		if ok && ok2 {
			passes = append(passes, stats.Pair{Base: p, Head: q})
		}
	}
	c.Speedup = apply(stats.GeoMeanRatio(times, stats.Confidence))
	c.PassDifference = apply(stats.PairedDifference(passes, stats.Confidence))
	if c.PassDifference != nil {
		same := stats.NonInferior(*c.PassDifference, Margin)
		c.SameQuality = &same
		c.McNemarP = apply(mcNemar(passes))
		c.Detectable = detectable(passes)
	}
	c.ForwardCost, c.BreakEven = breakEven(base.records, head.records)
	c.Verdict = verdict(c, h)
	return c
}

// breakEven is what a forward of head costs in forwards of base, the first ones (which take the prompt in) left out,
// and the tokens per forward with which head would be as fast as base: with n forwards a task, head takes its first
// forward and n-1 others, so n = 1 + (base's seconds - head's first) / head's other, and the break-even is the mean
// number of tokens over n. Nil where a decoder has but one forward a task.
func breakEven(base, head []record.Record) (cost, even *float64) {
	b, ok := metric.Forwarding(base)
	h, ok2 := metric.Forwarding(head)
	if !ok || !ok2 {
		return nil, nil
	}
	ratio := h.Later / b.Later
	forwards := 1 + (b.Seconds-h.First)/h.Later
	if forwards <= 0 || b.Tokens <= 0 {
		return &ratio, nil
	}
	tokens := b.Tokens / forwards
	return &ratio, &tokens
}

// mcNemar tests the discordant pairs; it applies where each task has one answer, right or wrong.
func mcNemar(passes []stats.Pair) (p float64, ok bool) {
	onlyBase, onlyHead := 0, 0
	for _, pair := range passes {
		switch pair {
		case stats.Pair{Base: 1, Head: 0}:
			onlyBase++
		case stats.Pair{Base: 0, Head: 1}:
			onlyHead++
		case stats.Pair{}, stats.Pair{Base: 1, Head: 1}:
		default:
			return 0, false
		}
	}
	return stats.McNemar(onlyBase, onlyHead), true
}

// detectable is the smallest difference of pass rate that as many tasks, as discordant as these, would reveal
// four times in five.
func detectable(passes []stats.Pair) *float64 {
	var differences []float64
	for _, p := range passes {
		differences = append(differences, p.Head-p.Base)
	}
	sd, ok := stats.Deviation(differences)
	if !ok || sd == 0 {
		return nil
	}
	return apply(stats.MinimumDetectable(sd, len(differences), 1-stats.Confidence, 0.8))
}

// pairedSeconds are the median wall-clock times that one task costs under two decoders: a repeat that something else
// on the machine disturbed does not move them.
func pairedSeconds(base, head []record.Record) (b, h float64, ok bool) {
	median := func(records []record.Record) float64 {
		var seconds []float64
		for _, r := range records {
			if r.Err == "" {
				seconds = append(seconds, r.Cost())
			}
		}
		m, _ := stats.Quantile(seconds, 0.5)
		return m
	}
	b, h = median(base), median(head)
	return b, h, b > 0 && h > 0
}
