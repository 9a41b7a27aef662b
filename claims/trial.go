package claims

import (
	"path"
	"slices"
	"strings"

	"tandem/bench/metric"
	"tandem/reports"
)

// A trial sets a claim beside a decoder of a run, and beside the decoder that it is compared with.
type trial struct {
	claim Claim
	run   Run
	cards []Card
	head  reports.Decoder
	base  *reports.Decoder    // nil where the run has none of the claim's kind
	pair  *reports.Comparison // of the two, nil without base
}

// trials are those of a claim: each decoder of each run that may stand for what is claimed.
func trials(c Claim, e Evidence, cards []Card) (all []trial) {
	for _, r := range e.Runs {
		for _, d := range r.Decoders {
			if !c.speaksOf(d.Name) {
				continue
			}
			t := trial{claim: c, run: r, cards: cards, head: d}
			if ratio, _ := c.Faster(); ratio != nil {
				t.findBase()
			}
			all = append(all, t)
		}
	}
	return all
}

// speaksOf says whether a claim is about decoders of such a name: those of its own pattern, or else any that fills in masks with a cache.
func (c Claim) speaksOf(decoder string) bool {
	if c.autoregressive() {
		return metric.IsAR(decoder) && !metric.IsUncached(decoder)
	}
	return fillsMasks(decoder) && !uncached(decoder)
}

// fillsMasks says that a decoder is neither autoregressive nor a server, of which nobody here knows how it decodes.
func fillsMasks(decoder string) bool { return !metric.IsAR(decoder) && !metric.IsEndpoint(decoder) }

// uncached says that a decoder is the control of its kind: it computes in each forward what a cache would hold.
func uncached(decoder string) bool {
	cache, _ := metric.Setting(decoder, "cache")
	return metric.IsUncached(decoder) || cache == "none"
}

// findBase looks for the baseline's kind among the run's decoders.
func (t *trial) findBase() {
	is := func(name string) bool {
		return metric.IsAR(name) && !metric.IsUncached(name) && !strings.Contains(name, "speculate=")
	}
	if t.claim.Conditions.Baseline.Kind == Uncached {
		is = func(name string) bool { return fillsMasks(name) && uncached(name) }
	}
	i := slices.IndexFunc(t.run.Decoders, func(d reports.Decoder) bool { return is(d.Name) && metric.SamePrompt(d.Name, t.head.Name) })
	if i < 0 {
		return
	}
	if pair, ok := t.run.Against(t.run.Decoders[i].Name, t.head.Name); ok {
		t.base, t.pair = &t.run.Decoders[i], &pair
	}
}

// follows says that the head decodes with the settings that the claim names: its pattern's parts are all in the head's name.
func (t trial) follows() bool {
	pattern := t.claim.Conditions.Decoder
	if pattern == "" {
		return false
	}
	parts := strings.Split(t.head.Name, "/")
	for _, want := range strings.Split(pattern, "/") {
		if !slices.ContainsFunc(parts, func(part string) bool { ok, _ := path.Match(want, part); return ok }) && want != "*" {
			return false
		}
	}
	return true
}

// A quantity is a figure that a claim gives and a run measures.
type quantity struct {
	key     string
	claimed func(c Claim) *Amount
	of      func(t trial) *reports.Interval
	lower   bool // less is better
	ratio   bool // of the decoder's speed over the baseline's
}

