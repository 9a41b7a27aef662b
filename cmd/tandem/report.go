package main

import (
	"fmt"
)

type reportCmd struct {
	Dirs []string `arg:"" name:"dir" help:"Folders of scored runs: those that tandem run wrote."`
	JSON bool     `help:"Print summary.json in place of the table, one after the other of several folders."`
}

func (c reportCmd) Run(a *app) error {
	for _, dir := range c.Dirs {
		if err := a.report(dir, c.JSON); err != nil {
			return fmt.Errorf("report of %s: %w", dir, err)
		}
	}
	return nil
}
