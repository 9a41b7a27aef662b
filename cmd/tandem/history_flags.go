package main

import (
	"time"

	"tandem/bench/changepoint"
	"tandem/bench/history"
	"tandem/reports/trend"
)

// filterFlags choose runs of a history.
type filterFlags struct {
	Suite   string    `placeholder:"NAME" help:"Suites whose name begins so."`
	Model   string    `placeholder:"NAME" help:"Models whose name begins so."`
	Machine string    `placeholder:"HASH" help:"Machines whose fingerprint begins so, as tandem history list shows it."`
	Since   time.Time `format:"2006-01-02" placeholder:"DATE" help:"Runs from this day on, such as 2026-11-25."`
}

func (f filterFlags) filter() history.Filter {
	return history.Filter{Suite: f.Suite, Model: f.Model, Machine: f.Machine, Since: f.Since}
}

// seriesFlags choose series.
type seriesFlags struct {
	filterFlags
	Metrics  []string `name:"metric" help:"Metrics, such as speedup,forwards; all by default."`
	Decoders []string `name:"decoder" help:"Decoders; all by default."`
	Last     int      `default:"100" least:"2" help:"Newest runs of each series."`
}

func (f seriesFlags) selection() history.Selection {
	return history.Selection{Filter: f.filter(), Metrics: f.Metrics, Decoders: f.Decoders, Last: f.Last}
}

// changeFlags say what counts as a change of a series.
type changeFlags struct {
	seriesFlags
	Test         string  `default:"permutation" enum:"permutation,hunter" help:"How a change is told from noise: ${enum}; the latter is Apache Otava's (its significance: 0.001)."`
	Significance float64 `default:"0.01" help:"Greatest p of a change: the share of series of mere noise in which one is found."`
	Magnitude    float64 `default:"0.01" help:"Least change, as a share; counts that cannot vary have none."`
}

func (f changeFlags) options() trend.Options {
	return trend.Options{Selection: f.selection(), Test: changepoint.Test(f.Test), Significance: f.Significance, Magnitude: f.Magnitude}
}