// quantities are tried in this order: the first that a claim gives decides. A ratio says the least of a machine, so it comes first.
var quantities = []quantity{
	{key: "tokens_per_second_ratio", ratio: true, claimed: func(c Claim) *Amount { return c.ratio(false) },
		of: func(t trial) *reports.Interval {
			return paired(t, func(p reports.Comparison) *reports.Interval { return p.TokensPerSecondRatio })
		}},
	{key: "speedup", ratio: true, claimed: func(c Claim) *Amount { return c.ratio(true) },
		of: func(t trial) *reports.Interval {
			return paired(t, func(p reports.Comparison) *reports.Interval { return p.Speedup })
		}},
	{key: "tokens_per_second", claimed: func(c Claim) *Amount { return c.Figures.TokensPerSecond },
		of: func(t trial) *reports.Interval { return t.head.TokensPerSecond }},
	{key: "tokens_per_forward", claimed: func(c Claim) *Amount { return c.Figures.PerForward },
		of: func(t trial) *reports.Interval { return t.head.TokensPerForward }},
	{key: "seconds_per_task", claimed: func(c Claim) *Amount { return c.Figures.Seconds }, lower: true,
		of: func(t trial) *reports.Interval { return t.head.SecondsPerTask }},
	{key: "seconds_to_first_token", claimed: func(c Claim) *Amount { return c.Figures.First }, lower: true,
		of: func(t trial) *reports.Interval { return t.head.SecondsToFirst }},
	{key: "dollars_per_million_tokens", claimed: func(c Claim) *Amount { return c.Figures.Dollars }, lower: true,
		of: func(t trial) *reports.Interval { return exactly(t.head.DollarsPerMillion) }},
	{key: "dollars_per_solved_task", claimed: func(c Claim) *Amount { return c.Figures.DollarsSolved }, lower: true,
		of: func(t trial) *reports.Interval { return exactly(t.head.DollarsPerSolved) }},
}

// ratio is how many times as fast the claim says that it is, of answers or of tokens.
func (c Claim) ratio(answers bool) *Amount {
	if ratio, of := c.Faster(); of == answers {
		return ratio
	}
	return nil
}

func paired(t trial, of func(reports.Comparison) *reports.Interval) *reports.Interval {
	if t.pair == nil {
		return nil
	}
	return of(*t.pair)
}

// exactly is a figure that has no interval of its own.
func exactly(v *float64) *reports.Interval {
	if v == nil {
		return nil
	}
	return &reports.Interval{Value: *v, Low: *v, High: *v}
}

// decisive is the quantity that decides on a claim; nil where it gives none that a run measures.
func decisive(c Claim) *quantity {
	for i := range quantities {
		if quantities[i].claimed(c) != nil {
			return &quantities[i]
		}
	}
	return nil
}

// tolerance is the share by which a measurement may fall short of a claimed figure and still reproduce it.
const tolerance = 0.1

// An outcome is what a measured interval says of an amount.
type outcome int

// The outcomes: open says that the interval does not decide.
const (
	open outcome = iota
	confirms
	refutes
)

// judge holds a measured interval against the amount. What is claimed is held to 90% of its figure, or of its smaller end: more is no
// contradiction. "At most" and "over" are bounds, which are held to as they are; "up to" names no setting, and so cannot be refuted.
func (a Amount) judge(m reports.Interval, lower bool) outcome {
	if lower { // of seconds and dollars the inverse
		return a.inverse().judge(reports.Interval{Low: 1 / m.High, High: 1 / m.Low}, false)
	}
	if a.Low == 0 && !a.Bound {
		return within(m.High <= a.High, m.Low > a.High)
	}
	least := a.Low
	switch {
	case a.Bound:
		least = (1 - tolerance) * a.High
	case a.High > 0:
		least *= 1 - tolerance
	}
	result := within(m.Low >= least, m.High < least)
	if a.Bound && result == refutes {
		return open
	}
	return result
}

func within(confirmed, refuted bool) outcome {
	switch {
	case confirmed:
		return confirms
	case refuted:
		return refutes
	}
	return open
}

// behind says that a claimed ratio is that of being slower than the baseline, or no faster.
func (a Amount) behind() bool { return a.High > 0 && a.High <= 1 && !a.Bound }

// judge says what a trial's figure says of the claimed one. A claim of being slower is refuted by what is faster.
func (q quantity) judge(claimed Amount, m reports.Interval) outcome {
	return claimed.judge(m, q.lower || q.ratio && claimed.behind() && claimed.Low > 0)
}

// inverse is 1 over the amount.
func (a Amount) inverse() Amount {
	out := Amount{Bound: a.Bound}
	if a.High > 0 {
		out.Low = 1 / a.High
	}
	if a.Low > 0 {
		out.High = 1 / a.Low
	}
	return out
}
