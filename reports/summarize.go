package reports

import (
	"math"
	"slices"
	"strings"

	"tandem/record"
)

// Summarize folds a run's scored records into its Summary. Decoders keep the header's order; each that is not
// the base is compared with the base, the first whose name begins with "ar".
func Summarize(header record.Header, records []record.Record) Summary {
	s := Summary{
		Schema: SummarySchema, Environment: header.Environment, Suite: header.Suite, Model: header.Model,
		Plan: header.Plan, Ceilings: header.Ceilings, Decoders: []Decoder{}, Comparisons: []Comparison{}, best: -1,
	}
	groups := groupByDecoder(header, records)
	for _, g := range groups {
		s.Decoders = append(s.Decoders, summarizeDecoder(g))
	}
	base := slices.IndexFunc(groups, func(g group) bool { return IsAR(g.name) })
	if base < 0 {
		return s
	}
	for i := range groups {
		if i != base {
			s.Comparisons = append(s.Comparisons, compare(groups[base], groups[i], s.Decoders[base], s.Decoders[i]))
		}
	}
	if s.best = headline(s); s.best >= 0 {
		s.Verdict = s.Comparisons[s.best].Verdict
	}
	return s
}

// IsAR says whether a decoder's name is that of an autoregressive one.
func IsAR(name string) bool { return name == "ar" || strings.HasPrefix(name, "ar/") }

// A group is one decoder's records, task by task.
type group struct {
	name     string
	settings map[string]any
	tasks    []string // in order of first appearance
	records  map[string][]record.Record
}

// groupByDecoder sorts records by decoder and task. A decoder that the header does not name follows those
// that it does.
func groupByDecoder(header record.Header, records []record.Record) []group {
	var groups []group
	index := map[string]int{}
	add := func(name string, settings map[string]any) {
		if _, ok := index[name]; !ok {
			index[name] = len(groups)
			groups = append(groups, group{name: name, settings: settings, records: map[string][]record.Record{}})
		}
	}
	for _, d := range header.Decoders {
		add(d.Name, d.Settings)
	}
	for _, r := range records {
		add(r.Decoder, nil)
		g := &groups[index[r.Decoder]]
		if g.records[r.Task] == nil {
			g.tasks = append(g.tasks, r.Task)
		}
		g.records[r.Task] = append(g.records[r.Task], r)
	}
	return slices.DeleteFunc(groups, func(g group) bool { return len(g.tasks) == 0 })
}

// totals are the sums over some records that did decode.
type totals struct {
	records, tokens, canvas, forwards, positions int
	seconds, first, ideal, idealSeconds          float64
	idealTokens, firsts                          int
}

func (t *totals) add(u totals) {
	t.records += u.records
	t.tokens += u.tokens
	t.canvas += u.canvas
	t.forwards += u.forwards
	t.positions += u.positions
	t.seconds += u.seconds
	t.first += u.first
	t.firsts += u.firsts
	t.ideal += u.ideal
	t.idealSeconds += u.idealSeconds
	t.idealTokens += u.idealTokens
}

// total sums the records of one task; those with an error have no times and are left out.
func total(records []record.Record) (t totals) {
	for _, r := range records {
		if r.Err != "" {
			continue
		}
		u := totals{records: 1, tokens: r.Tokens, canvas: r.Canvas, forwards: len(r.Trace),
			positions: positions(r.Trace), seconds: r.Seconds}
		if at, ok := firstReadable(r); ok {
			u.first, u.firsts = at, 1
		}
		if r.Ideal > 0 {
			u.ideal, u.idealSeconds, u.idealTokens = r.Ideal, r.Seconds, r.Tokens
		}
		t.add(u)
	}
	return t
}

// ratio bootstraps the ratio of two sums over tasks; nil where the denominator is zero.
func ratio(tasks []totals, part func(totals) (num, den float64)) *Interval {
	usable := slices.DeleteFunc(slices.Clone(tasks), func(t totals) bool { _, den := part(t); return den == 0 })
	return bootstrap(len(usable), func(pick []int) float64 {
		var num, den float64
		for _, i := range pick {
			n, d := part(usable[i])
			num, den = num+n, den+d
		}
		return num / den
	})
}

