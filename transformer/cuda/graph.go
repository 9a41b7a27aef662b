package cuda

import (
	"errors"
	"unsafe"

	"tandem/transformer"
)

// A graph is the captured launches of a shape. The first forward of a shape is launched kernel by kernel; the second is
// captured, and it and all later ones are one launch. handle is 0 before that.
type graph struct{ handle uintptr }

const graphsKept = 256 // most shapes that a session remembers

// run does the planned work and waits for it.
func (s *session) run(passes []transformer.Pass) error {
	w := &s.watches[0]
	if err := s.submit(passes, w); err != nil {
		return err
	}
	if err := s.backend.device.wait(); err != nil {
		return err
	}
	return s.count(w)
}

// submit puts the planned work on the stream, between the events of a watch: kernel by kernel, or as a graph where there is
// one for its shape.
func (s *session) submit(passes []transformer.Pass, w *watch) error {
	g, err := s.recorded()
	if err != nil {
		return err
	}
	if err := w.start(); err != nil {
		return err
	}
	d := s.backend.device
	if g != nil {
		err = d.call(d.cuGraphLaunch, g.handle, d.queue)
	} else {
		s.forward(passes)
		err = d.done()
	}
	return errors.Join(err, w.stop())
}

// recorded is the graph of the planned shape, captured when the shape is seen for the second time; nil where there is none.
func (s *session) recorded() (*graph, error) {
	if s.backend.options.Eager || s.plan.raw {
		return nil, nil
	}
	g, seen := s.graphs[s.plan.shape]
	if !seen {
		if len(s.graphs) >= graphsKept {
			if err := s.dropGraphs(); err != nil {
				return nil, err
			}
		}
		s.graphs[s.plan.shape] = &graph{}
		return nil, nil
	}
	if g.handle == 0 {
		if err := s.capture(g); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// capture records the launches of the planned shape.
func (s *session) capture(g *graph) error {
	d := s.backend.device
	if err := d.call(d.cuStreamBeginCapture, d.queue, 2); err != nil { // CU_STREAM_CAPTURE_MODE_RELAXED: it restricts no other thread
		return err
	}
	s.forward(nil)
	recorded := new(uintptr)
	err := errors.Join(d.done(), d.call(d.cuStreamEndCapture, d.queue, uintptr(unsafe.Pointer(recorded))))
	if err == nil {
		err = d.call(d.cuGraphInstantiateWithFlags, uintptr(unsafe.Pointer(&g.handle)), *recorded, 0)
	}
	if *recorded != 0 {
		err = errors.Join(err, d.call(d.cuGraphDestroy, *recorded))
	}
	return err
}

// dropGraphs destroys all graphs.
func (s *session) dropGraphs() (err error) {
	d := s.backend.device
	for shape, g := range s.graphs {
		if g.handle != 0 {
			err = errors.Join(err, d.call(d.cuGraphExecDestroy, g.handle))
		}
		delete(s.graphs, shape)
	}
	return err
}
