//go:build linux && cgo

package telemetry

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/NVIDIA/go-nvml/pkg/nvml"
	"github.com/NVIDIA/go-nvml/pkg/nvml/mock/dgxh200"
	"github.com/NVIDIA/go-nvml/pkg/nvml/mock/server"
)

// h200 is NVIDIA's simulated machine, its first GPU made to answer what Tandem asks.
func h200() (*server.Server, *server.Device) {
	s := dgxh200.New()
	d := s.Devices[0].(*server.Device)
	s.DeviceGetHandleByIndexFunc = func(int) (nvml.Device, nvml.Return) { return d, nvml.SUCCESS }
	d.GetEnforcedPowerLimitFunc = func() (uint32, nvml.Return) { return 700_000, nvml.SUCCESS }
	d.GetEccModeFunc = func() (nvml.EnableState, nvml.EnableState, nvml.Return) {
		return nvml.FEATURE_ENABLED, nvml.FEATURE_ENABLED, nvml.SUCCESS
	}
	d.GetClockInfoFunc = func(kind nvml.ClockType) (uint32, nvml.Return) { return 1000 + uint32(kind), nvml.SUCCESS }
	d.GetTemperatureFunc = func(nvml.TemperatureSensors) (uint32, nvml.Return) { return 41, nvml.SUCCESS }
	d.GetCurrentClocksEventReasonsFunc = func() (uint64, nvml.Return) { return 4 | 64, nvml.SUCCESS }
	d.GetFieldValuesFunc = func(f []nvml.FieldValue) nvml.Return {
		f[0].ValueType, f[0].Value = uint32(nvml.VALUE_TYPE_UNSIGNED_INT), [8]byte{0x10, 0x27}
		return nvml.SUCCESS
	}
	d.GetPowerUsageFunc = func() (uint32, nvml.Return) { return 123_000, nvml.SUCCESS }
	d.GetTotalEnergyConsumptionFunc = func() (uint64, nvml.Return) { return 5_250, nvml.SUCCESS }
	return s, d
}

func text(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestGPU(t *testing.T) {
	s, d := h200()
	source, err := open(s, "")
	if err != nil {
		t.Fatal(err)
	}
	got := text(t, source.GPU())
	want := fmt.Sprintf(`{"name":"NVIDIA H200 141GB HBM3e","uuid":%q,"driver":"550.54.15","memory_bytes":%d,"power_limit_watts":700,"ecc":true,"mig":false}`,
		d.UUID, int64(144384)<<20)
	if got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	r := source.Read()
	if r.At.IsZero() || *r.Watts != 10 || *r.SMClock != 1001 || *r.MemoryClock != 1002 || *r.Celsius != 41 ||
		strings.Join(r.Reasons, ", ") != "power cap, hardware thermal slowdown" {
		t.Errorf("%s", text(t, r))
	}
	if j, err := source.Joules(); j != 5.25 || err != nil {
		t.Errorf("%g J, %v", j, err)
	}
	if err := source.Close(); err != nil {
		t.Error(err)
	}
}

// An old driver lacks symbols: calling one of those functions would end the process, so the mock fails the test.
func TestOldDriver(t *testing.T) {
	s, d := h200()
	lacks := "nvmlDeviceGetFieldValues nvmlDeviceGetTotalEnergyConsumption nvmlDeviceGetMigMode nvmlDeviceGetCurrentClocksEventReasons"
	s.LookupSymbolFunc = func(symbol string) error {
		if strings.Contains(lacks, symbol) {
			return errors.New("undefined symbol")
		}
		return nil
	}
	d.GetFieldValuesFunc = func([]nvml.FieldValue) nvml.Return { t.Error("GetFieldValues was called"); return nvml.SUCCESS }
	d.GetTotalEnergyConsumptionFunc = func() (uint64, nvml.Return) { t.Error("GetTotalEnergyConsumption was called"); return 0, nvml.SUCCESS }
	d.GetMigModeFunc = func() (int, int, nvml.Return) { t.Error("GetMigMode was called"); return 0, 0, nvml.SUCCESS }
	d.GetCurrentClocksEventReasonsFunc = func() (uint64, nvml.Return) {
		t.Error("GetCurrentClocksEventReasons was called")
		return 0, nvml.SUCCESS
	}
	d.GetCurrentClocksThrottleReasonsFunc = func() (uint64, nvml.Return) { return 1, nvml.SUCCESS }
	d.GetTemperatureFunc = func(nvml.TemperatureSensors) (uint32, nvml.Return) { return 0, nvml.ERROR_NOT_SUPPORTED }
	source, err := open(s, "")
	if err != nil {
		t.Fatal(err)
	}
	if g := source.GPU(); g.MIG != nil || g.Name == "" {
		t.Errorf("%s", text(t, g))
	}
	if r := source.Read(); *r.Watts != 123 || r.Celsius != nil || strings.Join(r.Reasons, ", ") != "idle" {
		t.Errorf("%s", text(t, r))
	}
	if _, err := source.Joules(); err == nil || !strings.Contains(err.Error(), "no energy counter") {
		t.Errorf("error %v", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	s, _ := h200()
	s.InitFunc = func() nvml.Return { return nvml.ERROR_LIBRARY_NOT_FOUND }
	if _, err := open(s, ""); !errors.Is(err, ErrNone) {
		t.Errorf("without a library: %v", err)
	}
	s, d := h200()
	if source, err := open(s, d.UUID); err != nil || source.GPU().UUID != d.UUID {
		t.Errorf("by UUID: %v", err)
	}
	if _, err := open(s, "GPU-none"); err == nil || !strings.Contains(err.Error(), "knows no GPU GPU-none") {
		t.Errorf("unknown UUID: %v", err)
	}
	s.DeviceGetHandleByIndexFunc = func(int) (nvml.Device, nvml.Return) { return nil, nvml.ERROR_INVALID_ARGUMENT }
	if _, err := open(s, ""); !errors.Is(err, ErrNone) {
		t.Errorf("no GPU: %v", err)
	}
}

// The real library: a machine without a driver gets ErrNone and goes on.
func TestOpenHere(t *testing.T) {
	source, err := Open("")
	if errors.Is(err, ErrNone) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if g := source.GPU(); g.Name == "" || g.Memory <= 0 {
		t.Errorf("%s", text(t, g))
	}
	t.Logf("%s", text(t, source.Read()))
	if err := source.Close(); err != nil {
		t.Error(err)
	}
}
