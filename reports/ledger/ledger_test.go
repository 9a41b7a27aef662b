package ledger

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"tandem/claims"
	"tandem/internal/golden"
)

// results are those of the project that hold both a run and forwards.
var results = []string{"../../docs/results/2026-11-25-epyc-zen5-2-cores", "../../docs/results/2026-11-24-epyc-2-cores"}

// read is the ledger of this build and the evidence of results.
func read(t *testing.T) (claims.Ledger, claims.Evidence) {
	t.Helper()
	l, err := claims.Read("")
	if err != nil {
		t.Fatal(err)
	}
	e, err := claims.ReadEvidence(results, 0.1)
	if err != nil {
		t.Fatal(err)
	}
	return l, e
}

// TestText: the pages of claims that differ in what is known, and the verdicts on a few of them, within 80 columns.
func TestText(t *testing.T) {
	l, e := read(t)
	var text strings.Builder
	for _, id := range []string{"mercury-coder-mini", "mercury-2", "d3llm-transformers", "llada2.2", "diffusiongemma-first-token"} {
		picked, err := l.Pick([]string{id})
		if err != nil {
			t.Fatal(err)
		}
		text.WriteString(Show(l, picked[0], e, 80) + "\n")
	}
	picked, err := l.Pick([]string{"mercury-*", "ar-*", "d3llm-*"})
	if err != nil {
		t.Fatal(err)
	}
	text.WriteString(Findings(l.Check(picked, e), 80))
	text.WriteString("\n" + List(Entries(l, l.Claims), 80))
	for line := range strings.Lines(text.String()) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 80 {
			t.Errorf("%d characters: %s", n, line)
		}
	}
	golden.Equal(t, "testdata/claims.txt", []byte(text.String()))
}

// TestEntries: the JSON of the list has the keys that scripts rely on, of every claim.
func TestEntries(t *testing.T) {
	l, _ := read(t)
	text, err := json.Marshal(Entries(l, l.Claims))
	if err != nil {
		t.Fatal(err)
	}
	var list []map[string]any
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	implied := 0
	for _, one := range list {
		for _, key := range []string{"id", "who", "claim", "figures", "source", "mark", "read", "conditions", "undisclosed"} {
			if one[key] == nil {
				t.Errorf("%v has no %s", one["id"], key)
			}
		}
		if v, ok := one["implied_tokens_per_forward"].(float64); ok && v > 0 {
			implied++
		} else if one["implied"] == nil && one["implied_not"] == nil {
			t.Errorf("%v: nothing is implied, and nobody says why", one["id"])
		}
	}
	if len(list) != len(l.Claims) || implied < 20 {
		t.Errorf("%d entries, %d of which imply tokens per forward", len(list), implied)
	}
}

// TestChart: two lines for each claim of being faster, one with its conditions; a mark of a measurement only where there is one.
func TestChart(t *testing.T) {
	l, e := read(t)
	chart, measured, err := Chart(l.Check(l.Claims, e))
	if err != nil || measured != 1 {
		t.Fatalf("%d measured, %v", measured, err)
	}
	svg, err := chart.SVG()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"mercury-up-to-20x", "hosted, against models below 50 tok/s", "8 x H800, batch 1, against Qwen2.5-3B",
		"measured: reproduces it", "0.12x", "any hardware, batch 64, against the same weights with a cache"} {
		if !strings.Contains(string(svg), want) {
			t.Errorf("the chart does not say %q", want)
		}
	}
	if strings.Contains(string(svg), ">seed-diffusion<") || strings.Contains(string(svg), "contradicts it") {
		t.Error("a speed without a baseline, or a verdict that is none, is in the chart")
	}
	ticks, layers := chart.Panels[0].Y.Ticks, chart.Panels[0].Layers
	if n := len(layers[1].Points); n < 35 || len(ticks) != 2*n || len(layers) != 3 {
		t.Errorf("%d claims, %d lines, %d layers", n, len(ticks), len(layers))
	}
	for i, q := range layers[1].Points {
		if ticks[2*i].Text == "mercury-up-to-20x" && (q.X.Value != 20 || !math.IsInf(q.X.Low, -1) || q.Y.Value != ticks[2*i].At) {
			t.Errorf("%+v", q)
		}
	}
	picked, err := l.Pick([]string{"seed-diffusion"})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := Chart(l.Check(picked, e)); err == nil || !strings.Contains(err.Error(), "nothing to draw") {
		t.Errorf("%v", err)
	}
}
