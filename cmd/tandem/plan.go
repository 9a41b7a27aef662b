package main

import (
	"fmt"
	"io"
	"os"
	"slices"
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
	asked = evals.Prompts{Suite: j.suite}
	if j.model != nil {
		asked.Chat = j.model.Chat
	}
	if info, statErr := os.Stat(usual); strings.ContainsAny(usual, `/\.`) || statErr == nil && info.Mode().IsRegular() {
		own, err := evals.ReadPrompt(usual)
		if err != nil {
			return asked, nil, fmt.Errorf("--prompt: %w", err)
		}
		asked.Own, usual = []evals.Prompt{own}, own.Name
	}
	for _, s := range j.plan {
		one, err := bench.PlanPrompts([]decoders.Settings{s}, usual, j.remote.prompts(s, asked))
		if err != nil {
			return asked, nil, fmt.Errorf("--prompt: %w", err)
		}
		if !slices.Contains(plan, one[0]) {
			plan = append(plan, one[0])
		}
	}
	return asked, plan, nil
}

// ask asks the tasks, each decoder as it is asked: those of the model together, and each endpoint. longest is the tokens of the longest
// prompt of the model.
func (j job) ask(setup *bench.Setup, limit int) (longest int, err error) {
	groups := [][]decoders.Settings{ofModel(j.plan)}
	for _, s := range j.remote.of(j.plan) {
		groups = append(groups, []decoders.Settings{s})
	}
	for _, group := range groups {
		if len(group) == 0 {
			continue
		}
		n, err := setup.Ask(j.remote.prompts(group[0], j.asked), group, limit)
		if err != nil {
			return 0, err
		}
		longest = max(longest, n)
	}
	return longest, nil
}

// checkSamples refuses several samples of a task where no decoder's would differ, and names the decoders whose do not.
func checkSamples(stderr io.Writer, samples int, plan []decoders.Settings) error {
	var greedy []string
	for _, s := range plan {
		if s.Greedy() || s.Family == decoders.Endpoint && s.Temperature == 0 {
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
