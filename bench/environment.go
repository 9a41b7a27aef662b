package bench

import (
	"bytes"
	"context"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/klauspost/cpuid/v2"
	"github.com/shirou/gopsutil/v4/host"
	"github.com/shirou/gopsutil/v4/load"
	"github.com/shirou/gopsutil/v4/mem"

	"tandem/record"
	"tandem/transformer"
)

// Environment is what can be read of this machine at the start of a run. Version and commit are the ones that
// the build injected. What cannot be read stays empty; the caller adds what backend and sandbox know: Threads,
// Features, GPU, Driver, Device, SandboxTier.
func Environment(ctx context.Context, version, commit string) record.Environment {
	e := record.Environment{
		Version: version,
		Commit:  commit,
		Go:      runtime.Version(),
		OS:      runtime.GOOS + "/" + runtime.GOARCH,
		CPU:     cpuid.CPU.BrandName,
		Cores:   runtime.NumCPU(),
		Python:  python(ctx),
		Started: time.Now().UTC().Truncate(time.Second),
	}
	if kernel, err := host.KernelVersionWithContext(ctx); err == nil {
		e.Kernel = kernel
	}
	if memory, err := mem.VirtualMemoryWithContext(ctx); err == nil {
		e.Memory = memory.Total
	}
	if average, err := load.AvgWithContext(ctx); err == nil {
		e.Load = average.Load1
	}
	return e
}

// EnvironmentOn is Environment with the device that a model lies on.
func EnvironmentOn(ctx context.Context, version, commit string, about transformer.Description) record.Environment {
	e := Environment(ctx, version, commit)
	e.Threads, e.Features, e.Portable, e.Device = about.Threads, about.Features, about.Portable, about.Device
	return e
}

// python is the version of the python3 on the path, which judges the programs; empty without one.
func python(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, "python3", "--version").Output()
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(string(bytes.TrimSpace(out)), "Python ")
}
