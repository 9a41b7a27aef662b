package cuda

import (
	"errors"
	"math"
	"time"
	"unsafe"
)

// A watch measures the time of work on the stream by the device's own clock, with two events.
type watch struct {
	device     *device
	began, end uintptr
}

func (w *watch) open() error {
	return errors.Join(w.device.call(w.device.cuEventCreate, uintptr(unsafe.Pointer(&w.began)), 0),
		w.device.call(w.device.cuEventCreate, uintptr(unsafe.Pointer(&w.end)), 0))
}

func (w *watch) close() (err error) {
	for _, e := range []uintptr{w.began, w.end} {
		if e != 0 {
			err = errors.Join(err, w.device.call(w.device.cuEventDestroy, e))
		}
	}
	return err
}

// start and stop put the events on the stream: where the work begins and where it ends.
func (w *watch) start() error { return w.device.call(w.device.cuEventRecord, w.began, w.device.queue) }
func (w *watch) stop() error  { return w.device.call(w.device.cuEventRecord, w.end, w.device.queue) }

// wait returns when the device has done all before stop.
func (w *watch) wait() error { return w.device.call(w.device.cuEventSynchronize, w.end) }

// elapsed is the milliseconds between the events, both of which the device has passed.
func (w *watch) elapsed() (float64, error) {
	var ms float32
	err := w.device.call(w.device.cuEventElapsedTime, uintptr(unsafe.Pointer(&ms)), w.began, w.end)
	return math.Max(float64(ms), 1e-6), err
}

// time returns the milliseconds that work takes on the device.
func (w *watch) time(work func()) (float64, error) {
	if err := w.start(); err != nil {
		return 0, err
	}
	work()
	if err := errors.Join(w.device.done(), w.stop(), w.wait()); err != nil {
		return 0, err
	}
	return w.elapsed()
}

// count adds the time of a finished forward.
func (s *session) count(w *watch) error {
	ms, err := w.elapsed()
	s.worked += time.Duration(ms * float64(time.Millisecond))
	return err
}

// DeviceTime is how long the device has worked on the session's forwards since Open; see transformer.Timed. A forward counts
// from the moment when the device reaches it. If the device was idle at that moment, the time of the host's launch counts, too;
// no other waiting for the host does.
func (s *session) DeviceTime() time.Duration { return s.worked }
