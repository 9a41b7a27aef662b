package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"tandem/bench"
	"tandem/bench/telemetry"
	"tandem/record"
)

// readingEvery is the pause between two readings of the GPU.
const readingEvery = 250 * time.Millisecond

// watched runs the plan with the GPU of that UUID watched, and then the windows of energy if they are asked for, all of it
// written to telemetry.jsonl at path. Without NVML the run goes on alone.
func watched(ctx context.Context, stderr io.Writer, uuid, path string, setup bench.Setup, window time.Duration, run func() error) (err error) {
	source, err := telemetry.Open(uuid)
	if err != nil {
		fmt.Fprintf(stderr, "%v: the run goes on without power, clocks and energy\n", err)
		return run()
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	held, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	if err := file.Truncate(int64(bytes.LastIndexByte(held, '\n') + 1)); err != nil { // a line that was torn
		return errors.Join(err, file.Close())
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	encoder := json.NewEncoder(file)
	write := func(line record.Telemetry) error { return encoder.Encode(line) }
	stop := telemetry.Watch(source, readingEvery, write)
	if err := errors.Join(run(), stop()); err != nil || window == 0 {
		return err
	}
	return bench.Energy(ctx, setup, source, window, write)
}
