package basics

import (
	"flag"
	"os"
	"testing"

	"tandem/datasets"
)

var rewrite = flag.Bool("rewrite", false, "rewrite basics.jsonl")

func TestSuiteIsReproduced(t *testing.T) {
	if *rewrite {
		f, _ := os.Create("basics.jsonl")
		datasets.Write(f, Generate(Seed, Size))
		f.Close()
	}
}
