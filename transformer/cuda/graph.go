package cuda

import (
	"errors"
	"unsafe"

	"tandem/transformer"
)

// A graph is the launches of a shape: seen once, they were warmed up; then they are captured and replayed.
type graph struct{ handle uintptr }

const graphsKept = 256 // shapes of a session whose launches are remembered

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

// submit puts the planned work on the stream, between the marks of a watch: kernel by kernel, or as a graph where its
// shape recurs.
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
	if err := d.call(d.cuStreamBeginCapture, d.queue, 2); err != nil { // relaxed: other threads may do as they please
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

// dropGraphs forgets all launches.
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
