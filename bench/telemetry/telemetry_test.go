package telemetry

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"tandem/record"
)

// counter is a Source whose energy counter goes on with every look at it.
type counter struct{ joules, step float64 }

func (c *counter) GPU() record.GPU      { return record.GPU{Name: "counter"} }
func (c *counter) Read() record.Reading { return record.Reading{At: time.Now()} }
func (c *counter) Close() error         { return nil }
func (c *counter) Joules() (float64, error) {
	c.joules += c.step
	return c.joules, nil
}

func TestWatch(t *testing.T) {
	lines := make(chan record.Telemetry, 100)
	stop := Watch(&counter{}, time.Millisecond, func(r record.Telemetry) error { lines <- r; return nil })
	if first := <-lines; first.GPU == nil || first.GPU.Name != "counter" {
		t.Errorf("first line %+v", first)
	}
	for range 3 {
		if next := <-lines; next.Reading == nil {
			t.Errorf("line %+v", next)
		}
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	full := errors.New("no space left on device")
	if err := Watch(&counter{}, time.Millisecond, func(record.Telemetry) error { return full })(); !errors.Is(err, full) {
		t.Errorf("error %v, want %v", err, full)
	}
}

func TestMeter(t *testing.T) {
	runs := 0
	work := func(context.Context) error { runs++; time.Sleep(400 * time.Millisecond); return nil }
	got, err := Meter(t.Context(), &counter{joules: 7, step: 20}, time.Second, work)
	if err != nil || got.Joules != 20 || runs < 3 || got.Seconds < 1 {
		t.Errorf("%+v after %d runs, %v", got, runs, err)
	}
	if _, err := Meter(t.Context(), &counter{step: -1}, time.Second, work); err == nil || !strings.Contains(err.Error(), "fell") {
		t.Errorf("a counter that falls: %v", err)
	}
	if _, err := Meter(t.Context(), &counter{}, time.Second/2, work); err == nil || !strings.Contains(err.Error(), "too short") {
		t.Errorf("half a second: %v", err)
	}
	broken := errors.New("broken")
	if _, err := Meter(t.Context(), &counter{}, time.Second, func(context.Context) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("work that fails: %v", err)
	}
}
