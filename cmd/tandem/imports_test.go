package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// arrows says which of the project's packages each package may import.
// "..." allows all. A package that is not listed fails the test, so that every new one gets its place.
var arrows = map[string][]string{
	"record":                           {"record/jsonl"},
	"record/jsonl":                     {},
	"transformer":                      {},
	"transformer/speed":                {"transformer"},
	"transformer/cpu":                  {"transformer"},
	"transformer/cuda":                 {"transformer", "transformer/cuda/kernels"},
	"transformer/cuda/fake":            {"transformer/cuda/kernels"},
	"transformer/cuda/kernels":         {},
	"transformer/cuda/kernels/compile": {"transformer/cuda/kernels"},
	"transformer/strictjson":           {},
	"transformer/tokenizer":            {"transformer/strictjson"},
	"transformer/checkpoint":           {"transformer", "transformer/checkpoint/gguf", "transformer/checkpoint/mapped", "transformer/strictjson", "transformer/tokenizer", "transformer/checkpoint/rope", "transformer/chat"},
	"transformer/checkpoint/gguf":      {"transformer", "transformer/checkpoint/mapped", "transformer/tokenizer", "transformer/checkpoint/rope"},
	"transformer/checkpoint/mapped":    {},
	"transformer/checkpoint/rope":      {},
	"transformer/models":               {"internal/fetch", "transformer"},
	"transformer/jinja":                {},
	"transformer/chat":                 {"transformer/jinja"},
	"transformer/transformertest":      {"transformer"},
	"decoders":                         {"transformer", "record"},
	"decoders/endpoint":                {"decoders", "decoders/endpoint/sse", "internal/smallfile", "record"},
	"decoders/endpoint/mock":           {},
	"decoders/endpoint/sse":            {},
	"device":                           {"decoders", "record", "transformer", "transformer/cpu", "transformer/cuda"},
	"claims":                           {"bench/metric", "record", "reports", "reports/forwards", "transformer", "transformer/models", "transformer/speed"},
	"datasets":                         {"internal/fetch"},
	"datasets/basics":                  {"datasets"},
	"datasets/basics/corpus":           {"datasets", "datasets/basics"},
	"evals":                            {"record", "record/jsonl", "datasets", "evals/sandbox", "internal/smallfile", "transformer/chat", "transformer/jinja"},
	"evals/sandbox":                    {"record"},
	"bench/load":                       {"record"},
	"bench/load/ceiling":               {"decoders", "decoders/endpoint", "decoders/endpoint/mock"},
	"bench":                            {"bench/load", "bench/telemetry", "decoders", "evals", "record", "record/jsonl", "datasets", "transformer"},
	"bench/ab":                         {"bench", "bench/compare"},
	"bench/ab/errorrate":               {"bench/ab", "bench/compare", "bench/stats", "reports/plot"},
	"bench/compare":                    {"record", "bench/metric", "bench/stats", "decoders"},
	"bench/telemetry":                  {"record"},
	"bench/changepoint":                {"bench/stats"},
	"bench/history":                    {"bench/metric", "bench/stats", "record"},
	"bench/metric":                     {"bench/load", "record"},
	"bench/stats":                      {},
	"reports":                          {"record", "bench/load", "bench/metric", "bench/stats", "reports/plot", "reports/table"},
	"reports/changes":                  {"bench/compare", "reports/table"},
	"reports/export":                   {"record", "bench/metric", "bench/stats"},
	"reports/forwards":                 {"record", "reports", "reports/plot", "reports/table", "transformer", "transformer/speed"},
	"reports/ledger":                   {"claims", "reports/plot", "reports/table"},
	"reports/plot":                     {"record", "bench/metric", "bench/stats"},
	"reports/readme":                   {"record", "reports"},
	"reports/samples":                  {"bench/metric", "datasets", "evals"},
	"reports/schema":                   {"bench/compare", "record", "reports"},
	"reports/sheet":                    {"reports/table", "transformer", "transformer/checkpoint", "transformer/models"},
	"reports/table":                    {},
	"internal/fetch":                   {},
	"reports/trend":                    {"bench/changepoint", "bench/history", "bench/stats", "bench/metric", "record", "reports", "reports/plot", "reports/table", "bench/compare"},
	"internal/golden":                  {},
	"internal/smallfile":               {},
	"cmd/tandem":                       {"..."},
	"cmd/tandem/flags":                 {},
	"cmd/tandem/machine":               {"..."},
	"cmd/tandem/progress":              {},
}

// TestImports holds the import directions of docs/ARCHITECTURE.md. Test files are free.
func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, "tandem/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		pkg := strings.TrimPrefix(fields[0], "tandem/")
		allowed, listed := arrows[pkg]
		if !listed {
			t.Errorf("package %s has no entry in arrows: say what it may import", pkg)
			continue
		}
		for _, imported := range fields[1:] {
			name, ours := strings.CutPrefix(imported, "tandem/")
			if ours && !slices.Contains(allowed, name) && !slices.Contains(allowed, "...") {
				t.Errorf("%s imports %s, which the arrows forbid", pkg, name)
			}
		}
	}
}