func summarizeDecoder(g group) Decoder {
	d := Decoder{Name: g.name, Settings: g.settings, Tasks: len(g.tasks)}
	per := make([]totals, len(g.tasks))
	var all totals
	for i, task := range g.tasks {
		per[i] = total(g.records[task])
		all.add(per[i])
		for _, r := range g.records[task] {
			d.Records++
			d.PeakMemory = max(d.PeakMemory, r.PeakMemory)
			switch {
			case r.Err != "":
				d.Errors++
			case r.Tokens == 0:
				d.Empty++
			}
			if r.Verdict != nil && r.Verdict.Result == record.SandboxError {
				d.Sandbox++
			}
		}
	}
	d.Pass1, d.Passed, d.Judged = passRate(g)
	d.Tokens, d.Canvas, d.Forwards, d.Positions = all.tokens, all.canvas, all.forwards, all.positions
	d.TokensPerSecond = ratio(per, func(t totals) (float64, float64) { return float64(t.tokens), t.seconds })
	d.SecondsPerTask = ratio(per, func(t totals) (float64, float64) { return t.seconds, float64(t.records) })
	d.SecondsToFirst = ratio(per, func(t totals) (float64, float64) { return t.first, float64(t.firsts) })
	d.TokensPerForward = ratio(per, func(t totals) (float64, float64) { return float64(t.tokens), float64(t.forwards) })
	if all.seconds > 0 {
		d.ForwardsPerSecond = float64(all.forwards) / all.seconds
	}
	if all.ideal > 0 && all.idealSeconds > 0 {
		d.CeilingTokensPerSecond = float64(all.idealTokens) / all.ideal
		d.CeilingShare = all.ideal / all.idealSeconds
	}
	return d
}

// taskPass is the share of a task's samples that passed, each judged once (its first judged repeat); a sandbox
// error is no verdict, a decoding that failed has not passed. False where nothing was judged.
func taskPass(records []record.Record) (rate float64, samples int, ok bool) {
	seen := map[int]bool{}
	passed := 0
	sorted := slices.Clone(records)
	slices.SortStableFunc(sorted, func(a, b record.Record) int { return a.Repeat - b.Repeat })
	for _, r := range sorted {
		judged := r.Err != "" || r.Verdict != nil && r.Verdict.Result != record.SandboxError
		if !judged || seen[r.Sample] {
			continue
		}
		seen[r.Sample] = true
		if r.Err == "" && r.Verdict.Result == record.Pass {
			passed++
		}
	}
	if len(seen) == 0 {
		return 0, 0, false
	}
	return float64(passed) / float64(len(seen)), len(seen), true
}

// passRate is pass@1 over the judged tasks: Wilson with one sample a task, a bootstrap over tasks with more.
func passRate(g group) (rate *Interval, passed, judged int) {
	var rates []float64
	single := true
	for _, task := range g.tasks {
		p, n, ok := taskPass(g.records[task])
		if !ok {
			continue
		}
		rates = append(rates, p)
		single = single && n == 1
		if p == 1 {
			passed++
		}
	}
	if single {
		return wilson(passed, len(rates)), passed, len(rates)
	}
	return bootstrap(len(rates), func(pick []int) float64 { return meanOf(rates, pick) }), passed, len(rates)
}

func meanOf(values []float64, pick []int) (sum float64) {
	for _, i := range pick {
		sum += values[i]
	}
	return sum / float64(len(pick))
}

// compare pairs two decoders by task.
func compare(base, head group, b, h Decoder) Comparison {
	c := Comparison{Base: base.name, Head: head.name}
	var logs, differences []float64
	single, gained, lost := true, 0, 0
	for _, task := range base.tasks {
		if x, y, ok := pairedSeconds(base.records[task], head.records[task]); ok {
			logs = append(logs, math.Log(x/y))
		}
		p, n, ok := taskPass(base.records[task])
		q, m, ok2 := taskPass(head.records[task])
		if !ok || !ok2 {
			continue
		}
		differences = append(differences, q-p)
		single = single && n == 1 && m == 1
		if q > p {
			gained++
		} else if q < p {
			lost++
		}
	}
	if g := bootstrap(len(logs), func(pick []int) float64 { return meanOf(logs, pick) }); g != nil {
		c.Speedup = &Interval{math.Exp(g.Value), math.Exp(g.Low), math.Exp(g.High)}
	}
	c.PassDifference = bootstrap(len(differences), func(pick []int) float64 { return meanOf(differences, pick) })
	if c.PassDifference != nil {
		same := c.PassDifference.Low > -Margin
		c.SameQuality = &same
		if single {
			p := mcNemar(gained, lost)
			c.McNemarP = &p
		}
	}
	if b.ForwardsPerSecond > 0 && h.ForwardsPerSecond > 0 && b.TokensPerForward != nil {
		c.BreakEven = b.TokensPerForward.Value * b.ForwardsPerSecond / h.ForwardsPerSecond
	}
	c.Verdict = verdict(c, h)
	return c
}

// pairedSeconds are the median wall-clock times of one task under two decoders.
func pairedSeconds(base, head []record.Record) (b, h float64, ok bool) {
	b, h = medianSeconds(base), medianSeconds(head)
	return b, h, b > 0 && h > 0
}

// medianSeconds is the median over repeats and samples, 0 where none decoded.
func medianSeconds(records []record.Record) float64 {
	var v []float64
	for _, r := range records {
		if r.Err == "" {
			v = append(v, r.Seconds)
		}
	}
	if len(v) == 0 {
		return 0
	}
	slices.Sort(v)
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}
