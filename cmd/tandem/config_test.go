package main

import (
	"os"
	"regexp"
	"testing"

	"github.com/alecthomas/kong"
)

// TestExampleNamesEveryFlag: docs/run.yaml is the documentation of the keys.
func TestExampleNamesEveryFlag(t *testing.T) {
	example, err := os.ReadFile("../../docs/run.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var flags runCmd
	parser, err := kong.New(&flags, vars(), kong.Exit(func(int) {}))
	if err != nil {
		t.Fatal(err)
	}
	for _, flag := range parser.Model.Flags {
		if flag.Name == "help" || flag.Name == "config" {
			continue
		}
		if !regexp.MustCompile(`(?m)^(# )?` + flag.Name + `:`).Match(example) {
			t.Errorf("docs/run.yaml does not name %s", flag.Name)
		}
	}
}
