package main

import (
	"bytes"
	"fmt"
	"os"

	"tandem/datasets"
	"tandem/datasets/basics"
)

type datasetsCmd struct {
	List     datasetsListCmd     `cmd:"" help:"List the suites with their tasks and hashes."`
	Generate datasetsGenerateCmd `cmd:"" help:"Generate the tasks of the suite basics; the defaults give the embedded file byte for byte."`
}

type datasetsListCmd struct{}

func (datasetsListCmd) Run(a *app) error {
	s := basics.Suite()
	_, err := fmt.Fprintf(a.stdout, "%s\t%d tasks\tsha256 %s\tembedded\n", s.Name, len(s.Tasks), s.SHA256)
	return err
}

type datasetsGenerateCmd struct {
	Seed  uint64 `default:"1" help:"Seed of the draw."`
	Tasks int    `default:"164" help:"Number of tasks."`
	Out   string `placeholder:"FILE" help:"File to write; stdout by default."`
}

func (c datasetsGenerateCmd) Run(a *app) error {
	if c.Tasks < 1 {
		return fmt.Errorf("--tasks must be at least 1, not %d", c.Tasks)
	}
	var text bytes.Buffer
	if err := datasets.Write(&text, basics.Generate(c.Seed, c.Tasks)); err != nil {
		return err
	}
	if c.Out == "" {
		_, err := a.stdout.Write(text.Bytes())
		return err
	}
	return os.WriteFile(c.Out, text.Bytes(), 0o644)
}
