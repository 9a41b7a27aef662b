package transformer

import "time"

// The interfaces of this file are what a backend or a session may offer beyond Backend and Session. Callers ask for them by
// type assertion; what a device cannot do it leaves out. DeviceDecoder is one of them, too.

// A CeilingMeter is a backend that measures the ceilings of its own device.
type CeilingMeter interface {
	Backend
	// Meter returns what measures the device's ceilings, each time that it is called, and what frees the memory which that takes.
	// Ceilings are what the device can do at most, in GB/s and GFLOP/s, by the names ReadCeiling, F32Ceiling, BF16Ceiling and
	// BF16DotCeiling. The device should do nothing else meanwhile.
	Meter() (ceilings func() (map[string]float64, error), done func() error, err error)
}

// An Identified backend names its device where a machine may have several.
type Identified interface {
	Backend
	// UUID is the device's, as NVML writes it: "GPU-00112233-4455-6677-8899-aabbccddeeff".
	UUID() string
}

// A Rounder is a backend that rounds to bf16 at other places than a backend without this method does. The conformance tests
// round their reference at the same places.
type Rounder interface {
	Backend
	// Rounds says whether what a norm yields is rounded before it is divided by the root mean square (otherwise after), and
	// over how many slots the weights of attention are rounded against their own largest (0: over all slots of a row).
	Rounds() (beforeNorm bool, slots int)
}

// A Timed session knows how long its device has worked.
type Timed interface {
	Session
	// DeviceTime is the time that the device has spent on this session's forwards since Open, by its own clock.
	DeviceTime() time.Duration
}

// A Holder is a session whose forwards also run on the calling thread, on a processor that the thread moves to for each
// forward and leaves afterwards.
type Holder interface {
	Session
	Hold() (release func())
}

// Hold keeps the calling goroutine on the processor of a session's forwards until it calls release, so that forwards in close
// succession do not each pay some microseconds for the move. It does nothing for sessions that are no Holder.
func Hold(s Session) (release func()) {
	if h, ok := s.(Holder); ok {
		return h.Hold()
	}
	return func() {}
}
