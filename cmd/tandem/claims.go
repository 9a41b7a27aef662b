package main

import (
	"fmt"
	"slices"

	"tandem/claims"
	"tandem/reports/ledger"
	"tandem/reports/plot"
)

type claimsCmd struct {
	List  claimsListCmd  `cmd:"" help:"List the claims, with the tokens per forward that each implies."`
	Show  claimsShowCmd  `cmd:"" help:"Show a claim: figures, conditions, what is undisclosed, and the arithmetic."`
	Check claimsCheckCmd `cmd:"" help:"Set what was measured beside each claim: reproduced, contradicted, or not comparable and why."`
	Chart claimsChartCmd `cmd:"" help:"Draw claimed beside measured speed-ups."`
}

// ledgerFlags say which claims are meant.
type ledgerFlags struct {
	Ledger string `placeholder:"FILE" help:"YAML file of claims of your own, beside those that ship; one of the same id takes the other's place."`
}

// pickFlags choose claims.
type pickFlags struct {
	ledgerFlags
	Only []string `placeholder:"ID" help:"Only these claims; * stands for any characters."`
}

// pick reads the ledger and chooses the claims.
func (f pickFlags) pick() (claims.Ledger, []claims.Claim, error) {
	all, err := claims.Read(f.Ledger)
	if err != nil {
		return all, nil, err
	}
	picked, err := all.Pick(f.Only)
	return all, picked, err
}

type claimsListCmd struct {
	pickFlags
	wideFlag
	JSON bool `help:"Print JSON: id, who, claim, figures, source, read, conditions, undisclosed, implied_tokens_per_forward of each."`
}

func (c claimsListCmd) Run(a *app) error {
	all, picked, err := c.pick()
	if err != nil {
		return err
	}
	entries := ledger.Entries(all, picked)
	return a.print(c.JSON, entries, ledger.List(entries, c.width(a.stdout)))
}

type claimsShowCmd struct {
	Claim   string   `arg:"" help:"Its id."`
	Results []string `arg:"" optional:"" help:"Folders of runs or of tandem bench: the arithmetic for their machines, and where ar catches up by measured forwards."`
	ledgerFlags
	wideFlag
}

func (c claimsShowCmd) Run(a *app) error {
	all, picked, err := pickFlags{c.ledgerFlags, []string{c.Claim}}.pick()
	if err != nil {
		return err
	}
	evidence, err := claims.ReadEvidence(c.Results, 0)
	if err != nil {
		return err
	}
	for i, one := range picked {
		if i > 0 {
			fmt.Fprintln(a.stdout)
		}
		fmt.Fprint(a.stdout, ledger.Show(all, one, evidence, c.width(a.stdout)))
	}
	return nil
}

// evidenceFlags say what claims are checked against.
type evidenceFlags struct {
	Results []string `arg:"" help:"Folders of runs or of tandem bench, summary.json or bench.json files."`
	pickFlags
	priceFlag
}

// check sets the evidence beside the claims.
func (f evidenceFlags) check() ([]claims.Finding, error) {
	if err := f.priceFlag.check(); err != nil {
		return nil, err
	}
	all, picked, err := f.pick()
	if err != nil {
		return nil, err
	}
	evidence, err := claims.ReadEvidence(f.Results, f.Price)
	return all.Check(picked, evidence), err
}

type claimsCheckCmd struct {
	evidenceFlags
	wideFlag
	Strict bool `help:"Exit status 1 where one of the claims was not reproduced."`
	JSON   bool `help:"Print JSON: id, verdict (reproduced, contradicted, not_comparable), reason, measured of each."`
}

func (c claimsCheckCmd) Run(a *app) error {
	findings, err := c.check()
	if err == nil {
		err = a.print(c.JSON, findings, ledger.Findings(findings, c.width(a.stdout)))
	}
	failed := slices.ContainsFunc(findings, func(f claims.Finding) bool { return f.Verdict != claims.Reproduced })
	if err == nil && c.Strict && failed {
		return errFailed
	}
	return err
}

type claimsChartCmd struct {
	evidenceFlags
	drawFlags
	Out string `default:"charts" placeholder:"DIR" help:"Folder for the chart; ${default} by default."`
	wideFlag
}

func (c claimsChartCmd) Run(a *app) error {
	findings, err := c.check()
	if err != nil {
		return err
	}
	chart, measured, err := ledger.Chart(findings)
	if err != nil {
		return err
	}
	if err := c.save(a, []plot.Chart{chart}, c.Out, c.width(a.stdout)); err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.stdout, "claims with a measurement: %d\n", measured)
	return err
}
