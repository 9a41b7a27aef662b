package bench

import (
	"context"
	"fmt"
	"time"

	"tandem/bench/telemetry"
	"tandem/record"
)

// energyRounds is how many windows each decoder gets.
const energyRounds = 3

// measureEnergy measures what decoding draws: a window in which the GPU idles, then three of each decoder, in turns, in which it
// decodes the prompts over and over. Each is handed to write when it is over. Windows shorter than telemetry.MinWindow
// are refused; 10 s or more are to be trusted.
func measureEnergy(ctx context.Context, s Setup, source telemetry.Source, window time.Duration, write func(record.Telemetry) error) error {
	idle, err := telemetry.Meter(ctx, source, window, rest)
	if err != nil {
		return err
	}
	if err := write(record.Telemetry{Energy: &idle}); err != nil {
		return err
	}
	groups := s.order(nil, 0, &Tally{})
	lanes := s.lanes()
	for range energyRounds {
		for _, name := range s.names() {
			if isRemote(lanes[name]) { // what it draws, it draws elsewhere
				continue
			}
			next, tokens, decodings := 0, 0, 0
			energy, err := telemetry.Meter(ctx, source, window, func(ctx context.Context) error {
				for groups[next%len(groups)].decoder != name {
					next++
				}
				for _, r := range s.decodeGroup(ctx, groups[next%len(groups)], lanes[name]) {
					if r.Err != "" {
						return fmt.Errorf("energy of %s: %s", name, r.Err)
					}
					tokens, decodings = tokens+r.Tokens, decodings+1
				}
				next++
				return ctx.Err()
			})
			if err != nil {
				return err
			}
			energy.Decoder, energy.Tokens, energy.Decodings = name, tokens, decodings
			if err := write(record.Telemetry{Energy: &energy}); err != nil {
				return err
			}
		}
	}
	return nil
}

// rest does nothing for a while.
func rest(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(100 * time.Millisecond):
		return nil
	}
}
