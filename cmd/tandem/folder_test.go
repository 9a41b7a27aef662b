package main

import (
	"regexp"
	"testing"

	"tandem/datasets"
	"tandem/decoders"
	"tandem/transformer"
	"tandem/transformer/checkpoint"
)

// TestFolder: what makes it another run makes it another folder, and nothing else does.
func TestFolder(t *testing.T) {
	type run struct {
		flags runCmd
		suite datasets.Suite
		model checkpoint.Model
		plan  []decoders.Settings
	}
	sum := func(hex string) func() string { return func() string { return hex } }
	folder := func(change func(*run)) string {
		r := run{runCmd{Repeats: 5, Samples: 1, Batch: 1, MaxTokens: 128, Length: "natural", Seed: 1}, datasets.Suite{Name: "basics", SHA256: "1"},
			checkpoint.Model{Name: "org/a model", SHA256: sum("2"), Weights: &transformer.Weights{Dtype: transformer.BF16}}, []decoders.Settings{{Family: decoders.AR}}}
		change(&r)
		return r.flags.folder(r.flags.header(job{suite: r.suite, model: &r.model, plan: r.plan}))
	}
	first := folder(func(*run) {})
	if !regexp.MustCompile(`^results/basics-a-model-[0-9a-f]{8}$`).MatchString(first) {
		t.Errorf("folder %s", first)
	}
	for name, change := range map[string]func(*run){
		"workers": func(r *run) { r.flags.Workers = 3 }, "judge": func(r *run) { r.flags.Judge = "none" }, "json": func(r *run) { r.flags.JSON = true },
	} {
		if got := folder(change); got != first {
			t.Errorf("--%s gives %s in place of %s", name, got, first)
		}
	}
	seen := map[string]string{first: "nothing"}
	for name, change := range map[string]func(*run){
		"suite": func(r *run) { r.suite.SHA256 = "3" }, "model": func(r *run) { r.model.SHA256 = sum("3") }, "dtype": func(r *run) { r.model.Weights.Dtype = transformer.F32 },
		"decoders": func(r *run) { r.plan[0].Uncached = true }, "limit": func(r *run) { r.flags.Limit = 2 }, "seed": func(r *run) { r.flags.Seed = 2 },
		"repeats": func(r *run) { r.flags.Repeats = 2 }, "samples": func(r *run) { r.flags.Samples = 2 }, "batch": func(r *run) { r.flags.Batch = 2 },
		"max-tokens": func(r *run) { r.flags.MaxTokens = 2 }, "length": func(r *run) { r.flags.Length = "forced" }, "threads": func(r *run) { r.flags.Threads = 1 },
		"device": func(r *run) { r.flags.Device = "cpu" }, "kernels": func(r *run) { r.flags.Kernels = "portable" },
	} {
		got := folder(change)
		if other, double := seen[got]; double {
			t.Errorf("--%s gives the folder of %s", name, other)
		}
		seen[got] = name
	}
}
