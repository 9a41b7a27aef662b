package decoders

import (
	"context"
	"iter"
	"slices"

	"tandem/record"
	"tandem/transformer"
)

// autoregressive writes left to right: one forward over the prompt, then one forward per token, each over the K/V that the
// earlier forwards stored. The uncached control computes all tokens again in every forward; its output is the same. Where
// the session's device decodes by itself, the cached decoder runs there.
type autoregressive struct{ decoder }

func (d *autoregressive) Decode(ctx context.Context, req Request) iter.Seq2[record.Step, error] {
	return d.decode(ctx, req, d.write)
}

func (d *autoregressive) write(r *run) {
	if device, ok := r.session.(transformer.DeviceDecoder); ok && !d.settings.Uncached {
		r.onDevice(device, transformer.DeviceDecode{Seeds: []uint64{r.req.Seed}}, record.Prefill, record.Decode)
		return
	}
	budget := len(r.text) + r.req.MaxTokens
	for kind := record.Prefill; ; kind = record.Decode {
		from, to := r.written, len(r.text)
		if d.settings.Uncached {
			from = 0
		}
		step, guesses, ok := r.forward(kind, from, to, 1, []int{to - from - 1})
		if !ok {
			return
		}
		r.text = append(r.text, 0)
		step.Commits = []record.Commit{r.commit(to, guesses[0])}
		if !r.yield(step, nil) || len(r.text) == budget || slices.Contains(d.config.EOSTokens, guesses[0].Token) || r.stopped() {
			return
		}
	}
}
