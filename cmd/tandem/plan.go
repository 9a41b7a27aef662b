package main

import (
	"fmt"
	"slices"
	"strings"

	"tandem/decoders"
	"tandem/transformer"
)

// planDecoders turns the names of --decoders and the values of each --sweep into settings, resolved for a model.
// Each sweep adds, for every decoder that was named and knows its key, one decoder a value, the others' settings
// unchanged. A threshold above 0 is the policy of the diffusion decoders that name none. Doubles are dropped.
func planDecoders(names, sweeps []string, threshold float64, c transformer.Config) ([]decoders.Settings, error) {
	var named []decoders.Settings
	for _, name := range names {
		s, err := decoders.ParseName(strings.TrimSpace(name))
		if err != nil {
			return nil, fmt.Errorf("--decoders: %w", err)
		}
		if s.Family == decoders.Diffusion && threshold > 0 && !hasPolicy(s) {
			s.Threshold = threshold
		}
		named = append(named, s.Resolve(c))
	}
	all := slices.Clone(named)
	for _, sweep := range sweeps {
		more, err := swept(named, sweep)
		if err != nil {
			return nil, fmt.Errorf("--sweep %s: %w", sweep, err)
		}
		all = append(all, more...)
	}
	var out []decoders.Settings
	for _, s := range all {
		if !slices.Contains(out, s.Resolve(c)) {
			out = append(out, s.Resolve(c))
		}
	}
	return out, nil
}

func hasPolicy(s decoders.Settings) bool {
	return s.Threshold > 0 || s.Factor > 0 || s.EntropyBound > 0 || s.Quota != ""
}

// swept varies one key of each decoder whose family has it.
func swept(named []decoders.Settings, sweep string) (out []decoders.Settings, err error) {
	key, list, ok := strings.Cut(sweep, "=")
	if !ok || key == "" || list == "" {
		return nil, fmt.Errorf("want key=value,value,… such as threshold=0.7,0.9")
	}
	for _, s := range named {
		for value := range strings.SplitSeq(list, ",") {
			var one decoders.Settings
			if one, err = with(s, key, strings.TrimSpace(value)); err == nil {
				out = append(out, one)
			} else if s.Family == decoders.Diffusion {
				return nil, err
			}
		}
	}
	if len(out) == 0 && err == nil {
		err = fmt.Errorf("no decoder is named")
	}
	if len(out) > 0 {
		err = nil // the autoregressive decoder does not know the key; the others do
	}
	return out, err
}

// with is s with one setting replaced; a commit policy replaces the one that s has.
func with(s decoders.Settings, key, value string) (decoders.Settings, error) {
	if slices.Contains([]string{"threshold", "factor", "entropy_bound", "quota"}, key) {
		s.Threshold, s.Factor, s.EntropyBound, s.Quota, s.Steps = 0, 0, 0, "", 0
	}
	parts := slices.DeleteFunc(strings.Split(s.Name(), "/"), func(part string) bool { return strings.HasPrefix(part, key+"=") })
	return decoders.ParseName(strings.Join(append(parts, key+"="+value), "/"))
}
