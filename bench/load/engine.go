package load

import (
	"math"
	"slices"

	"tandem/record"
)

// A counts is what this client counted.
type counts struct{ Tokens, Prompt, Seconds float64 }

func (c *counts) add(r record.Record) {
	c.Tokens, c.Prompt, c.Seconds = c.Tokens+float64(r.Tokens), c.Prompt+float64(r.PromptTokens), c.Seconds+r.Seconds
}

// An engine is what a server's engine counted itself, beside what this client counted of the same answers.
type engine struct {
	answers  int                // that came with counts
	own      map[string]float64 // sums of those
	beside   counts
	window   map[string]float64 // sums of how much the server's counters rose over loops
	windowed counts             // of the answers of those loops
}

// add takes in a record, and the loop that it is of.
func (e *engine) add(r record.Record, loop *span) {
	loop.failed = loop.failed || r.Err != ""
	loop.ours.add(r)
	if len(r.Reply.Engine) > 0 && r.Err == "" {
		e.answers++
		e.own = plus(e.own, r.Reply.Engine)
		e.beside.add(r)
	}
	if len(r.Reply.Window) > 0 && !loop.failed { // of a failed answer nobody knows how many tokens were written
		e.window = plus(e.window, r.Reply.Window)
		e.windowed.Tokens, e.windowed.Prompt = e.windowed.Tokens+loop.ours.Tokens, e.windowed.Prompt+loop.ours.Prompt
	}
}

func plus(to, from map[string]float64) map[string]float64 {
	if to == nil {
		to = map[string]float64{}
	}
	for name, v := range from {
		to[name] += v
	}
	return to
}

// Engine is what came with the answers, the mean of each number; nil where nothing did.
func (f *Figures) Engine() map[string]float64 {
	if f.engine.answers == 0 {
		return nil
	}
	out := map[string]float64{}
	for name, v := range f.engine.own {
		out[name] = v / float64(f.engine.answers)
	}
	return out
}

// Counters are by how much the server's own rose over all loops; nil where it has none.
func (f *Figures) Counters() map[string]float64 { return f.engine.window }

// TokensPerStep is the committed tokens for each denoising step, as vLLM counts both: what nobody outside knows.
func (f *Figures) TokensPerStep() (float64, bool) {
	steps := f.engine.window["vllm:diffusion_num_denoising_steps_total"]
	return f.engine.window["vllm:diffusion_num_committed_tokens_total"] / steps, steps > 0
}

// A Difference is a quantity that the engine and this client count otherwise.
type Difference struct {
	Of           string // "tokens", "prompt tokens" or "seconds"
	Ours, Theirs float64
}

// mostDifference is the share by which two counts may differ.
const mostDifference = 0.05

// pairs are the quantities that both sides count, by the engine's name.
var pairs = []struct {
	of, name string
	theirs   func(counts map[string]float64) float64
	ours     func(c counts) float64
}{
	{"tokens", "timings.predicted_n", nil, func(c counts) float64 { return c.Tokens }},
	{"seconds", "timings.predicted_ms", func(m map[string]float64) float64 { return (m["timings.prompt_ms"] + m["timings.predicted_ms"]) / 1e3 },
		func(c counts) float64 { return c.Seconds }},
	{"tokens", "vllm:generation_tokens_total", nil, func(c counts) float64 { return c.Tokens }},
	{"tokens", "vllm:diffusion_num_committed_tokens_total", nil, func(c counts) float64 { return c.Tokens }},
	{"tokens", "sglang:generation_tokens_total", nil, func(c counts) float64 { return c.Tokens }},
	{"prompt tokens", "vllm:prompt_tokens_total", nil, func(c counts) float64 { return c.Prompt }},
	{"prompt tokens", "sglang:prompt_tokens_total", nil, func(c counts) float64 { return c.Prompt }},
}

// Differences are where the engine's counts and this client's differ by more than 5%, each quantity once.
func (f *Figures) Differences() (out []Difference) {
	for _, p := range pairs {
		for _, side := range []struct {
			counts map[string]float64
			ours   counts
		}{{f.engine.own, f.engine.beside}, {f.engine.window, f.engine.windowed}} {
			theirs, ok := side.counts[p.name]
			if p.theirs != nil {
				theirs = p.theirs(side.counts)
			}
			ours := p.ours(side.ours)
			known := slices.ContainsFunc(out, func(d Difference) bool { return d.Of == p.of })
			if ok && !known && math.Abs(theirs-ours) > mostDifference*ours {
				out = append(out, Difference{p.of, ours, theirs})
			}
		}
	}
	return out
}
