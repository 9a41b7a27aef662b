package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"tandem/bench/ab"
	"tandem/bench/compare"
	"tandem/reports/changes"
)

type abCmd struct {
	Base   string `required:"" placeholder:"REF" help:"Build to compare with: a commit that git knows, which is built apart, or a binary."`
	Head   string `default:"." placeholder:"REF" help:"Build to judge: likewise; . is the tree of this folder as it is."`
	Anchor string `placeholder:"REF" help:"A third build that is interleaved with both: a pinned older one, for tandem history."`
	gateFlags
	Suite     string        `default:"basics" help:"Task suite."`
	Model     string        `default:"embedded" help:"Checkpoint, as in run."`
	Decoders  string        `default:"ar,diffusion" help:"Decoders by name; the first ar is the baseline."`
	Limit     int           `least:"0" default:"40" help:"Tasks of a round; 0 for all."`
	MaxTokens int           `least:"1" default:"128" help:"Most tokens of an output."`
	Budget    time.Duration `default:"10m" help:"No round is begun later."`
	Seed      uint64        `default:"1" help:"Seed of the order of the tasks and of the turns."`
	Out       string        `default:"results/ab" placeholder:"DIR" help:"Folder of the rounds; the same one resumes."`
	Format    string        `default:"table" enum:"${change_formats}" help:"Form of the output: ${enum}."`
	wideFlag
	Further []string `arg:"" optional:"" passthrough:"" help:"Further flags of run, after --."`
}

// Help follows the flags' list.
func (abCmd) Help() string {
	return "Short processes of the builds decode in turn, on the same cores, until the gates are decided. A gate that fails is confirmed by fresh rounds. " +
		"Exit status 1: a gate failed twice, or once where it cannot vary; 3: a gate is undecided, or failed with no time left to confirm it, and says undecided: fail. " +
		"The builds must know run --turns."
}

func (c abCmd) Run(a *app) error {
	gates, err := compare.ReadGates(c.Gate)
	if err != nil {
		return err
	}
	o := ab.Options{Gates: gates, Out: c.Out, Budget: c.Budget, Seed: c.Seed, Args: c.args,
		Report: func(text string) { fmt.Fprintln(a.stderr, text) }}
	for _, name := range []string{c.Base, c.Head, c.Anchor} {
		if name == "" {
			continue
		}
		fmt.Fprintf(a.stderr, "building %s\n", name)
		program, err := ab.Resolve(a.ctx, name, filepath.Join(c.Out, "bin"))
		if err != nil {
			return err
		}
		o.Builds = append(o.Builds, program)
	}
	result, err := ab.Run(a.ctx, o)
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(result, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(c.Out, "ab.json"), append(text, '\n'), 0o644); err != nil {
		return err
	}
	if err := changes.WriteAll(c.Out, result.Result); err != nil {
		return err
	}
	return a.show(result.Result, c.Format, c.width(a.stdout))
}

// args are those of each process's run.
func (c abCmd) args(folder string, judged bool) []string {
	judge := map[bool]string{true: "auto", false: "none"}[judged]
	args := []string{"run", "--turns", "--out", folder, "--judge", judge, "--suite", c.Suite, "--model", c.Model, "--decoders", c.Decoders, "--limit", fmt.Sprint(c.Limit), "--max-tokens", fmt.Sprint(c.MaxTokens),
		"--seed", fmt.Sprint(c.Seed), "--repeats", "1", "--extra-repeats", "0"}
	if len(c.Further) > 0 && c.Further[0] == "--" {
		c.Further = c.Further[1:]
	}
	return append(args, c.Further...)
}
