package flags

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/goccy/go-yaml"
)

// A Config is a flag that names a file of other flags.
type Config string

// BeforeResolve reads the file before kong resolves the other flags.
func (Config) BeforeResolve(k *kong.Kong, parsed *kong.Context, trace *kong.Path) error {
	resolver, err := k.LoadConfig(string(parsed.FlagValue(trace.Flag).(Config)))
	if err != nil {
		return fmt.Errorf("--config: %w", err)
	}
	parsed.AddResolver(resolver)
	return nil
}

// A config is the YAML file of a verb's flags, `repeats: 10` for --repeats 10. What the command line says wins.
type config map[string]any

// load reads the file of a Config for kong; keys are checked against the flags when they are resolved.
func load(r io.Reader) (kong.Resolver, error) {
	c := config{}
	if err := yaml.NewDecoder(r, yaml.Strict()).Decode(&c); err != nil && err != io.EOF {
		return nil, fmt.Errorf("not YAML of flag names and values: %s", yaml.FormatError(err, false, false))
	}
	return c, nil
}

// Validate reports a key that is no flag of run, the one verb that reads a config.
func (c config) Validate(app *kong.Application) error {
	var known []string
	for _, verb := range app.Children {
		if verb.Name != "run" {
			continue
		}
		for _, flag := range verb.Flags {
			if flag.Name != "config" {
				known = append(known, flag.Name)
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(c)) {
		if !slices.Contains(known, key) {
			return fmt.Errorf("--config: unknown key %q; it may hold %s", key, strings.Join(known, ", "))
		}
	}
	return nil
}

// Resolve gives kong a flag's value as the command line would: lists become comma-separated text.
func (c config) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	value, ok := c[flag.Name]
	if !ok {
		return nil, nil
	}
	list, ok := value.([]any)
	if _, mapping := value.(map[string]any); mapping || value == nil {
		return nil, errors.New("the file of --config gives it no value")
	}
	if !ok {
		return fmt.Sprint(value), nil
	}
	if flag.Name == "sweep" { // its values hold commas themselves
		return list, nil
	}
	var parts []string
	for _, v := range list {
		parts = append(parts, fmt.Sprint(v))
	}
	return strings.Join(parts, ","), nil
}
