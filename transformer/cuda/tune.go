package cuda

import (
	"errors"

	"tandem/transformer"
)

const (
	tuneRounds = 5 // the best counts
	tuneLayers = 8 // at most, so that the weights do not stay in the L2 cache
)

// tuneSlow is the most milliseconds of a round. A slower device is an emulated one and is not tuned.
var tuneSlow = 20.0

var errSlow = errors.New("not worth tuning")

// tune times the variants of every product, where the dtype has several, with the model's own weights, and keeps the fastest for each number of rows.
// It changes no result.
func (b *backend) tune() (err error) {
	if !b.format.variants {
		return nil
	}
	s, err := b.open(1, steps[len(steps)-1])
	if err != nil {
		return err
	}
	w := watch{device: b.device}
	defer func() { err = errors.Join(err, w.close(), s.close()) }()
	if err := w.open(); err != nil {
		return err
	}
	layers := b.model.layers[:min(len(b.model.layers), tuneLayers)]
	b.tuned = map[choice]variant{}
	for _, rows := range steps {
		passes := []transformer.Pass{{Tokens: make([]int32, rows), Span: 1, Want: make([]int, min(rows, headRows))}}
		s.plan.to = 0
		s.written[0] = rows
		s.group(passes)
		s.forward(nil) // fills the buffers
		for _, list := range [][]product{
			each(layers, s.qkvProduct), each(layers, s.outProduct), each(layers, s.gateUpProduct),
			each(layers, func(l *layer) product { return s.downProduct(l, b.model.norm) }), {s.headProduct(0)},
		} {
			switch err := s.fastest(&w, rows, list); {
			case err == errSlow:
				return nil
			case err != nil:
				return err
			}
		}
	}
	return nil
}

func each(layers []layer, f func(*layer) product) (out []product) {
	for i := range layers {
		out = append(out, f(&layers[i]))
	}
	return out
}

// fastest times the variants of products of one shape.
func (s *session) fastest(w *watch, rows int, list []product) error {
	if list[0].epilogue == "head" {
		rows = min(rows, headRows)
	}
	best := 0.0
	for _, v := range variants(rows, list[0], int(s.backend.device.processors)) {
		for range tuneRounds {
			ms, err := w.time(func() {
				for _, p := range list {
					s.multiply(rows, p, v)
				}
			})
			if err != nil {
				return err
			}
			if best == 0 || ms < best {
				best = ms
				s.backend.tuned[list[0].choice(rows)] = v
			}
			if ms > tuneSlow {
				return errSlow
			}
		}
	}
	return nil
}
