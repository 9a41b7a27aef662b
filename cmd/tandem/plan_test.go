package main

import (
	"os"
	"slices"
	"strings"
	"testing"

	"tandem/transformer"
)

func TestPlanDecoders(t *testing.T) {
	c := transformer.Config{Name: "toy", MaskToken: 1, BlockSizes: []int{4, 8, 16, 32}}
	for _, test := range []struct {
		names, sweeps []string
		threshold     float64
		want          []string
	}{
		{names: []string{"ar", "diffusion"}, want: []string{"ar", "diffusion/block=16/threshold=0.9"}},
		{names: []string{"ar", "diffusion"}, threshold: 0.8, want: []string{"ar", "diffusion/block=16/threshold=0.8"}},
		{names: []string{"ar", "diffusion"}, sweeps: []string{"block=8,16", "threshold=0.7"}, want: []string{"ar",
			"diffusion/block=16/threshold=0.9", "diffusion/block=8/threshold=0.7",
			"diffusion/block=16/threshold=0.7"}},
		{names: []string{"ar", "diffusion"}, sweeps: []string{"block=8", "block=8, 4"}, want: []string{"ar",
			"diffusion/block=16/threshold=0.9", "diffusion/block=8/threshold=0.9", "diffusion/block=4/threshold=0.9"}},
		{names: []string{"diffusion/quota=margin"}, sweeps: []string{"block=4"}, want: []string{
			"diffusion/block=16/quota=margin/steps=16", "diffusion/block=4/quota=margin/steps=4"}},
		{names: []string{"diffusion/quota=margin/steps=4"}, sweeps: []string{"factor=1.5"}, want: []string{
			"diffusion/block=16/quota=margin/steps=4", "diffusion/block=16/factor=1.5"}},
		{names: []string{"ar"}, sweeps: []string{"temperature=0.5,1"}, want: []string{"ar", "ar/temperature=0.5", "ar/temperature=1"}},
	} {
		plan, err := planDecoders(test.names, test.sweeps, test.threshold, c)
		if err != nil {
			t.Fatalf("%v %v: %v", test.names, test.sweeps, err)
		}
		var got []string
		for _, s := range plan {
			got = append(got, s.Name())
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%v %v: %q, want %q", test.names, test.sweeps, got, test.want)
		}
	}
}

func TestPlanDecodersRefuses(t *testing.T) {
	c := transformer.Config{Name: "toy", MaskToken: 1, BlockSizes: []int{16}}
	for _, test := range []struct{ names, sweeps, want string }{
		{"riders", "", "riders"},
		{"ar,diffusion", "threshold", "want key=value"},
		{"ar,diffusion", "threshold=", "want key=value"},
		{"ar,diffusion", "treshold=0.5", "treshold"},
		{"ar,diffusion", "threshold=5", "threshold"},
		{"ar", "threshold=0.5", "threshold"},
	} {
		var sweeps []string
		if test.sweeps != "" {
			sweeps = []string{test.sweeps}
		}
		_, err := planDecoders(strings.Split(test.names, ","), sweeps, 0, c)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s, sweep %q: error %v, want one with %q", test.names, test.sweeps, err, test.want)
		}
	}
}

// TestMakeBench: the README shows what make bench measures.
func TestMakeBench(t *testing.T) {
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	_, line, _ := strings.Cut(string(makefile), "$(BIN) run --decoders ")
	names, _, _ := strings.Cut(strings.ReplaceAll(line, "\\\n\t", ""), " ")
	c := transformer.Config{Name: "toy", MaskToken: 1, BlockSizes: []int{4, 8, 16, 32}}
	plan, err := planDecoders(strings.Split(names, ","), nil, 0, c)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range plan {
		got = append(got, s.Name())
	}
	want := []string{"ar", "diffusion/block=16/threshold=0.9", "diffusion/block=4/threshold=0.9", "diffusion/block=8/threshold=0.9",
		"diffusion/block=32/threshold=0.9", "diffusion/block=16/threshold=0.5", "diffusion/block=16/threshold=0.7", "diffusion/block=16/threshold=0.95"}
	if !slices.Equal(got, want) {
		t.Errorf("make bench runs %q, want %q", got, want)
	}
}
