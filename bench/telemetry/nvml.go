//go:build linux && cgo

package telemetry

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"golang.org/x/sys/unix"

	"tandem/record"
)

// Open watches the GPU with a UUID, "GPU-…", or with none given the first one. It fails where there is no
// driver or no GPU.
func Open(uuid string) (Source, error) { return open(libraryName, uuid) }

// gpu is a GPU as NVML shows it.
type gpu struct {
	lib    *library
	device device
}

func open(name, uuid string) (Source, error) {
	lib, err := openLibrary(name)
	if err != nil {
		return nil, errNone
	}
	g := &gpu{lib: lib}
	if uuid != "" && lib.byUUID(uuid, &g.device) != success {
		g.Close()
		return nil, fmt.Errorf("telemetry: NVML knows no GPU %s", uuid)
	}
	if uuid == "" && lib.byIndex(0, &g.device) != success {
		g.Close()
		return nil, errNone
	}
	return g, nil
}

func (g *gpu) Close() error { return g.lib.close() }

func (g *gpu) GPU() record.GPU {
	driver := func(_ device, text *byte, length uint32) status { return g.lib.driver(text, length) }
	out := record.GPU{Name: g.text(g.lib.name), UUID: g.text(g.lib.uuid), Driver: g.text(driver)}
	if m := read(g.device, g.lib.memory); m != nil {
		out.Memory = int64(m.Total)
	}
	if milliwatts := read(g.device, g.lib.powerLimit); milliwatts != nil {
		out.PowerLimit = float64(*milliwatts) / 1e3
	}
	out.ECC, out.MIG = g.enabled(g.lib.ecc), g.enabled(g.lib.mig)
	return out
}

func (g *gpu) Read() record.Reading {
	out := record.Reading{At: time.Now(), Watts: g.watts()}
	out.SMClock, out.MemoryClock = g.number(g.lib.clock, clockSM), g.number(g.lib.clock, clockMemory)
	out.Celsius = g.number(g.lib.temperature, sensorGPU)
	if m := read(g.device, g.lib.memory); m != nil {
		out.MemoryUsed = pointer(int64(m.Used))
	}
	reasons := read(g.device, g.lib.reasons)
	if reasons == nil { // the name until driver 535
		reasons = read(g.device, g.lib.throttled)
	}
	if reasons != nil {
		out.Reasons = named(*reasons)
	}
	return out
}

// watts is the power of this instant, or where there is no such field the driver's average over a second.
func (g *gpu) watts() *float64 {
	field := fieldValue{Field: powerInstant}
	if g.lib.fields(g.device, 1, &field) == success && field.Status == success {
		if milliwatts, ok := field.number(); ok {
			return pointer(milliwatts / 1e3)
		}
	}
	if milliwatts := read(g.device, g.lib.power); milliwatts != nil {
		return pointer(float64(*milliwatts) / 1e3)
	}
	return nil
}

func (g *gpu) Joules() (float64, error) {
	if millijoules := read(g.device, g.lib.energy); millijoules != nil {
		return float64(*millijoules) / 1e3, nil
	}
	return 0, fmt.Errorf("telemetry: this GPU or its driver has no energy counter")
}

// read is what a function says of the GPU; nil is a quantity that could not be read.
func read[T any](d device, function func(device, *T) status) *T {
	v := new(T)
	if function(d, v) != success {
		return nil
	}
	return v
}

// number is read for a function of several kinds of quantity.
func (g *gpu) number(function func(device, uint32, *uint32) status, kind uint32) *int {
	if v := read(g.device, func(d device, v *uint32) status { return function(d, kind, v) }); v != nil {
		return pointer(int(*v))
	}
	return nil
}

// enabled is read for a mode that the GPU has now, and another one from the next reset on.
func (g *gpu) enabled(function func(d device, now, pending *uint32) status) *bool {
	if v := read(g.device, func(d device, v *[2]uint32) status { return function(d, &v[0], &v[1]) }); v != nil {
		return pointer(v[0] == 1)
	}
	return nil
}

// text is read for a string; empty is one that could not be read.
func (g *gpu) text(function func(device, *byte, uint32) status) string {
	v := read(g.device, func(d device, v *[longestText]byte) status { return function(d, &v[0], longestText) })
	if v == nil {
		return ""
	}
	return unix.ByteSliceToString(v[:])
}

func pointer[T any](v T) *T { return &v }

// number is the value of a field, which is a union.
func (f fieldValue) number() (float64, bool) {
	bits := binary.NativeEndian.Uint64(f.Value[:])
	switch f.Type {
	case typeDouble:
		return math.Float64frombits(bits), true
	case typeUint:
		return float64(binary.NativeEndian.Uint32(f.Value[:4])), true
	case typeUlong, typeUlonglong:
		return float64(bits), true
	}
	return 0, false
}

// reasons are the bits of why clocks are lower than they could be, nvmlClocksEventReason…
var reasons = []string{"idle", "clocks set", "power cap", "hardware slowdown", "sync boost", "thermal slowdown",
	"hardware thermal slowdown", "power brake"}

// named lists the reasons in a set of bits.
func named(bits uint64) (names []string) {
	for i, name := range reasons {
		if bits>>i&1 == 1 {
			names = append(names, name)
		}
	}
	return names
}
