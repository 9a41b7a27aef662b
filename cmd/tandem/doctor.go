package main

import (
	"io"

	"tandem/cmd/tandem/machine"
	"tandem/reports/table"
)

type doctorCmd struct {
	JSON bool `help:"Print JSON: processor, kernels by dtype, portable_kernels, gpu, nvml, judge; what is missing has a \"none\" with the reason."`
}

// Run prints what this machine can do; a machine that cannot judge programs fails the check.
func (c doctorCmd) Run(a *app) error {
	m := machine.Examine(a.ctx)
	var err error
	if c.JSON {
		err = printJSON(a.stdout, m)
	} else {
		_, err = io.WriteString(a.stdout, table.Pairs(m.Lines(), table.Terminal(a.stdout)))
	}
	if err == nil && m.Judge.None != "" {
		err = errFailed
	}
	return err
}
