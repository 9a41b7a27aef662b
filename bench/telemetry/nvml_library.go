//go:build linux && cgo

package telemetry

import (
	"fmt"
	"reflect"

	"github.com/NVIDIA/go-nvml/pkg/dl"
	"github.com/ebitengine/purego"
)

const libraryName = "libnvidia-ml.so.1"

// What nvml.h names: a status (nvmlReturn_t), a handle (nvmlDevice_t) and the numbers that are used here.
type (
	status int32
	device uintptr
)

const (
	success          status = 0
	functionNotFound status = 13

	clockSM, clockMemory                           = 1, 2
	sensorGPU                                      = 0
	powerInstant                                   = 186 // NVML_FI_DEV_POWER_INSTANT, milliwatts
	typeDouble, typeUint, typeUlong, typeUlonglong = 0, 1, 2, 3

	longestText = 96 // bytes of the longest name or UUID
)

// nvmlMemory_t, in bytes.
type memory struct{ Total, Free, Used uint64 }

// nvmlFieldValue_t.
type fieldValue struct {
	Field, Scope       uint32
	Timestamp, Latency int64 // µs
	Type               uint32
	Status             status
	Value              [8]byte // a union
}

// A library is NVML, opened at run time by go-nvml's loader. A function that the driver lacks answers functionNotFound.
//
// Note: go-nvml's own bindings are not linked in. They leave every function of NVML undefined in the program, which then
// starts on machines without the driver only if it is linked with -z lazy; many a gcc has -z now instead, and a package
// cannot ask for the other.
type library struct {
	*dl.DynamicLibrary

	init, shutdown     func() status
	driver             func(text *byte, length uint32) status
	byIndex            func(index uint32, d *device) status
	byUUID             func(uuid string, d *device) status
	name, uuid         func(d device, text *byte, length uint32) status
	memory             func(device, *memory) status
	power, powerLimit  func(d device, milliwatts *uint32) status
	energy             func(d device, millijoules *uint64) status
	ecc, mig           func(d device, now, pending *uint32) status
	clock              func(d device, kind uint32, mhz *uint32) status
	temperature        func(d device, sensor uint32, celsius *uint32) status
	reasons, throttled func(d device, bits *uint64) status
	fields             func(d device, n int32, values *fieldValue) status
}

// functions lists the fields by their names in NVML.
func (l *library) functions() map[string]any {
	return map[string]any{
		"nvmlInit_v2": &l.init, "nvmlShutdown": &l.shutdown, "nvmlSystemGetDriverVersion": &l.driver,
		"nvmlDeviceGetHandleByIndex_v2": &l.byIndex, "nvmlDeviceGetHandleByUUID": &l.byUUID,
		"nvmlDeviceGetName": &l.name, "nvmlDeviceGetUUID": &l.uuid, "nvmlDeviceGetMemoryInfo": &l.memory,
		"nvmlDeviceGetPowerUsage": &l.power, "nvmlDeviceGetEnforcedPowerLimit": &l.powerLimit,
		"nvmlDeviceGetTotalEnergyConsumption": &l.energy,
		"nvmlDeviceGetEccMode":                &l.ecc, "nvmlDeviceGetMigMode": &l.mig,
		"nvmlDeviceGetClockInfo": &l.clock, "nvmlDeviceGetTemperature": &l.temperature,
		"nvmlDeviceGetCurrentClocksEventReasons":    &l.reasons,
		"nvmlDeviceGetCurrentClocksThrottleReasons": &l.throttled,
		"nvmlDeviceGetFieldValues":                  &l.fields,
	}
}

// openLibrary loads and initialises NVML.
func openLibrary(name string) (*library, error) {
	l := &library{DynamicLibrary: dl.New(name, dl.RTLD_LAZY)}
	if err := l.Open(); err != nil {
		return nil, fmt.Errorf("telemetry: %w", err)
	}
	if err := l.bind(); err != nil {
		l.Close()
		return nil, fmt.Errorf("telemetry: %w", err)
	}
	if result := l.init(); result != success {
		l.Close()
		return nil, fmt.Errorf("telemetry: NVML does not start: error %d", result)
	}
	return l, nil
}

// bind finds the functions.
func (l *library) bind() error {
	handle, err := purego.Dlopen(l.Name, dl.RTLD_LAZY|dl.RTLD_NOLOAD)
	if err != nil {
		return err
	}
	defer purego.Dlclose(handle)
	for symbol, field := range l.functions() {
		if l.Lookup(symbol) != nil {
			answer(field, functionNotFound)
		} else {
			purego.RegisterLibFunc(field, handle, symbol)
		}
	}
	return nil
}

// answer makes a function, given by its address, one that always returns the same.
func answer(function any, result status) {
	f, results := reflect.ValueOf(function).Elem(), []reflect.Value{reflect.ValueOf(result)}
	f.Set(reflect.MakeFunc(f.Type(), func([]reflect.Value) []reflect.Value { return results }))
}

// close ends NVML and unloads it.
func (l *library) close() error {
	result := l.shutdown()
	if err := l.Close(); err != nil {
		return fmt.Errorf("telemetry: %w", err)
	}
	if result != success {
		return fmt.Errorf("telemetry: NVML does not shut down: error %d", result)
	}
	return nil
}
