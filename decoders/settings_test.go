package decoders

import (
	"fmt"
	"strings"
	"testing"

	"tandem/transformer"
)

func TestNamesRoundTrip(t *testing.T) {
	for _, name := range []string{
		"ar", "ar/temperature=0.8/top_p=0.95", "ar/uncached", "ar/temperature=1/top_k=40",
		"diffusion", "diffusion/block=16/threshold=0.9", "diffusion/cache=dual/block=32/quota=low-confidence/steps=8",
		"diffusion/uncached/block=4/factor=1.5", "diffusion/separate/block=4/factor=1.5", "diffusion/cache=none/entropy_bound=0.35/temperature=0.2",
		"endpoint/mercury", "endpoint/x/rate=0.5", "endpoint/x/concurrency=64/rate=4/arrivals=constant/ramp=1", "endpoint/x/concurrency=8/ramp=2", "endpoint/gpt-4.1/concurrency=8/temperature=0.5/top_p=0.9/prompt=chat",
	} {
		s, err := ParseName(name)
		if err != nil || s.Name() != name {
			t.Errorf("%s: got %s, %v", name, s.Name(), err)
		}
	}
	s, err := ParseName("diffusion/threshold=0.90/block=16")
	if err != nil || s.Name() != "diffusion/block=16/threshold=0.9" {
		t.Errorf("order and spelling: got %s, %v", s.Name(), err)
	}
}

func TestBadNames(t *testing.T) {
	for name, want := range map[string]string{
		"":                                   "begins with ar or diffusion",
		"arx":                                "begins with ar or diffusion",
		"endpoint":                           "write endpoint/NAME",
		"endpoint/concurrency=8":             "write endpoint/NAME",
		"endpoint/x/block=4":                 `unknown setting "block"; endpoint knows concurrency, rate, arrivals, ramp, temperature, top_p, prompt`,
		"endpoint/x/rate=0":                  "rate wants a number above 0",
		"endpoint/x/arrivals=poisson":        "arrivals needs rate",
		"endpoint/x/rate=4/arrivals=often":   "arrivals is one of [poisson constant]",
		"endpoint/x/rate=4/ramp=4":           "give a lower one",
		"endpoint/x/ramp=2":                  "give a lower one",
		"ar/rate=4":                          "unknown setting",
		"endpoint/x/concurrency=0":           "concurrency wants a whole number of at least 1",
		"ar/concurrency=8":                   `unknown setting "concurrency"`,
		"ar/block=4":                         `unknown setting "block"; ar knows uncached, temperature, top_p, top_k`,
		"diffusion/blok=4":                   "diffusion knows uncached, separate, cache, block, threshold, factor, entropy_bound, quota, steps",
		"diffusion/block=0":                  "block wants a whole number of at least 1",
		"diffusion/block":                    "block wants a whole number",
		"diffusion/block=4/block=8":          "block stands twice",
		"diffusion/threshold=1.5":            "above 0 and at most 1",
		"diffusion/threshold=NaN":            "above 0 and at most 1",
		"diffusion/threshold=0.9/factor=1":   "only one of threshold, factor",
		"diffusion/steps=4":                  "steps needs quota",
		"diffusion/quota=best":               "is one of [low-confidence random margin entropy]",
		"diffusion/cache=full":               "is one of [block none prefix dual]",
		"diffusion/uncached/cache=dual":      "uncached contradicts cache=dual",
		"diffusion/separate/cache=dual":      "separate needs cache=block",
		"ar/top_p=0.9":                       "need temperature",
		"ar/uncached=no":                     "takes no value",
		"diffusion/quota=random/threshold=1": "only one of",
	} {
		if _, err := ParseName(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", name, err, want)
		}
	}
}

func TestResolve(t *testing.T) {
	for _, c := range []struct {
		name  string
		sizes []int
		want  string
	}{
		{"ar", nil, "ar"},
		{"diffusion", []int{4, 8, 16, 32}, "diffusion/block=16/threshold=0.9"},
		{"diffusion", []int{4}, "diffusion/block=4/threshold=0.9"},
		{"diffusion", nil, "diffusion/cache=none/block=32/threshold=0.9"},
		{"diffusion/cache=block", []int{32}, "diffusion/block=32/threshold=0.9"},
		{"diffusion/cache=block", nil, "diffusion/cache=block/block=32/threshold=0.9"},
		{"diffusion/quota=margin", []int{8}, "diffusion/block=8/quota=margin/steps=8"},
		{"diffusion/uncached", nil, "diffusion/cache=none/block=32/threshold=0.9"},
	} {
		s, err := ParseName(c.name)
		if err != nil {
			t.Fatal(err)
		}
		resolved := s.resolve(transformer.Config{BlockSizes: c.sizes})
		if again, err := ParseName(c.want); resolved.Name() != c.want || again != resolved || err != nil {
			t.Errorf("%s with %v: got %s, want %s (%v)", c.name, c.sizes, resolved.Name(), c.want, err)
		}
	}
}

func FuzzParseName(f *testing.F) {
	f.Add("diffusion/cache=dual/block=32/quota=low-confidence/steps=8")
	f.Add("ar/temperature=1e-3/top_p=1")
	f.Fuzz(func(t *testing.T, name string) {
		s, err := ParseName(name)
		if err != nil {
			return
		}
		if again, err := ParseName(s.Name()); err != nil || again != s {
			t.Fatalf("%q became %q, then %+v, %v", name, s.Name(), again, err)
		}
	})
}

func ExampleParseName() {
	settings, err := ParseName("diffusion/threshold=0.9/block=16")
	fmt.Println(settings.Name(), settings.Block, settings.Threshold, err)
	_, err = ParseName("ar/beam=4")
	fmt.Println(err)
	// Output:
	// diffusion/block=16/threshold=0.9 16 0.9 <nil>
	// decoder "ar/beam=4": unknown setting "beam"; ar knows uncached, temperature, top_p, top_k, prompt
}
