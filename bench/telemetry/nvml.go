//go:build linux && cgo

package telemetry

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"github.com/NVIDIA/go-nvml/pkg/nvml"

	"tandem/record"
)

// Open watches the GPU with a UUID, "GPU-…", or with none given the first one. It returns ErrNone where there is no
// driver or no GPU.
func Open(uuid string) (Source, error) { return open(nvml.New(), uuid) }

// gpu is a GPU as NVML shows it.
//
// Invariant: no function of the library is called whose symbol the driver lacks, since that would end the process.
type gpu struct {
	lib    nvml.Interface
	device nvml.Device
}

func open(lib nvml.Interface, uuid string) (Source, error) {
	if lib.Init() != nvml.SUCCESS {
		return nil, ErrNone
	}
	g := &gpu{lib: lib}
	var result nvml.Return
	switch {
	case uuid != "" && g.has("nvmlDeviceGetHandleByUUID"):
		g.device, result = lib.DeviceGetHandleByUUID(uuid)
	case uuid == "" && g.has("nvmlDeviceGetHandleByIndex_v2"):
		g.device, result = lib.DeviceGetHandleByIndex(0)
	default:
		result = nvml.ERROR_FUNCTION_NOT_FOUND
	}
	if result != nvml.SUCCESS {
		lib.Shutdown()
		if uuid != "" {
			return nil, fmt.Errorf("telemetry: NVML knows no GPU %s", uuid)
		}
		return nil, ErrNone
	}
	return g, nil
}

func (g *gpu) has(symbol string) bool { return g.lib.Extensions().LookupSymbol(symbol) == nil }

func (g *gpu) Close() error {
	if result := g.lib.Shutdown(); result != nvml.SUCCESS {
		return fmt.Errorf("telemetry: NVML does not shut down: error %d", result)
	}
	return nil
}

func (g *gpu) GPU() record.GPU {
	var out record.GPU
	d := g.device
	out.Name = read(g, "nvmlDeviceGetName", d.GetName)
	out.UUID = read(g, "nvmlDeviceGetUUID", d.GetUUID)
	out.Driver = read(g, "nvmlSystemGetDriverVersion", g.lib.SystemGetDriverVersion)
	out.Memory = int64(read(g, "nvmlDeviceGetMemoryInfo", d.GetMemoryInfo).Total)
	out.PowerLimit = float64(read(g, "nvmlDeviceGetEnforcedPowerLimit", d.GetEnforcedPowerLimit)) / 1e3
	if g.has("nvmlDeviceGetEccMode") {
		if now, _, result := d.GetEccMode(); result == nvml.SUCCESS {
			out.ECC = pointer(now == nvml.FEATURE_ENABLED)
		}
	}
	if g.has("nvmlDeviceGetMigMode") {
		if now, _, result := d.GetMigMode(); result == nvml.SUCCESS {
			out.MIG = pointer(now == nvml.DEVICE_MIG_ENABLE)
		}
	}
	return out
}

func (g *gpu) Read() record.Reading {
	d := g.device
	out := record.Reading{At: time.Now(), Watts: g.watts()}
	clock := func(kind nvml.ClockType) *int {
		return converted[int](try(g, "nvmlDeviceGetClockInfo", func() (uint32, nvml.Return) { return d.GetClockInfo(kind) }))
	}
	out.SMClock, out.MemoryClock = clock(nvml.CLOCK_SM), clock(nvml.CLOCK_MEM)
	out.Celsius = converted[int](try(g, "nvmlDeviceGetTemperature", func() (uint32, nvml.Return) { return d.GetTemperature(nvml.TEMPERATURE_GPU) }))
	if memory := try(g, "nvmlDeviceGetMemoryInfo", d.GetMemoryInfo); memory != nil {
		out.MemoryUsed = pointer(int64(memory.Used))
	}
	reasons := try(g, "nvmlDeviceGetCurrentClocksEventReasons", d.GetCurrentClocksEventReasons)
	if reasons == nil { // the name until driver 535
		reasons = try(g, "nvmlDeviceGetCurrentClocksThrottleReasons", d.GetCurrentClocksThrottleReasons)
	}
	if reasons != nil {
		out.Reasons = named(*reasons)
	}
	return out
}

// watts is the power of this instant (field 186), or where there is no such field the driver's average over a second.
func (g *gpu) watts() *float64 {
	if g.has("nvmlDeviceGetFieldValues") {
		field := []nvml.FieldValue{{FieldId: nvml.FI_DEV_POWER_INSTANT}}
		if g.device.GetFieldValues(field) == nvml.SUCCESS && nvml.Return(field[0].NvmlReturn) == nvml.SUCCESS {
			if milliwatts, ok := number(field[0]); ok {
				return pointer(milliwatts / 1e3)
			}
		}
	}
	if milliwatts := try(g, "nvmlDeviceGetPowerUsage", g.device.GetPowerUsage); milliwatts != nil {
		return pointer(float64(*milliwatts) / 1e3)
	}
	return nil
}

// number is the value of a field, which is a union.
func number(f nvml.FieldValue) (float64, bool) {
	bits := binary.NativeEndian.Uint64(f.Value[:])
	switch nvml.ValueType(f.ValueType) {
	case nvml.VALUE_TYPE_DOUBLE:
		return math.Float64frombits(bits), true
	case nvml.VALUE_TYPE_UNSIGNED_INT:
		return float64(binary.NativeEndian.Uint32(f.Value[:4])), true
	case nvml.VALUE_TYPE_UNSIGNED_LONG, nvml.VALUE_TYPE_UNSIGNED_LONG_LONG:
		return float64(bits), true
	}
	return 0, false
}

func (g *gpu) Joules() (float64, error) {
	if millijoules := try(g, "nvmlDeviceGetTotalEnergyConsumption", g.device.GetTotalEnergyConsumption); millijoules != nil {
		return float64(*millijoules) / 1e3, nil
	}
	return 0, fmt.Errorf("telemetry: this GPU or its driver has no energy counter")
}

// try calls a function if the driver has it; nil is a quantity that could not be read.
func try[T any](g *gpu, symbol string, call func() (T, nvml.Return)) *T {
	if !g.has(symbol) {
		return nil
	}
	v, result := call()
	if result != nvml.SUCCESS {
		return nil
	}
	return &v
}

// read is try with the zero value for what could not be read.
func read[T any](g *gpu, symbol string, call func() (T, nvml.Return)) (v T) {
	if p := try(g, symbol, call); p != nil {
		v = *p
	}
	return v
}

func pointer[T any](v T) *T { return &v }

func converted[To, From int | uint32](v *From) *To {
	if v == nil {
		return nil
	}
	return pointer(To(*v))
}

// named lists the reasons in a set of bits.
func named(bits uint64) (names []string) {
	for _, r := range []struct {
		bit  uint64
		name string
	}{
		{nvml.ClocksEventReasonGpuIdle, "idle"},
		{nvml.ClocksEventReasonApplicationsClocksSetting, "clocks set"},
		{nvml.ClocksEventReasonSwPowerCap, "power cap"},
		{nvml.ClocksThrottleReasonHwSlowdown, "hardware slowdown"},
		{nvml.ClocksEventReasonSyncBoost, "sync boost"},
		{nvml.ClocksEventReasonSwThermalSlowdown, "thermal slowdown"},
		{nvml.ClocksThrottleReasonHwThermalSlowdown, "hardware thermal slowdown"},
		{nvml.ClocksThrottleReasonHwPowerBrakeSlowdown, "power brake"},
	} {
		if bits&r.bit != 0 {
			names = append(names, r.name)
		}
	}
	return names
}
