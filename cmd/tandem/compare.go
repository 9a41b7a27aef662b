package main

import (
	"errors"
	"strings"

	"tandem/bench/compare"
	"tandem/bench/history"
	"tandem/reports/changes"
	"tandem/reports/trend"
)

type compareCmd struct {
	Base  string   `arg:"" help:"Folder of results, or scored.jsonl; several runs of one build as A,B,C."`
	Heads []string `arg:"" name:"head" help:"The same of what is compared with it; more than one is compared each for itself."`
	gateFlags
	noiseFlag
	Format string `default:"table" enum:"${change_formats}" help:"Form of the output: ${enum}."`
	wideFlag
}

// noiseFlag says where the noise between runs is learnt from.
type noiseFlag struct {
	History string `placeholder:"FILE" help:"History of runs (tandem history add) from which the noise between runs is learnt; without it a prior."`
}

// noises are those of the history's runs of a suite and a model, or the prior ones.
func (f noiseFlag) noises(of history.Filter) (compare.Noises, error) {
	if f.History == "" {
		return compare.Prior, nil
	}
	return trend.Noises(f.History, of)
}

// gateFlags say which gates decide.
type gateFlags struct {
	Gate string `placeholder:"FILE" help:"YAML file of gates; without it the default ones (tandem gate default prints them)."`
}

// Help follows the flags' list.
func (compareCmd) Help() string {
	return "Exit status 1: a gate failed; 3: a gate is undecided that must not be. Speeds of separate runs are undecided unless the change is larger " +
		"than runs of one build differ by: tandem ab interleaves two builds and is surer."
}

func (c compareCmd) Run(a *app) error {
	gates, err := compare.ReadGates(c.Gate)
	if err != nil {
		return err
	}
	base, err := readSide(c.Base)
	if err != nil {
		return err
	}
	var heads []compare.Side
	for _, path := range c.Heads {
		head, err := readSide(path)
		if err != nil {
			return err
		}
		heads = append(heads, head)
	}
	h := base.Runs[0].Header
	noises, err := c.noises(history.Filter{Suite: h.Suite.Name, Model: h.Model.Name, Machine: history.Fingerprint(h.Environment).Hash()})
	if err != nil {
		return err
	}
	result, err := compare.Of(base, heads, noises)
	if err != nil {
		return err
	}
	return a.decide(result, gates, c.Format, c.width(a.stdout))
}

// decide applies gates and shows the result.
func (a *app) decide(result compare.Result, gates []compare.Gate, format string, width int) error {
	if err := result.Apply(gates); err != nil {
		return err
	}
	return a.show(result, format, width)
}

// show prints a result whose gates are applied, and says by its error how they ended.
func (a *app) show(result compare.Result, format string, width int) error {
	text, err := changes.Find(format).Write(result, width)
	if err != nil {
		return err
	}
	if _, err := a.stdout.Write(text); err != nil {
		return err
	}
	switch passed, undecided := result.Passed(); {
	case passed:
		return nil
	case undecided:
		return errUndecided
	}
	return errFailed
}

// errUndecided marks gates that fail since nothing is decided: exit status 3.
var errUndecided = errors.New("undecided")

// readSide reads the runs of one build.
func readSide(paths string) (compare.Side, error) {
	side := compare.Side{Name: paths}
	for _, path := range strings.Split(paths, ",") {
		r, err := compare.Read(path)
		if err != nil {
			return side, err
		}
		side.Runs = append(side.Runs, r)
	}
	return side, nil
}
