// Package machine says what this machine can do: its processor, kernels, GPU, telemetry and sandbox.
package machine

import (
	"context"
	"fmt"
	"strings"

	"tandem/bench"
	"tandem/bench/telemetry"
	"tandem/device"
	"tandem/evals/sandbox"
	"tandem/transformer"
)

// A Finding is what is said of one part: what it is, or why there is none.
type Finding struct {
	About string `json:"about,omitempty"`
	None  string `json:"none,omitempty"`
}

func (f Finding) String() string {
	if f.None != "" {
		return "none: " + f.None
	}
	return f.About
}

// A Machine is what was found.
type Machine struct {
	Processor struct {
		Name   string  `json:"name"`
		Cores  int     `json:"cores"`
		Memory uint64  `json:"memory_bytes"`
		Load   float64 `json:"load"`
	} `json:"processor"`
	Kernels  map[transformer.Dtype][]string `json:"kernels"`          // the fastest first
	Portable bool                           `json:"portable_kernels"` // there are none but those in plain Go
	GPU      Finding                        `json:"gpu"`
	NVML     Finding                        `json:"nvml"`
	Judge    struct {
		Finding
		Python string   `json:"python,omitempty"`
		Tier   string   `json:"sandbox_tier,omitempty"`
		Why    []string `json:"explanation,omitempty"`
	} `json:"judge"`
}

// Examine looks at this machine.
func Examine(ctx context.Context) (m Machine) {
	e := bench.Environment(ctx, "", "")
	m.Processor.Name, m.Processor.Cores, m.Processor.Memory, m.Processor.Load = e.CPU, e.Cores, e.Memory, e.Load
	m.Kernels = map[transformer.Dtype][]string{}
	for _, dtype := range transformer.Dtypes() {
		m.Kernels[dtype], _ = device.Kernels(dtype)
	}
	_, m.Portable = device.Kernels(transformer.F32)
	gpu, err := device.GPU()
	if err != nil {
		m.GPU.None = strings.TrimPrefix(strings.ReplaceAll(err.Error(), "\n", "; "), "cuda: ")
	} else {
		m.GPU.About = gpu
	}
	m.NVML = nvml()
	judge, err := sandbox.New(sandbox.Options{})
	if err != nil {
		m.Judge.None = err.Error() + "; `tandem run --judge none` measures speed alone"
		return m
	}
	defer judge.Close()
	m.Judge.Python, m.Judge.Tier, m.Judge.Why = judge.Python(), string(judge.Tier()), judge.Explain()
	m.Judge.About = fmt.Sprintf("python %s, %s", m.Judge.Python, m.Judge.Tier)
	return m
}

// Lines are the findings, a name and a text each.
func (m Machine) Lines() [][2]string {
	p := m.Processor
	out := [][2]string{{"processor", fmt.Sprintf("%s, %d cores, %.1f GiB of memory, load %.1f", p.Name, p.Cores, float64(p.Memory)/(1<<30), p.Load)}}
	for _, dtype := range transformer.Dtypes() {
		out = append(out, [2]string{"kernels", fmt.Sprintf("%s: %s", dtype, strings.Join(m.Kernels[dtype], ", "))})
	}
	if m.Portable {
		out = append(out, [2]string{"", "plain Go without vectors: many rows cost nearly as many times one row, which is unfair to the"},
			[2]string{"", "diffusion decoder; kernels in C need Linux on amd64, AVX2, and a build with cgo"})
	}
	out = append(out, [2]string{"gpu", m.GPU.String()}, [2]string{"nvml", m.NVML.String()}, [2]string{"judge", m.Judge.String()})
	for _, line := range m.Judge.Why {
		out = append(out, [2]string{"", line})
	}
	return out
}

// nvml says what can be read of the GPU beside a run.
func nvml() Finding {
	source, err := telemetry.Open("")
	if err != nil {
		return Finding{None: strings.TrimPrefix(err.Error(), "telemetry: ")}
	}
	defer source.Close()
	gpu := source.GPU()
	text := fmt.Sprintf("%s, %s, driver %s, power limit %.0f W", gpu.Name, gpu.UUID, gpu.Driver, gpu.PowerLimit)
	if _, err := source.Joules(); err != nil {
		text += ", no energy counter"
	}
	return Finding{About: text}
}
