package cuda

import (
	"errors"

	"tandem/transformer"
)

const (
	ceilingRounds  = 6       // the best counts, because a disturbance can only slow a round down
	ceilingRound   = 5       // milliseconds, about
	ceilingBlocks  = 8       // per multiprocessor
	ceilingLargest = 2 << 30 // bytes read, where memory allows: several times the L2 cache
)

type ceilingArgs struct {
	from, out pointer
	bytes     int64
	steps, _  int32
}

// Meter makes the backend a transformer.CeilingMeter.
func (b *backend) Meter() (ceilings func() (map[string]float64, error), done func() error, err error) {
	return b.ceilings, func() error { return nil }, nil
}

// ceilings measures what the device can do at most. It reads memory larger than the caches,
// GB/s, and multiplies and adds in registers, GFLOP/s, in f32 and in bf16, there with the instruction of the products
// (mma.sync). It takes less than a second.
func (b *backend) ceilings() (_ map[string]float64, err error) {
	defer b.device.hold()()
	d, blocks := b.device, int(b.device.processors)*ceilingBlocks
	var free, total int64
	if err := errors.Join(d.enter(), d.room(&free, &total)); err != nil {
		return nil, err
	}
	pass := int64(blocks) * 256 * 16 * 4 // bytes that the grid reads at once
	a := ceilingArgs{bytes: max(min(ceilingLargest, free/8)/pass, 1) * pass}
	var memory arena
	memory.take(&a.from, a.bytes)
	memory.take(&a.out, 4096)
	if err := memory.make(d, "the measurement of the ceilings"); err != nil {
		return nil, err
	}
	w := watch{device: d}
	defer func() { err = errors.Join(err, w.close(), memory.free()) }()
	if err := w.open(); err != nil {
		return nil, err
	}
	d.clear(a.from, a.bytes)
	out := map[string]float64{}
	for _, m := range []struct {
		ceiling, kernel string
		work            func(steps int) float64 // of a launch
	}{
		{transformer.ReadCeiling, "ceiling_read", func(int) float64 { return float64(a.bytes) }},
		{transformer.F32Ceiling, "ceiling_f32", func(n int) float64 { return float64(n) * float64(blocks) * 256 * 16 * 2 }},
		{transformer.BF16Ceiling, "ceiling_bf16", func(n int) float64 { return float64(n) * float64(blocks) * 8 * 8 * 4096 }},
	} {
		best, steps := 0.0, 16
		for round := 0; round < ceilingRounds; {
			a.steps = int32(steps)
			ms, err := w.time(func() { launch(d, m.kernel, 256, grid{blocks, 1, 1}, 0, a) })
			if err != nil {
				return nil, err
			}
			best = max(best, m.work(steps)/(ms/1e3)/1e9)
			if ms < ceilingRound && steps < 1<<24 && m.ceiling != transformer.ReadCeiling {
				steps *= 2
				continue
			}
			round++
		}
		out[m.ceiling] = best
	}
	return out, nil
}
