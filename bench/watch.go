package bench

import (
	"context"
	"errors"
	"time"

	"tandem/bench/telemetry"
	"tandem/record"
	"tandem/transformer"
)

// readingEvery is the pause between two readings of the GPU.
const readingEvery = 250 * time.Millisecond

// Watched calls run with the GPU watched on which the backend lies, and then measures windows of energy if they are longer than
// 0. All of it is added to the file of telemetry at path. Where the GPU cannot be watched, skipped is told why, and run goes on
// alone.
func Watched(ctx context.Context, s Setup, backend transformer.Backend, path string, window time.Duration, skipped func(error), run func() error) (err error) {
	uuid := ""
	if gpu, ok := backend.(transformer.Identified); ok {
		uuid = gpu.UUID()
	}
	source, err := telemetry.Open(uuid)
	if err != nil {
		skipped(err)
		return run()
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	file, err := record.AppendTelemetry(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	write := func(line record.Telemetry) error { return file.Write(line) }
	stop := telemetry.Watch(source, readingEvery, write)
	if err := errors.Join(run(), stop()); err != nil || window == 0 {
		return err
	}
	return measureEnergy(ctx, s, source, window, write)
}
