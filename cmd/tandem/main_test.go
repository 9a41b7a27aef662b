package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"tandem/evals/sandbox"
	"tandem/internal/golden"
)

func TestMain(m *testing.M) {
	sandbox.Main()
	testscript.Main(m, map[string]func(){"tandem": func() { os.Exit(process()) }})
}

// TestScripts runs the command-line sessions of testdata.
func TestScripts(t *testing.T) {
	suite, err := os.ReadFile("../../datasets/basics/basics.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:           "testdata",
		UpdateScripts: golden.Update(),
		Setup: func(e *testscript.Env) error {
			own, err := exec.LookPath("tandem")
			if err != nil {
				return err
			}
			e.Setenv("TANDEM_ONLY", filepath.Dir(own)) // a PATH with this program and nothing else
			checkpoint, err := filepath.Abs("../../transformer/checkpoint/embedded")
			if err != nil {
				return err
			}
			e.Setenv("CHECKPOINT", checkpoint) // the embedded one, as a folder that Tandem does not know
			scripts, err := filepath.Abs("../../scripts")
			if err != nil {
				return err
			}
			e.Setenv("SCRIPTS", scripts)
			docs, err := filepath.Abs("../../docs")
			if err != nil {
				return err
			}
			e.Setenv("DOCS", docs)
			return os.WriteFile(e.WorkDir+"/embedded.jsonl", suite, 0o644)
		},
	})
}
