package main

import (
	"fmt"
	"strings"

	"tandem/bench"
	"tandem/bench/telemetry"
	"tandem/evals/sandbox"
	"tandem/transformer"
	"tandem/transformer/cpu"
	"tandem/transformer/cuda"
)

type doctorCmd struct{}

// Run prints what this machine can do; a machine that cannot judge programs fails the check.
func (doctorCmd) Run(a *app) error {
	e := bench.Environment(a.ctx, version, commit)
	fmt.Fprintf(a.stdout, "processor   %s, %d cores, %.1f GiB of memory, load %.1f\n", e.CPU, e.Cores, float64(e.Memory)/(1<<30), e.Load)
	for _, dtype := range []transformer.Dtype{transformer.F32, transformer.BF16} {
		fmt.Fprintf(a.stdout, "kernels     %s: %s\n", dtype, strings.Join(cpu.Kernels(dtype), ", "))
	}
	gpu, err := cuda.Find(cudaDriver())
	if err != nil {
		gpu = "none: " + strings.TrimPrefix(strings.ReplaceAll(err.Error(), "\n", "; "), "cuda: ")
	}
	fmt.Fprintf(a.stdout, "gpu         %s\n", gpu)
	fmt.Fprintf(a.stdout, "nvml        %s\n", nvml())
	judge, err := sandbox.New(sandbox.Options{})
	if err != nil {
		fmt.Fprintf(a.stdout, "judge       none: %v\n", err)
		return errFailed
	}
	defer judge.Close()
	_, err = fmt.Fprintf(a.stdout, "judge       python %s, %s\n            %s\n", judge.Python(), judge.Tier(),
		strings.Join(judge.Explain(), "\n            "))
	return err
}

// nvml says what can be read of the GPU beside a run.
func nvml() string {
	source, err := telemetry.Open("")
	if err != nil {
		return "none: " + strings.TrimPrefix(err.Error(), "telemetry: ")
	}
	defer source.Close()
	gpu := source.GPU()
	text := fmt.Sprintf("%s, %s, driver %s, power limit %.0f W", gpu.Name, gpu.UUID, gpu.Driver, gpu.PowerLimit)
	if _, err := source.Joules(); err != nil {
		text += ", no energy counter"
	}
	return text
}
