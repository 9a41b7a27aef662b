package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"tandem/bench"
	"tandem/bench/telemetry"
	"tandem/evals/sandbox"
	"tandem/reports/table"
	"tandem/transformer"
	"tandem/transformer/cpu"
	"tandem/transformer/cuda"
)

type doctorCmd struct {
	JSON bool `help:"Print JSON: processor, kernels by dtype, portable_kernels, gpu, nvml, judge; what is missing has a \"none\" with the reason."`
}

// A finding is what doctor says of one part of this machine: what it is, or why there is none.
type finding struct {
	About string `json:"about,omitempty"`
	None  string `json:"none,omitempty"`
}

func (f finding) String() string {
	if f.None != "" {
		return "none: " + f.None
	}
	return f.About
}

// A machine is what doctor finds.
type machine struct {
	Processor struct {
		Name   string  `json:"name"`
		Cores  int     `json:"cores"`
		Memory uint64  `json:"memory_bytes"`
		Load   float64 `json:"load"`
	} `json:"processor"`
	Kernels  map[transformer.Dtype][]string `json:"kernels"`          // the fastest first
	Portable bool                           `json:"portable_kernels"` // there are none but those in plain Go
	GPU      finding                        `json:"gpu"`
	NVML     finding                        `json:"nvml"`
	Judge    struct {
		finding
		Python string   `json:"python,omitempty"`
		Tier   string   `json:"sandbox_tier,omitempty"`
		Why    []string `json:"explanation,omitempty"`
	} `json:"judge"`
}

// Run prints what this machine can do; a machine that cannot judge programs fails the check.
func (c doctorCmd) Run(a *app) error {
	m := examine(a.ctx)
	var err error
	if c.JSON {
		err = printJSON(a.stdout, m)
	} else {
		_, err = io.WriteString(a.stdout, table.Pairs(m.lines(), table.Terminal(a.stdout)))
	}
	if err != nil {
		return err
	}
	if m.Judge.None != "" {
		return errFailed
	}
	return nil
}

// examine looks at this machine.
func examine(ctx context.Context) (m machine) {
	e := bench.Environment(ctx, version, commit)
	m.Processor.Name, m.Processor.Cores, m.Processor.Memory, m.Processor.Load = e.CPU, e.Cores, e.Memory, e.Load
	m.Kernels = map[transformer.Dtype][]string{}
	for _, dtype := range dtypes {
		m.Kernels[dtype] = cpu.Kernels(dtype)
	}
	m.Portable = m.Kernels[transformer.F32][0] == cpu.Portable
	gpu, err := cuda.Find(cudaDriver())
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

var dtypes = []transformer.Dtype{transformer.F32, transformer.BF16}

// lines are the findings, a name and a text each.
func (m machine) lines() [][2]string {
	p := m.Processor
	out := [][2]string{{"processor", fmt.Sprintf("%s, %d cores, %.1f GiB of memory, load %.1f", p.Name, p.Cores, float64(p.Memory)/(1<<30), p.Load)}}
	for _, dtype := range dtypes {
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
func nvml() finding {
	source, err := telemetry.Open("")
	if err != nil {
		return finding{None: strings.TrimPrefix(err.Error(), "telemetry: ")}
	}
	defer source.Close()
	gpu := source.GPU()
	text := fmt.Sprintf("%s, %s, driver %s, power limit %.0f W", gpu.Name, gpu.UUID, gpu.Driver, gpu.PowerLimit)
	if _, err := source.Joules(); err != nil {
		text += ", no energy counter"
	}
	return finding{About: text}
}
