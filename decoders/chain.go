package decoders

import (
	"cmp"
	"fmt"

	"tandem/record"
	"tandem/transformer"
)

// chain writes the whole output as a chain on the device; the sampling is the run's. Its first forward is of one kind,
// all others of another. The steps are those of the loops on the host.
func (r *run) chain(device transformer.Chainer, c transformer.Chain, first, others record.Kind) {
	c.Tokens, c.Prompt, c.Stops = r.text, len(r.req.Prompt), r.config.EOSTokens
	for len(c.Tokens) < c.Prompt+r.req.MaxTokens {
		c.Tokens = append(c.Tokens, 0)
	}
	c.Temp, c.TopK, c.TopP, c.Ban = r.pass.Temp, r.pass.TopK, r.pass.TopP, r.pass.Ban
	kind, goes, at := first, true, 0
	var bad error
	err := device.Chain(r.ctx, c, func(l transformer.Link) bool {
		step := r.step(kind, l.From, l.To, max(c.Block, 1))
		for _, s := range l.Settled {
			if notFinite(transformer.Guess{P: s.P}) {
				bad = errNotFinite
				return false
			}
			step.Commits = append(step.Commits, record.Commit{Pos: int32(s.At - c.Prompt), Token: s.Token, P: s.P})
		}
		kind, at = others, l.To
		goes = r.yield(step, nil)
		return goes
	})
	if err = cmp.Or(bad, err); err != nil && goes {
		r.yield(record.Step{}, fmt.Errorf("%s forward after position %d: %w", kind, at, err))
	}
}

// chained writes everything as a chain, if the session runs chains and these settings are one.
func (w *refiner) chained() bool {
	device, ok := w.session.(transformer.Chainer)
	rule, known := w.settings.rule()
	if !ok || !known || w.settings.Uncached || w.settings.Separate || w.shift == 1 || w.settings.Block > transformer.ChainBlock {
		return false
	}
	c := transformer.Chain{Block: w.settings.Block, Rule: rule}
	for range w.req.MaxTokens {
		c.Seeds = append(c.Seeds, w.noise.Uint64())
	}
	first := record.Denoise
	if len(w.req.Prompt) >= w.settings.Block {
		first = record.Prefill
	}
	w.chain(device, c, first, record.Denoise)
	return true
}

// rule is the settings' policy as a device knows it. That of random scores it does not know.
func (s Settings) rule() (rule transformer.Rule, known bool) {
	switch {
	case s.Factor != 0:
		return transformer.Rule{Kind: transformer.ByFactor, Value: s.Factor}, true
	case s.EntropyBound != 0:
		return transformer.Rule{Kind: transformer.ByEntropy, Score: transformer.LowEntropy, Value: s.EntropyBound}, true
	case s.Quota != "":
		score, known := map[Score]transformer.Score{LowConfidence: transformer.HighP, Margin: transformer.HighMargin, Entropy: transformer.LowEntropy}[s.Quota]
		return transformer.Rule{Kind: transformer.ByQuota, Score: score, Steps: s.Steps}, known
	}
	return transformer.Rule{Kind: transformer.ByThreshold, Value: s.Threshold}, true
}
