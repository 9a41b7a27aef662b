package reports

import (
	"slices"
	"strconv"

	"tandem/bench/metric"
	"tandem/bench/stats"
)

// summarize says what a run measured. Decoders keep the header's order; each that is not the base is compared with the base.
func (r run) summarize() Summary {
	h := r.Header
	s := Summary{
		Schema: summarySchema, Environment: h.Environment, Suite: h.Suite, Model: h.Model,
		Plan: h.Plan, Ceilings: h.Ceilings, Decoders: []Decoder{}, Comparisons: []Comparison{}, best: -1,
	}
	folds := make([]*metric.Fold, len(r.Groups))
	for i, g := range r.Groups {
		folds[i] = g.Fold
		s.Decoders = append(s.Decoders, summarizeDecoder(g, g.TimesOn(r.Timed)))
	}
	s.Busy = apply(metric.Busy(folds...))
	for i := range r.Groups {
		if base := r.BaseOf(i); base >= 0 {
			s.Comparisons = append(s.Comparisons, r.compare(base, i, s))
		}
	}
	for _, d := range folds {
		s.Plan.Extra = max(s.Plan.Extra, d.Counts().Last) // a resume may have raised it
	}
	s.addLoad(r.Groups)
	s.best = headline(s)
	s.Warnings = r.warnings(s)
	s.Verdict = s.sentence()
	return s
}

// apply is nil where a measure does not apply.
func apply[T any](v T, ok bool) *T {
	if !ok {
		return nil
	}
	return &v
}

// summarizeDecoder measures one decoder: counts over all its records, speeds over the times of the timed tasks.
func summarizeDecoder(g metric.Group, times []metric.TaskTime) Decoder {
	c := g.Counts()
	d := Decoder{
		Name: g.Name, Settings: g.Settings, Prompts: g.Prompts(), Tasks: len(g.Tasks()), Records: c.Records, Disturbed: c.Disturbed, Decodings: c.Decodings, Extra: c.Attempts,
		Sandbox: c.Sandbox, Errors: c.Errors, Empty: c.Empty, Truncated: c.Truncated,
		Forwards: c.Forwards, Kinds: c.Kinds, Positions: c.Positions, Tokens: c.Tokens, Canvas: c.Canvas,
		PeakMemory: apply(c.PeakMemory, c.PeakMemory > 0),
	}
	passed, judged := metric.PassAt1(g.Fold)
	d.Passed, d.Judged = apply(passed, judged > 0), judged
	d.Pass1 = apply(stats.Wilson(passed, judged, stats.Confidence))
	d.PassK, d.ByLevel = passAtK(g.Fold), byLevel(g.Fold)
	d.addEndpoint(c.Replies, times)
	d.TimedTasks = len(times)
	d.TokensPerSecond = pooled(times, metric.TokensPerSecond)
	d.SecondsPerTask = pooled(times, metric.SecondsPerTask)
	d.machine = apply(metric.SecondsOfMachine.Of(times))
	d.SecondsToFirst = apply(stats.Mean(metric.FirstTimes(times), stats.Confidence))
	d.ForwardsPerSecond = apply(metric.ForwardsPerSecond(times))
	d.DecodeTokensPerSecond = apply(metric.DecodeTokensPerSecond(times))
	d.CeilingTokensPerSecond = apply(metric.CeilingTokensPerSecond(times))
	d.CeilingShare = apply(metric.CeilingShare(times))
	if len(times) == 0 { // tokens per forward do not depend on the machine: they are known all the same
		times = g.Counted()
	}
	d.TokensPerForward = pooled(times, metric.TokensPerForward)
	return d
}

// passAtK is pass@k for each k of more than one answer that the samples allow, and for all samples.
func passAtK(f *metric.Fold) map[string]float64 {
	n, c := metric.Samples(f)
	var out map[string]float64
	ks := slices.Clone(metric.Ks)
	if len(n) > 0 {
		ks = append(ks, slices.Min(n))
	}
	for _, k := range ks {
		share, ok := metric.MeanPassAtK(n, c, k)
		if !ok || k == 1 {
			continue
		}
		if out == nil {
			out = map[string]float64{}
		}
		out[strconv.Itoa(k)] = share
	}
	return out
}

