package device

import (
	"context"
	"errors"
	"testing"

	"tandem/transformer"
	"tandem/transformer/cuda"
	"tandem/transformer/cuda/fake"
)

// TestCheck: the check accepts a device that computes what the processor does. The driver is the one that runs the kernels on the
// processor.
func TestCheck(t *testing.T) {
	driver := fake.Path(t)
	device := func(w *transformer.Weights) (transformer.Backend, error) {
		return cuda.New(w, cuda.Options{Driver: driver})
	}
	if err := check(device, processor); err != nil {
		t.Error(err)
	}
}

// A wrong backend is one whose sessions compute something else.
type wrong struct {
	transformer.Backend
	change func(transformer.Pass)
}

func (w wrong) Open(sequences, slots int) (transformer.Session, error) {
	s, err := w.Backend.Open(sequences, slots)
	return wrongSession{s, w.change}, err
}

type wrongSession struct {
	transformer.Session
	change func(transformer.Pass)
}

func (s wrongSession) Forward(ctx context.Context, passes []transformer.Pass) ([][]transformer.Guess, error) {
	guesses, err := s.Session.Forward(ctx, passes)
	for _, p := range passes {
		s.change(p)
	}
	return guesses, err
}

// TestWrongDevice: a device whose logits are off by a few per cent is refused, one within the rounding of bf16 is not.
func TestWrongDevice(t *testing.T) {
	for _, c := range []struct {
		factor float32
		wrong  bool
	}{{1.001, false}, {1.05, true}} {
		device := func(w *transformer.Weights) (transformer.Backend, error) {
			b, err := processor(w)
			return wrong{b, func(p transformer.Pass) {
				for i := range p.Logits {
					p.Logits[i] *= c.factor
				}
			}}, err
		}
		if err := check(device, processor); errors.Is(err, ErrWrong) != c.wrong {
			t.Errorf("logits times %g: %v", c.factor, err)
		}
	}
}
