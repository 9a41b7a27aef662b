package claims

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// known are the ids of every claim that the notes on the sources hold, in their order.
var known = strings.Fields(`mercury-demo-chatgpt mercury-demo-claude mercury-coder-mini mercury-coder-small mercury-up-to-20x
mercury-table-gemini-2.0-flash-lite mercury-table-claude-3.5-haiku mercury-table-gpt-4o-mini mercury-table-qwen2.5-coder-7b
mercury-small-independent mercury-2 mercury-2-end-to-end-gemini mercury-2-end-to-end-haiku
gemini-diffusion seed-diffusion
fast-dllm-v1-humaneval-256 fast-dllm-v1-humaneval-512 fast-dllm-v1-gsm8k-256 fast-dllm-v1-27x
d2f-humaneval d2f-vllm dkv-cache dllm-cache fast-dllm-v2-gsm8k dinfer-humaneval dinfer-qwen2.5-3b llada2.0-flash-cap
llada2.1-flash-bf16 llada2.1-flash-fp8 llada2.1-mini-bf16 llada2.1-mini-fp8 llada2.1-ifeval llada2.2
nemotron-diffusion-8b nemotron-diffusion-8b-865 i-dlm-8b dflash dflash-sglang dflash-vllm-8 fast-dllm-v2-tpu sdar-8b-sglang
sdar-4b-a800 sdar-4b-h200 nemotron-twotower wedlm-maths wedlm-code wedlm-open-qa d3llm-transformers d3llm-sglang-1 d3llm-sglang-4
diffusiongemma-1000 diffusiongemma-recipe-output diffusiongemma-recipe-end-to-end diffusiongemma-recipe-per-request diffusiongemma-first-token
diffusiongemma-random-prompts diffusiongemma-h100-fp8 diffusiongemma-v100 diffuse-cpp diffuse-cpp-own-prompt
blocks-are-nearly-free-at-batch-1 ar-catches-up-by-batch-64 diffusion-wins-at-batch-1`)

