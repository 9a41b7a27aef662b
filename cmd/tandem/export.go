package main

import (
	"fmt"

	"tandem/reports/export"
)

type exportCmd struct {
	Dir    string `arg:"" help:"Folder of a scored run: the one that tandem run wrote."`
	Format string `required:"" enum:"${export_formats}" help:"Form: ${enum}."`
}

func (c exportCmd) Run(a *app) error {
	if err := export.Write(a.stdout, c.Dir, c.Format); err != nil {
		return fmt.Errorf("export of %s: %w", c.Dir, err)
	}
	return nil
}
