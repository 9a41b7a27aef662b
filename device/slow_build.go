//go:build slowdown

package device

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"tandem/transformer"
)

// slowed is a backend whose forwards take longer by the share that TANDEM_SLOWDOWN says, 0.1 for 10%. It is what a build with the
// tag slowdown has in place of a real regression, so that it can be seen how large a one is found.
func slowed(b transformer.Backend) (transformer.Backend, error) {
	text := os.Getenv("TANDEM_SLOWDOWN")
	if text == "" {
		return b, nil
	}
	share, err := strconv.ParseFloat(text, 64)
	if err != nil || share < 0 {
		return nil, fmt.Errorf("TANDEM_SLOWDOWN %q is no share such as 0.1", text)
	}
	return slowBackend{b, share}, nil
}

type slowBackend struct {
	transformer.Backend
	share float64
}

func (b slowBackend) Open(sequences, slots int) (transformer.Session, error) {
	s, err := b.Backend.Open(sequences, slots)
	return slowSession{s, b.share}, err
}

// Meter measures the real backend's ceilings.
func (b slowBackend) Meter() (func() (map[string]float64, error), func() error, error) {
	return b.Backend.(transformer.CeilingMeter).Meter()
}

type slowSession struct {
	transformer.Session
	share float64
}

// Hold holds the real session; see transformer.Hold.
func (s slowSession) Hold() (release func()) { return transformer.Hold(s.Session) }

func (s slowSession) Forward(ctx context.Context, passes []transformer.Pass) ([][]transformer.Guess, error) {
	began := time.Now()
	out, err := s.Session.Forward(ctx, passes)
	for until := time.Since(began) * time.Duration(1000*(1+s.share)) / 1000; time.Since(began) < until; {
	}
	return out, err
}
