package bench

import (
	"context"
	"errors"
	"time"

	"tandem/bench/telemetry"
	"tandem/record"
)

// readingEvery is the pause between two readings of the GPU.
const readingEvery = 250 * time.Millisecond

// Watched calls run with the GPU watched, and then measures the windows of Energy if they are longer than 0. All of it is added to
// the file of telemetry at path.
func Watched(ctx context.Context, s Setup, source telemetry.Source, path string, window time.Duration, run func() error) (err error) {
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
	return Energy(ctx, s, source, window, write)
}
