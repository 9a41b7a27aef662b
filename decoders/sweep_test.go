package decoders

import (
	"slices"
	"strings"
	"testing"

	"tandem/transformer"
)

// settingsOf parses names.
func settingsOf(t *testing.T, names ...string) (out []Settings) {
	t.Helper()
	for _, name := range names {
		s, err := ParseName(name)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	return out
}

func TestSweep(t *testing.T) {
	for _, c := range []struct {
		named []string
		axes  []Axis
		want  []string
	}{
		{[]string{"ar", "diffusion"}, []Axis{{"block", []string{"4", "8"}}}, []string{"diffusion/block=4", "diffusion/block=8"}},
		{[]string{"diffusion/threshold=0.9"}, []Axis{{"block", []string{"4", "8"}}, {"threshold", []string{"0.5", "0.7"}}}, []string{
			"diffusion/block=4/threshold=0.5", "diffusion/block=4/threshold=0.7", "diffusion/block=8/threshold=0.5", "diffusion/block=8/threshold=0.7"}},
		{[]string{"ar", "diffusion"}, []Axis{{"block", []string{"4"}}, {"temperature", []string{"0.5", "1"}}}, []string{
			"ar/temperature=0.5", "ar/temperature=1", "diffusion/block=4/temperature=0.5", "diffusion/block=4/temperature=1"}},
		{[]string{"ar"}, []Axis{{"top_p", []string{"0.9"}}, {"temperature", []string{"1"}}}, []string{"ar/temperature=1/top_p=0.9"}},
		{[]string{"diffusion/block=8/threshold=0.9"}, []Axis{{"steps", []string{"2", "4"}}, {"quota", []string{"margin"}}}, []string{
			"diffusion/block=8/quota=margin/steps=2", "diffusion/block=8/quota=margin/steps=4"}},
		{[]string{"ar/uncached"}, []Axis{{"uncached", []string{"true"}}}, []string{"ar/uncached"}},
	} {
		grid, err := sweep(settingsOf(t, c.named...), c.axes)
		var got []string
		for _, s := range grid {
			got = append(got, s.Name())
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%v, %v: %q, %v, want %q", c.named, c.axes, got, err, c.want)
		}
	}
}

func TestSweepRefuses(t *testing.T) {
	for _, c := range []struct {
		named string
		axes  []Axis
		want  string
	}{
		{"ar", []Axis{{"threshold", []string{"0.5"}}}, `no decoder is named that knows "threshold"`},
		{"diffusion", []Axis{{"treshold", []string{"0.5"}}}, `unknown setting "treshold"; diffusion knows`},
		{"diffusion", []Axis{{"block", []string{"4", ""}}}, "block wants a whole number"},
		{"diffusion", []Axis{{"threshold", []string{"0.5"}}, {"factor", []string{"2"}}}, "only one of threshold, factor"},
	} {
		if grid, err := sweep(settingsOf(t, c.named), c.axes); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s, %v: %v, %v, want an error with %q", c.named, c.axes, grid, err, c.want)
		}
	}
}

// TestSweepOfEndpoints: an endpoint takes the axes that it knows and none of the others.
func TestSweepOfEndpoints(t *testing.T) {
	plan, err := Plan(settingsOf(t, "diffusion/block=4", "endpoint/x"), []Axis{{"concurrency", []string{"2", "8"}}}, 0.9, transformer.Config{})
	if err == nil || !strings.Contains(err.Error(), "unknown setting") { // diffusion decoders must know every axis
		t.Errorf("%v, %v", plan, err)
	}
	plan, err = Plan(settingsOf(t, "ar", "endpoint/x"), []Axis{{"concurrency", []string{"2", "8"}}}, 0.9, transformer.Config{})
	var names []string
	for _, s := range plan {
		names = append(names, s.Name())
	}
	if want := []string{"ar", "endpoint/x", "endpoint/x/concurrency=2", "endpoint/x/concurrency=8"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("%v, %v, want %v", names, err, want)
	}
}

func TestGreedy(t *testing.T) {
	for name, want := range map[string]bool{"ar": true, "diffusion": true, "ar/temperature=0.5": false,
		"diffusion/quota=margin": true, "diffusion/quota=random": false} {
		if got := settingsOf(t, name)[0].Greedy(); got != want {
			t.Errorf("%s is greedy: %v", name, got)
		}
	}
}
