package main

import (
	"errors"
	"fmt"
	"strings"

	"tandem/bench"
)

type mergeCmd struct {
	Dirs  []string `arg:"" name:"dir" help:"Folders of the shards: those that tandem run --shard I/N wrote. One that is not there yet is a missing shard."`
	Out   string   `placeholder:"DIR" help:"Folder of the whole run."`
	Check bool     `help:"Merge nothing: print the index of each shard that is missing or unfinished, a tab and why, and leave with status 1 where there is one."`
	summaryFlags
}

func (c mergeCmd) Run(a *app) error {
	if err := c.summaryFlags.check(); err != nil {
		return err
	}
	if c.Check == (c.Out != "") {
		return errors.New("merge: name the folder of the whole run with --out, or look for missing shards with --check")
	}
	shards, err := bench.ReadShards(c.Dirs)
	if err != nil {
		return err
	}
	gaps := shards.Gaps()
	if c.Check {
		return printGaps(a, gaps)
	}
	if len(gaps) > 0 {
		var words []string
		for _, g := range gaps {
			words = append(words, fmt.Sprintf("%d (%s)", g.Index, g.Why))
		}
		return fmt.Errorf("shards to run again before they are merged: %s", strings.Join(words, ", "))
	}
	if err := shards.Merge(c.Out); err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	return report(a, c.Out, c.summaryFlags)
}

// printGaps prints the shards that are to be run again.
func printGaps(a *app, gaps []bench.Gap) error {
	for _, g := range gaps {
		if _, err := fmt.Fprintf(a.stdout, "%d\t%s\n", g.Index, g.Why); err != nil {
			return err
		}
	}
	if len(gaps) > 0 {
		return errFailed
	}
	return nil
}
