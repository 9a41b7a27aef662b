// Package telemetry watches a GPU beside a run:
//
//  1. Open finds the GPU through NVML; a machine without NVIDIA's driver gets an error and loses nothing but the figures.
//  2. Watch writes the GPU's facts, then a reading every so often, until it is stopped.
//  3. Meter counts the energy of a stretch of work by the GPU's own counter.
//
// Note: energy is never derived from power samples. The counter ticks about every 100 ms, so a window of work lasts
// seconds; MinWindow refuses less.
package telemetry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tandem/record"
)

// errNone says that there is no GPU to watch.
var errNone = errors.New("telemetry: no NVIDIA driver on this machine")

// MinWindow is the shortest stretch of work whose energy means anything.
const MinWindow = time.Second

// A Source reads one GPU.
type Source interface {
	GPU() record.GPU
	Read() record.Reading
	// Joules is the energy counter since the driver was loaded; an error where the GPU has none.
	Joules() (float64, error)
	Close() error
}

// Watch hands write the GPU's facts at once and a reading every so often until stop is called. Stop waits for the last
// write and returns the first error of all.
func Watch(source Source, every time.Duration, write func(record.Telemetry) error) (stop func() error) {
	gpu := source.GPU()
	failed := write(record.Telemetry{GPU: &gpu})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for failed == nil {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				reading := source.Read()
				failed = write(record.Telemetry{Reading: &reading})
			}
		}
	}()
	return func() error {
		cancel()
		<-done
		return failed
	}
}

// Meter runs work over and over for at least window and returns the time and the energy that it took. The error is that of
// work, of the counter or of a window shorter than MinWindow.
func Meter(ctx context.Context, source Source, window time.Duration, work func(context.Context) error) (record.Energy, error) {
	if window < MinWindow {
		return record.Energy{}, fmt.Errorf("telemetry: a window of %v is too short for an energy counter that ticks every 100 ms; use at least %v", window, MinWindow)
	}
	before, err := source.Joules()
	if err != nil {
		return record.Energy{}, err
	}
	start := time.Now()
	for time.Since(start) < window {
		if err := work(ctx); err != nil {
			return record.Energy{}, err
		}
	}
	seconds := time.Since(start).Seconds()
	after, err := source.Joules()
	if err != nil {
		return record.Energy{}, err
	}
	if after < before {
		return record.Energy{}, fmt.Errorf("telemetry: the energy counter fell from %g to %g J: the driver was reloaded", before, after)
	}
	return record.Energy{Seconds: seconds, Joules: after - before}, nil
}
