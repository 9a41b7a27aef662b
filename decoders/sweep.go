package decoders

import (
	"fmt"
	"slices"
	"strings"

	"tandem/transformer"
)

// An Axis is a setting that a sweep varies, and its values as they stand in names.
type Axis struct {
	Key    string
	Values []string
}

// ParseAxes reads axes, each written key=value,value,…; those of one key are one axis.
func ParseAxes(texts []string) (axes []Axis, err error) {
	for _, text := range texts {
		key, list, ok := strings.Cut(text, "=")
		if !ok || key == "" || list == "" {
			return nil, fmt.Errorf("%s: want key=value,value,… such as threshold=0.7,0.9", text)
		}
		i := slices.IndexFunc(axes, func(a Axis) bool { return a.Key == key })
		if i < 0 {
			i = len(axes)
			axes = append(axes, Axis{Key: key})
		}
		for value := range strings.SplitSeq(list, ",") {
			axes[i].Values = append(axes[i].Values, strings.TrimSpace(value))
		}
	}
	return axes, nil
}

// sweep is the grid of the axes for each decoder: one decoder per combination of their values, its other settings unchanged.
// A decoder that is no diffusion decoder skips the axes that it does not know; where it knows none it adds nothing. An axis that no decoder
// knows is an error, and so is a value or a combination that no decoder can have.
func sweep(named []Settings, axes []Axis) (grid []Settings, err error) {
	for _, axis := range axes {
		if !slices.ContainsFunc(named, func(s Settings) bool { return s.Family == Diffusion || s.Family.knows(axis.Key) }) {
			return nil, fmt.Errorf("no decoder is named that knows %q", axis.Key)
		}
	}
	for _, s := range named {
		own := axes
		if s.Family != Diffusion {
			own = slices.DeleteFunc(slices.Clone(axes), func(a Axis) bool { return !s.Family.knows(a.Key) })
		}
		if len(own) == 0 {
			continue
		}
		base, custom := s.without(own)
		for _, settings := range combinations(own) {
			one, err := ParseName(base + settings)
			if err != nil {
				return nil, err
			}
			one.Custom = custom
			grid = append(grid, one)
		}
	}
	return grid, nil
}

// Plan is the named decoders and then the grid of the axes, resolved for a model, each once. Settings that the model cannot run
// stay as they are, so that New says why. A threshold above 0 is the policy of the diffusion decoders that name none.
func Plan(named []Settings, axes []Axis, threshold float64, c transformer.Config) (plan []Settings, err error) {
	named = slices.Clone(named)
	for i := range named {
		if s := &named[i]; s.Family == Diffusion && threshold > 0 && !s.hasPolicy() {
			s.Threshold = threshold
		}
	}
	grid, err := sweep(named, axes)
	if err != nil {
		return nil, err
	}
	for _, s := range append(named, grid...) {
		if s.fits(c) == nil {
			s = s.resolve(c)
		}
		if !slices.Contains(plan, s) {
			plan = append(plan, s)
		}
	}
	return plan, nil
}

// knows says whether a family has a setting of this name.
func (f Family) knows(key string) bool { return slices.Contains(f.Keys(), key) }

// without is the decoder's name without the settings of the axes, and its custom policy, which a name cannot hold. Where an
// axis chooses a policy, the decoder loses the one that it has.
func (s Settings) without(axes []Axis) (name string, custom *PolicySpec) {
	var dropped []string
	custom, s.Custom = s.Custom, nil
	for _, axis := range axes {
		dropped = append(dropped, axis.Key)
		if slices.Contains(policyKeys(), axis.Key) {
			custom = nil
			for _, o := range policyOptions() {
				dropped = append(dropped, o.key)
			}
		}
	}
	return strings.Join(slices.DeleteFunc(strings.Split(s.Name(), "/"), func(part string) bool {
		key, _, _ := strings.Cut(part, "=")
		return slices.Contains(dropped, key)
	}), "/"), custom
}

// combinations are the ends of the names of the grid, the last axis varying fastest.
func combinations(axes []Axis) []string {
	out := []string{""}
	for _, axis := range axes {
		var longer []string
		for _, settings := range out {
			for _, value := range axis.Values {
				longer = append(longer, settings+"/"+axis.Key+"="+value)
			}
		}
		out = longer
	}
	return out
}
