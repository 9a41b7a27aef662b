package main

import (
	"fmt"
)

type reportCmd struct {
	Dirs []string `arg:"" name:"dir" help:"Folders of scored runs."`
}

func (c reportCmd) Run(a *app) error {
	for _, dir := range c.Dirs {
		if err := a.report(dir); err != nil {
			return fmt.Errorf("report of %s: %w", dir, err)
		}
	}
	return nil
}
