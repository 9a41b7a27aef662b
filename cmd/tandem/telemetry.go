package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"tandem/bench"
	"tandem/bench/telemetry"
	"tandem/record"
)

// readingEvery is the pause between two readings of the GPU.
const readingEvery = 250 * time.Millisecond

// watched runs the plan with the GPU watched, and then the windows of energy if they are asked for, all of it written to
// telemetry.jsonl at path. Without NVML the run goes on alone.
func watched(ctx context.Context, stderr io.Writer, path string, setup bench.Setup, window time.Duration, run func() error) (err error) {
	source, err := telemetry.Open("")
	if err != nil {
		fmt.Fprintf(stderr, "%v: the run goes on without power, clocks and energy\n", err)
		return run()
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	write := json.NewEncoder(file)
	stop := telemetry.Watch(source, readingEvery, func(line record.Telemetry) error { return write.Encode(line) })
	if err := errors.Join(run(), stop()); err != nil || window == 0 {
		return err
	}
	return bench.Energy(ctx, setup, source, window, func(line record.Telemetry) error { return write.Encode(line) })
}