// pooled is a metric with its interval.
func pooled(times []metric.TaskTime, r metric.Ratio) *Interval {
	return apply(stats.PooledRatio(fractions(times, r), stats.Confidence))
}

func fractions(times []metric.TaskTime, r metric.Ratio) []stats.Fraction {
	parts := make([]stats.Fraction, len(times))
	for i, t := range times {
		parts[i] = stats.Fraction{Num: r.Num(t), Den: r.Den(t)}
	}
	return parts
}

// compare pairs two decoders by task. Those that are asked otherwise have no ratio of speeds.
func (r run) compare(base, head int, s Summary) Comparison {
	b, h := r.Groups[base], r.Groups[head]
	c := Comparison{Base: b.Name, Head: h.Name}
	alike := metric.SamePrompt(b.Name, h.Name)
	if alike {
		c.NotMeasured = r.Unusable(b, h)
	}
	if alike && c.NotMeasured == "" {
		compareSpeed(&c, b, h, r.Timed, r.Header.Plan.Batch)
	}
	var passes []stats.Pair
	for _, task := range b.Tasks() {
		p, ok := task.PassRate()
		if other := h.Task(task.Name); ok && other != nil {
			if q, ok := other.PassRate(); ok {
				passes = append(passes, stats.Pair{Base: p, Head: q})
			}
		}
	}
	if r.Header.Plan.Length != forced {
		compareQuality(&c, passes)
	}
	c.Verdict = verdict(c, s.Decoders[base], s.Decoders[head], s)
	return c
}

// forced is the length mode in which outputs do not end by themselves: it says nothing of quality.
const forced = "forced"

// compareSpeed fills in how much faster head is, over the same tasks.
func compareSpeed(c *Comparison, base, head metric.Group, timed map[string]bool, batch int) {
	b, h := base.TimesOn(timed), head.TimesOn(timed)
	if len(b) != len(h) || len(b) == 0 {
		return
	}
	var seconds []stats.Fraction
	for i := range b {
		seconds = append(seconds, stats.Fraction{Num: b[i].Cost, Den: h[i].Cost})
	}
	c.Speedup = apply(stats.PooledRatio(seconds, stats.Confidence))
	c.TokensPerSecondRatio = apply(stats.RatioOfRatios(fractions(b, metric.TokensPerSecond), fractions(h, metric.TokensPerSecond), stats.Confidence))
	c.TokenRatio = apply(metric.TokenRatio(b, h))
	if batch <= 1 { // else a forward is of several decodings
		c.ForwardCost = apply(metric.ForwardCost(b, h))
		c.BreakEven = apply(metric.BreakEven(b, h))
	}
	c.Repeats = apply(stats.Repeats(metric.RepeatSpeedups(base.Fold, head.Fold, func(task string) bool { return timed[task] })))
}

// compareQuality fills in the difference in pass rate.
func compareQuality(c *Comparison, passes []stats.Pair) {
	c.PassDifference = apply(stats.PairedDifference(passes, stats.Confidence))
	if c.PassDifference == nil {
		return
	}
	c.PairedTasks = len(passes)
	same := stats.NonInferior(*c.PassDifference, qualityMargin)
	c.SameQuality = &same
	c.McNemarP = apply(mcNemar(passes))
	c.Detectable = detectable(passes)
	if !same {
		c.NeededTasks = apply(stats.RequiredTasks(passes, qualityMargin, stats.Confidence))
	}
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

// unfinished is how many decodings the plan has, and how many of them the run holds; equal where the plan is not known.
func (r run) unfinished() (held, planned int) {
	for _, g := range r.Groups {
		c := g.Counts()
		held += c.Records - c.Attempts
	}
	planned = r.Header.Planned()
	if planned == 0 {
		return held, held
	}
	return held, planned
}
