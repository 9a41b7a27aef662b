package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"tandem/decoders"
	"tandem/transformer"
)

// planDecoders turns the names of --decoders and the values of each --sweep into settings, resolved for a model: the named
// ones first, then for each of them the grid of the sweeps. A threshold above 0 is the policy of the diffusion decoders that
// name none. Doubles are dropped.
func planDecoders(names, sweeps []string, threshold float64, c transformer.Config) ([]decoders.Settings, error) {
	var named []decoders.Settings
	for _, name := range names {
		s, err := decoders.ParseName(strings.TrimSpace(name))
		if err != nil {
			return nil, fmt.Errorf("--decoders: %w", err)
		}
		if s.Family == decoders.Diffusion && threshold > 0 && !s.HasPolicy() {
			s.Threshold = threshold
		}
		named = append(named, s)
	}
	axes, err := parseSweeps(sweeps)
	if err != nil {
		return nil, err
	}
	grid, err := decoders.Sweep(named, axes)
	if err != nil {
		return nil, fmt.Errorf("--sweep: %w", err)
	}
	var out []decoders.Settings
	for _, s := range append(named, grid...) {
		if s = s.Resolve(c); !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out, nil
}

// parseSweeps reads key=value,value,… of each --sweep. Those of one key are one axis.
func parseSweeps(sweeps []string) (axes []decoders.Axis, err error) {
	for _, sweep := range sweeps {
		key, list, ok := strings.Cut(sweep, "=")
		if !ok || key == "" || list == "" {
			return nil, fmt.Errorf("--sweep %s: want key=value,value,… such as threshold=0.7,0.9", sweep)
		}
		i := slices.IndexFunc(axes, func(a decoders.Axis) bool { return a.Key == key })
		if i < 0 {
			i = len(axes)
			axes = append(axes, decoders.Axis{Key: key})
		}
		for value := range strings.SplitSeq(list, ",") {
			axes[i].Values = append(axes[i].Values, strings.TrimSpace(value))
		}
	}
	return axes, nil
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
