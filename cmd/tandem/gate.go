package main

import (
	"fmt"
	"strings"

	"tandem/bench/compare"
	"tandem/bench/history"
	"tandem/reports/changes"
)

type gateCmd struct {
	Check   gateCheckCmd   `cmd:"" help:"Check a file of gates, and say what each can detect."`
	Default gateDefaultCmd `cmd:"" help:"Print the default gates, to begin a file of your own with."`
}

type gateDefaultCmd struct{}

func (gateDefaultCmd) Run(a *app) error {
	_, err := fmt.Fprint(a.stdout, compare.DefaultGates())
	return err
}

type gateCheckCmd struct {
	File string `arg:"" optional:"" help:"YAML file of gates; the default ones without it."`
	noiseFlag
	Runs []string `placeholder:"DIR" help:"Three or more runs of one build on this machine, from which the noise between runs is learnt."`
	JSON bool     `help:"Print JSON in place of the table."`
	wideFlag
}

func (c gateCheckCmd) Run(a *app) error {
	gates, err := compare.ReadGates(c.File)
	if err != nil {
		return err
	}
	noises, err := c.noises(history.Filter{})
	if err != nil {
		return err
	}
	if len(c.Runs) > 0 {
		side, err := readSide(strings.Join(c.Runs, ","))
		if err != nil {
			return err
		}
		if noises, err = compare.LearnFrom(side.Runs); err != nil {
			return err
		}
	}
	text, err := changes.Detectable(gates, noises, c.JSON, c.width(a.stdout))
	if err != nil {
		return err
	}
	_, err = a.stdout.Write(text)
	return err
}