// shippedLedger is the ledger of this build.
func shippedLedger(t *testing.T) Ledger {
	t.Helper()
	l, err := Read("")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// claim is the one of an id.
func claim(t *testing.T, l Ledger, id string) Claim {
	t.Helper()
	picked, err := l.Pick([]string{id})
	if err != nil || len(picked) != 1 {
		t.Fatalf("%s: %d claims, %v", id, len(picked), err)
	}
	return picked[0]
}

// TestShipped: every claim is in the ledger, and a figure of the notes stands as it stood there.
func TestShipped(t *testing.T) {
	l := shippedLedger(t)
	var ids []string
	for _, c := range l.Claims {
		ids = append(ids, c.ID)
	}
	if !slices.Equal(ids, known) {
		t.Errorf("the ledger holds\n%v\nwant\n%v", ids, known)
	}
	if c := claim(t, l, "mercury-coder-small"); c.Figures.TokensPerSecond.Low != 737 || c.Figures.Scores["LiveCodeBench"] != 25 || c.Mark != Secondary {
		t.Errorf("%+v", c)
	}
	series := claim(t, l, "mercury-2").Series
	var dated []string
	for _, s := range series {
		dated = append(dated, s.TokensPerSecond.Text)
	}
	if strings.Join(dated, " ") != "1196 711.6 732 769 about 674" || series[3].Date != "2026-05" {
		t.Errorf("series %v", dated)
	}
}

// TestFaster: quotients of the figures, where the source gives no ratio of its own.
func TestFaster(t *testing.T) {
	l := shippedLedger(t)
	for id, want := range map[string]string{"mercury-demo-chatgpt": "6", "mercury-demo-claude": "4.67", "fast-dllm-v1-humaneval-256": "3.74",
		"fast-dllm-v1-27x": "27.6", "llada2.0-flash-cap": "2.09 to 2.26", "diffusiongemma-v100": "0.444 to 0.812", "d3llm-transformers": "5.04",
		"mercury-up-to-20x": "up to 20", "diffusiongemma-recipe-output": "1.88", "fast-dllm-v2-tpu": "2.07"} {
		ratio, _ := claim(t, l, id).Faster()
		if ratio == nil || ratio.Text != want {
			t.Errorf("%s is %v times as fast, want %s", id, ratio, want)
		}
	}
	if ratio, _ := claim(t, l, "seed-diffusion").Faster(); ratio != nil {
		t.Errorf("a speed without a baseline is %v times as fast", ratio)
	}
}

// entry is a ledger of one claim, at line 2, whose lines may be replaced.
const entry = `schema: 1
claims:
- id: mine
  who: me
  claim: it is fast
  source: my notes
  mark: primary
  read: 2026-11
  figures: {speedup: 2}
  conditions:
    hardware: H100
    batch: 1
    baseline: {kind: ar, name: its twin}
  undisclosed: [steps]
`

// TestMistakes: a mistake is named with its line, in one line.
func TestMistakes(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{"schema: 1", "schema: 2", "line 1: schema is 2, this version of tandem reads 1: write schema: 1"},
		{"- id: mine", "- name: mine", `[3:3] unknown field "name"`},
		{"  who: me\n", "", "line 3: mine: who is missing"},
		{"id: mine", "id: My claim", "line 3: My claim: id may have small letters"},
		{"mark: primary", "mark: sure", `line 7: mine: mark "sure" is none of primary, secondary, unverified`},
		{"read: 2026-11", "read: yesterday", `line 8: mine: read "yesterday" is no day`},
		{"{speedup: 2}", "{speedup: fast}", `line 9: mine: figures.speedup "fast" is no figure`},
		{"{speedup: 2}", "{speedup: 3 to 2}", `line 9: mine: figures.speedup "3 to 2" must be above 0`},
		{"{speedup: 2}", "{speedup: over 1 to 2}", `line 9: mine: figures.speedup "over 1 to 2" is no figure`},
		{"{speedup: 2}", "{speed-up: 2}", `[9:13] unknown field "speed-up"`},
		{"{speedup: 2}", "{}", "line 9: mine: figures must hold one of speedup, "},
		{"hardware: H100", "hardware: H101", `line 11: mine: conditions.hardware "H101" is no card of the ledger (A100, `},
		{"batch: 1", "batch: -1", "line 12: mine: conditions.batch is -1, below 0"},
		{"batch: 1", "models: [qwen2.5-7b, nix]", "line 12: mine: conditions.models[1] nix is no name of a model"},
		{"batch: 1", "geometry: nix", `line 12: mine: conditions.geometry unknown geometry "nix"`},
		{"{kind: ar, name: its twin}", "{kind: slow, name: its twin}", `line 13: mine: conditions.baseline.kind "slow" is none of ar, uncached, `},
		{"    baseline: {kind: ar, name: its twin}\n", "", "line 11: mine: conditions.baseline.kind is missing"},
		{"[steps]", "[steps, weather]", `line 14: mine: undisclosed[1] "weather" is none of hardware, batch, `},
		{"[steps]", "[batch]", "line 14: mine: undisclosed[0] says that batch is undisclosed, and conditions give it"},
		{"  who: me", "  about: forwards\n  who: me", "line 10: mine: figures of a claim about forwards need speedup and tokens_per_forward"},
		{"schema: 1\n", "schema: 1\ncards: [{name: X, gb_per_second: 0, tflop_per_second: 1, source: s}]\n", "line 2: X: gb_per_second must be above 0"},
		{"batch: 1", "batch: [1", "[13:5] ',' or ']' must be specified"},
	} {
		text := strings.Replace(entry, c.old, c.new, 1)
		if text == entry {
			t.Fatalf("%q is not in the entry", c.old)
		}
		_, err := parse([]byte(text), shippedLedger(t).Cards)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v\nwant %s", c.new, err, c.want)
		}
	}
	twice := entry + strings.SplitAfter(entry, "claims:\n")[1]
	if _, err := parse([]byte(twice), shippedLedger(t).Cards); err == nil || err.Error() != "line 15: mine: id stands twice" {
		t.Errorf("%v", err)
	}
}

// TestOwn: a ledger of one's own stands beside the one that ships, with a card of its own, and takes the place of claims of the same id.
func TestOwn(t *testing.T) {
	own := strings.Replace(entry, "claims:", "cards: [{name: RTX 4090, gb_per_second: 1008, tflop_per_second: 165, source: data sheet}]\nclaims:", 1)
	own = strings.Replace(own, "hardware: H100", "hardware: RTX 4090", 1)
	own += strings.Replace(strings.SplitAfter(entry, "claims:\n")[1], "id: mine", "id: seed-diffusion", 1)
	path := filepath.Join(t.TempDir(), "own.yaml")
	if err := os.WriteFile(path, []byte(own), 0o644); err != nil {
		t.Fatal(err)
	}
	l, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(l.Claims) != len(known)+1 || claim(t, l, "seed-diffusion").Who != "me" || claim(t, l, "mine").Conditions.Hardware != "RTX 4090" {
		t.Errorf("%d claims, %+v", len(l.Claims), claim(t, l, "seed-diffusion"))
	}
	if _, err := Read(filepath.Join(t.TempDir(), "none.yaml")); err == nil || !strings.HasPrefix(err.Error(), "ledger: ") {
		t.Errorf("%v", err)
	}
}

// TestDocs: the ledger in docs/CLAIMS.md is one.
func TestDocs(t *testing.T) {
	text, err := os.ReadFile("../docs/CLAIMS.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, found := strings.Cut(string(text), "    schema: 1\n")
	example, _, ended := strings.Cut(example, "\n\n")
	if !found || !ended {
		t.Fatal("there is no ledger")
	}
	l, err := parse([]byte("schema: 1\n"+strings.ReplaceAll("\n"+example, "\n    ", "\n")), nil)
	if err != nil || len(l.Claims) != 1 || l.Claims[0].Figures.Speedup.Low != 2 {
		t.Errorf("%+v, %v", l.Claims, err)
	}
}
