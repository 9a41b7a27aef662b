package sheet

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"tandem/internal/golden"
	"tandem/transformer"
	"tandem/transformer/models"
)

// limited adds the ceilings of a machine that does not exist.
func limited(s *Sheet, elsewhere float64) *Sheet {
	ceilings := map[string]float64{transformer.ReadCeiling: 50, transformer.F32Ceiling: 400, transformer.BF16Ceiling: 800}
	var all []map[string]float64
	for range s.Weights() {
		all = append(all, ceilings)
	}
	s.Limit(transformer.Description{Device: "cpu", Features: "avx512bf16", Threads: 2}, all, elsewhere)
	return s
}

// TestText: the page of a model that was not fetched, of one with all that a checkpoint may say, and of one whose shape is unknown.
func TestText(t *testing.T) {
	var text strings.Builder
	for _, name := range []string{"qwen3-0.6b", "sdar-1.7b", "llama-3.1-8b", "nemotron-diffusion-3b"} {
		s, err := Read(models.Store(t.TempDir()), name, "", 512, []int{4, 8, 16, 32})
		if err != nil {
			t.Fatal(err)
		}
		if name == "sdar-1.7b" { // as its checkpoint would have it
			c := s.config
			c.MaskToken, c.EOSTokens, c.Attention, c.BlockSizes = 151669, []int32{151645, 151643}, transformer.BlockCausal, []int{4}
			s.Dtypes, s.Path = nil, "a/folder"
			s.describe(c, 512, []int{4})
		}
		if s.Geometry != nil {
			limited(s, 0.3)
		}
		text.WriteString(s.Text(80))
		text.WriteString("\n")
	}
	for line := range strings.Lines(text.String()) {
		if utf8.RuneCountInString(strings.TrimSuffix(line, "\n")) > 80 {
			t.Errorf("wider than 80: %q", line)
		}
	}
	golden.Equal(t, "testdata/sheets.txt", []byte(text.String()))
}

// TestNumbers: a model by hand. A token of Qwen3-0.6B in bf16 reads all matrices, 0.596e9 numbers but for norms, and 513 positions of
// 28 layers of 2 x 8 x 128 numbers; 50 GB/s give its rate.
func TestNumbers(t *testing.T) {
	s, err := Read(models.Store(t.TempDir()), "qwen3-0.6b", "", 512, []int{64})
	if err != nil {
		t.Fatal(err)
	}
	cost := limited(s, 0).Dtypes[1]
	matrices := int64(28*1024*(2*2048+2*1024+3*3072) + 151936*1024)
	kv := int64(28 * 2 * 8 * 128 * 2)
	if cost.Dtype != transformer.BF16 || cost.KV != kv || cost.KVContext != 512*kv || cost.Token != 2*matrices+513*kv {
		t.Errorf("%+v, want K/V of %d and %d bytes a token", cost, kv, 2*matrices+513*kv)
	}
	if want := 50e9 / float64(cost.Token); cost.Rate < 0.999*want || cost.Rate > 1.001*want {
		t.Errorf("%g tok/s, want %g", cost.Rate, want)
	}
	if f := cost.Forwards[0]; f.BreakEven < 1 || math.Abs(f.Seconds/cost.Seconds-f.BreakEven) > 1e-9 {
		t.Errorf("%+v", f)
	}
	out, err := json.Marshal(s)
	if err != nil || strings.Contains(string(out), "mask_token_id") || !strings.Contains(string(out), `"kv_position_bytes":114688`) {
		t.Errorf("%v: %s", err, out)
	}
}

// TestRead: a context that the model has no positions for is as long as can be; what is not there is an error.
func TestRead(t *testing.T) {
	s, err := Embedded(4096, []int{32})
	if err != nil || s.Context != 480 || *s.Mask != 1 {
		t.Errorf("%+v, %v", s, err)
	}
	var missing *models.NotFetched
	if _, err := Read(models.Store(t.TempDir()), "a/b", "", 0, nil); !errors.As(err, &missing) || missing.Name != "a/b" {
		t.Errorf("one of the hub: %v", err)
	}
	if _, err := Read(models.Store(t.TempDir()), "x", "", 0, nil); !errors.Is(err, models.ErrNoName) {
		t.Errorf("no name: %v", err)
	}
	if _, err := Read(models.Store(t.TempDir()), "x", t.TempDir(), 0, nil); err == nil || !strings.Contains(err.Error(), "config.json is missing") {
		t.Errorf("an empty folder: %v", err)
	}
}

func TestDigits(t *testing.T) {
	for v, want := range map[float64]string{0.0559: "0.0559", 1.234: "1.23", 12.34: "12.3", 999.6: "1,000", 17912: "17,912", 1: "1.00"} {
		if got := digits(v); got != want {
			t.Errorf("%g is %s, want %s", v, got, want)
		}
	}
}
