package decoders

import (
	"cmp"
	"fmt"
	"slices"

	"tandem/record"
	"tandem/transformer"
)

// onDevice lets the device write the whole output by itself. The run gives the text and the sampling. The first forward is of
// one kind, all further ones of another. The steps are those of the loops on the host.
func (r *run) onDevice(device transformer.DeviceDecoder, d transformer.DeviceDecode, first, others record.Kind) {
	d.Tokens, d.Prompt, d.Stops = r.text, len(r.req.Prompt), r.config.EOSTokens
	for len(d.Tokens) < d.Prompt+r.req.MaxTokens {
		d.Tokens = append(d.Tokens, 0)
	}
	d.Temp, d.TopK, d.TopP, d.Ban = r.pass.Temp, r.pass.TopK, r.pass.TopP, r.pass.Ban
	const none = -1 // where nothing is committed yet
	output := slices.Repeat([]int32{none}, len(d.Tokens)-d.Prompt)
	kind, goes, stopped, at := first, true, false, 0
	var bad error
	err := device.DecodeOnDevice(r.ctx, d, func(f transformer.ForwardResult) bool {
		step := r.step(kind, f.From, f.To, max(d.Block, 1))
		for _, c := range f.Commits {
			if notFinite(transformer.Guess{P: c.P}) {
				bad = errNotFinite
				return false
			}
			step.Commits = append(step.Commits, record.Commit{Pos: int32(c.Pos - d.Prompt), Token: c.Token, P: c.P})
		}
		kind, at = others, f.To
		if goes = r.yield(step, nil); !goes {
			return false
		}
		for _, c := range f.Commits {
			output[c.Pos-d.Prompt] = c.Token
		}
		stopped = r.stop.stopped(output, none)
		return !stopped
	})
	if err = cmp.Or(bad, err); err != nil && goes && !stopped {
		r.yield(record.Step{}, fmt.Errorf("%s forward after position %d: %w", kind, at, err))
	}
}

// onDevice writes everything on the device. It returns false, and has done nothing, where the session's device cannot decode
// by itself or does not know these settings.
func (w *diffusionRun) onDevice() bool {
	device, ok := w.session.(transformer.DeviceDecoder)
	policy, known := w.settings.devicePolicy()
	if !ok || !known || w.settings.Uncached || w.settings.Separate || w.shift == 1 || w.settings.Block > transformer.MaxDeviceBlock {
		return false
	}
	d := transformer.DeviceDecode{Block: w.settings.Block, Policy: policy}
	for range w.req.MaxTokens {
		d.Seeds = append(d.Seeds, w.noise.Uint64())
	}
	first := record.Denoise
	if len(w.req.Prompt) >= w.settings.Block {
		first = record.Prefill
	}
	w.run.onDevice(device, d, first, record.Denoise)
	return true
}
