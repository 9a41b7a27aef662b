package rope_test

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"tandem/transformer/checkpoint/rope"
)

// A scaling is a case of testdata/rope.py: parameters as config.json has them, and what transformers makes of them.
type scaling struct {
	Theta       float64
	Dim         int
	Frequencies []float64
	Scale       float64
	Parameters  struct {
		Type     string  `json:"rope_type"`
		Factor   float64 `json:"factor"`
		Original float64 `json:"original_max_position_embeddings"`
		Low      float64 `json:"low_freq_factor"`
		High     float64 `json:"high_freq_factor"`
		BetaFast float64 `json:"beta_fast"`
		BetaSlow float64 `json:"beta_slow"`
		Truncate bool    `json:"truncate"`
		MScale   float64 `json:"mscale"`
		AllDim   float64 `json:"mscale_all_dim"`
		Given    float64 `json:"attention_factor"`
	}
}

// divisors are the package's for the case.
func (s scaling) divisors() []float64 {
	p := s.Parameters
	switch p.Type {
	case "linear":
		return rope.Linear(s.Dim, p.Factor)
	case "llama3":
		return rope.Llama3{Factor: p.Factor, Low: p.Low, High: p.High, Original: p.Original}.Divisors(s.Theta, s.Dim)
	}
	return rope.YaRN{Factor: p.Factor, Original: p.Original, BetaFast: p.BetaFast, BetaSlow: p.BetaSlow, Truncate: p.Truncate}.Divisors(s.Theta, s.Dim)
}

// TestDivisors: the frequencies are transformers', whose are float32, and so are the magnitudes.
func TestDivisors(t *testing.T) {
	data, err := os.ReadFile("testdata/rope.json")
	if err != nil {
		t.Fatal(err)
	}
	var lines []json.RawMessage
	if err := json.Unmarshal(data, &lines); err != nil || len(lines) < 15 {
		t.Fatalf("%d cases, %v", len(lines), err)
	}
	for _, line := range lines {
		var s scaling
		p := &s.Parameters
		p.BetaFast, p.BetaSlow, p.Truncate = 32, 1, true
		if err := json.Unmarshal(line, &s); err != nil {
			t.Fatal(err)
		}
		divisors := s.divisors()
		if len(divisors) != s.Dim/2 || len(divisors) != len(s.Frequencies) {
			t.Fatalf("%s: %d divisors for %d frequencies", line, len(divisors), len(s.Frequencies))
		}
		for i, want := range s.Frequencies {
			got := math.Pow(s.Theta, -2*float64(i)/float64(s.Dim)) / divisors[i]
			if !(math.Abs(got/want-1) < 2e-6) {
				t.Errorf("%+v: frequency %d is %g, want %g", s.Parameters, i, got, want)
			}
		}
		if p.Type != "yarn" || p.Given > 0 {
			continue
		}
		scale := rope.Magnitude(p.Factor, 1)
		if p.MScale > 0 && p.AllDim > 0 {
			scale = rope.Magnitude(p.Factor, p.MScale) / rope.Magnitude(p.Factor, p.AllDim)
		}
		if !(math.Abs(scale/s.Scale-1) < 1e-12) {
			t.Errorf("%+v: scale %g, want %g", s.Parameters, scale, s.Scale)
		}
	}
}
