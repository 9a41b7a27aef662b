package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"tandem/bench"
	"tandem/decoders"
	"tandem/evals"
	"tandem/transformer"
)

// planDecoders turns the names of --decoders and the values of each --sweep into the settings of a plan.
func planDecoders(names, sweeps []string, threshold float64, c transformer.Config) ([]decoders.Settings, error) {
	var named []decoders.Settings
	for _, name := range names {
		s, err := decoders.ParseName(strings.TrimSpace(name))
		if err != nil {
			return nil, fmt.Errorf("--decoders: %w", err)
		}
		named = append(named, s)
	}
	axes, err := decoders.ParseAxes(sweeps)
	if err != nil {
		return nil, fmt.Errorf("--sweep %w", err)
	}
	plan, err := decoders.Plan(named, axes, threshold, c)
	if err != nil {
		return nil, fmt.Errorf("--sweep: %w", err)
	}
	return plan, nil
}

// planPrompts gives the decoders of the plan their prompts: of --prompt, which may be a file, where they name none.
func planPrompts(usual string, j job) (asked evals.Prompts, plan []decoders.Settings, err error) {
	asked = evals.Prompts{Suite: j.suite, Chat: j.model.Chat}
	if info, statErr := os.Stat(usual); strings.ContainsAny(usual, `/\.`) || statErr == nil && info.Mode().IsRegular() {
		own, err := evals.ReadPrompt(usual)
		if err != nil {
			return asked, nil, fmt.Errorf("--prompt: %w", err)
		}
		asked.Own, usual = []evals.Prompt{own}, own.Name
	}
	if plan, err = bench.PlanPrompts(j.plan, usual, asked); err != nil {
		return asked, nil, fmt.Errorf("--prompt: %w", err)
	}
	return asked, plan, nil
}

// checkSamples refuses several samples of a task where no decoder's would differ, and names the decoders whose do not.
func checkSamples(stderr io.Writer, samples int, plan []decoders.Settings) error {
	var greedy []string
	for _, s := range plan {
		if s.Greedy() {
			greedy = append(greedy, s.Name())
		}
	}
	if samples < 2 || len(greedy) == 0 {
		return nil
	}
	if len(greedy) == len(plan) {
		return fmt.Errorf("--samples %d needs a decoder with a temperature, such as ar/temperature=0.8: a greedy one gives the same sample each time", samples)
	}
	fmt.Fprintf(stderr, "tandem: without a temperature all %d samples of a task are the same: %s\n", samples, strings.Join(greedy, ", "))
	return nil
}
