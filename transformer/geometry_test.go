package transformer

import (
	"strings"
	"testing"
)

func TestGeometry(t *testing.T) {
	// From the model cards: 0.49B, 1.54B, 7.61B, 0.6B, 1.7B, 4.0B, 8.2B, 135M, 360M, 1.7B, 1.24B, 3.21B, 8.03B, 7.25B, 8.02B.
	for name, want := range map[string]int64{
		"qwen2.5-0.5b": 494032768, "qwen2.5-1.5b": 1543714304, "qwen2.5-7b": 7615616512,
		"qwen3-0.6b": 596049920, "qwen3-1.7b": 1720574976, "qwen3-4b": 4022468096, "qwen3-8b": 8190735360,
		"smollm2-135m": 134515008, "smollm2-360m": 361821120, "smollm2-1.7b": 1711376384,
		"llama-3.2-1b": 1235814400, "llama-3.2-3b": 3212749824, "llama-3.1-8b": 8030261248, "mistral-7b": 7248023552,
		"llada-8b": 8015581184,
	} {
		c, err := Geometry(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := Parameters(c); got != want {
			t.Errorf("%s has %d parameters, want %d", name, got, want)
		}
	}
	if c, err := Geometry("tiny"); err != nil || c.Validate() != nil || Parameters(c) > 8e6 {
		t.Errorf("tiny: %v %+v", err, c)
	}
	if _, err := Geometry("gpt-9"); err == nil || !strings.Contains(err.Error(), "qwen2.5-0.5b") {
		t.Errorf("unknown name: %v", err)
	}
}

func TestGumbel(t *testing.T) {
	const n = 200000
	var sum float64
	for i := range n {
		sum += float64(Gumbel(3, i/100, int32(i%100)))
	}
	if mean := sum / n; mean < 0.567 || mean > 0.587 { // the Euler-Mascheroni constant, 0.5772
		t.Errorf("mean of the noise is %.4f", mean)
	}
	if Gumbel(1, 2, 3) == Gumbel(1, 3, 2) || Gumbel(1, 2, 3) == Gumbel(2, 2, 3) || Gumbel(1, 2, 3) != Gumbel(1, 2, 3) {
		t.Error("noise does not follow from seed, position and token")
	}
}
