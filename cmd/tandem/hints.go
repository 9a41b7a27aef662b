package main

import (
	"errors"
	"fmt"

	"tandem/bench"
	"tandem/bench/ab"
	"tandem/bench/history"
	"tandem/bench/metric"
	"tandem/claims"
	"tandem/datasets"
	"tandem/device"
	"tandem/evals"
	"tandem/record"
	"tandem/record/jsonl"
	"tandem/transformer/models"
)

// hint says what to do about an error on the command line, of which no library knows; it follows the error's own text.
func hint(err error) string {
	var suite *datasets.SuiteError
	var missing *models.NotFetched
	var broken *models.Broken
	var fetch *models.FetchError
	switch {
	case errors.Is(err, device.ErrWrong):
		return ": use --device cpu, and report it"
	case errors.As(err, new(*device.Unusable)):
		return ", or use --device cpu"
	case errors.As(err, new(*jsonl.Busy)):
		return ", or choose another --out"
	case errors.As(err, new(*bench.Mismatch)), errors.As(err, new(*ab.Mismatch)):
		return "; choose another --out or delete it"
	case errors.As(err, new(*evals.Foreign)):
		return ": choose another --out or delete it"
	case errors.As(err, new(*record.Missing)):
		return ": tandem run writes it"
	case errors.As(err, new(*metric.Empty)):
		return ": let tandem run finish at least one example"
	case errors.As(err, &missing) && missing.Hub:
		return fmt.Sprintf(", or fetch it from the hub with `tandem models fetch %s`", missing.Name)
	case missing != nil:
		return fmt.Sprintf(": fetch it with `tandem models fetch %s`", missing.Name)
	case errors.As(err, &broken):
		return fmt.Sprintf(": `tandem models fetch %s` mends it", broken.Name)
	case errors.As(err, &fetch) && fetch.Begun:
		return fmt.Sprintf("; `tandem models fetch %s` goes on, --from DIR takes a copy", fetch.Name)
	case errors.Is(err, models.ErrNoName):
		return "; see `tandem models list`"
	case errors.As(err, new(*history.Missing)):
		return ": tandem history add DIR begins it, --db names another"
	case errors.As(err, new(*history.Damaged)):
		return ": put a whole copy in its place, or add the runs again to another --db"
	case errors.As(err, new(*history.Busy)):
		return ": try again when it is done"
	case errors.As(err, new(*history.Empty)):
		return ": see tandem history list and show"
	case errors.As(err, new(*history.Mixed)):
		return ": choose one with --machine, --suite or --model, or take --format json"
	case errors.As(err, new(*claims.Unknown)):
		return ": tandem claims list has the ids"
	case errors.As(err, new(*claims.NoResults)):
		return ": name a folder that tandem run or tandem bench --out wrote"
	case errors.As(err, &suite) && errors.Is(err, datasets.ErrNotFetched):
		return fmt.Sprintf(": fetch it with `tandem datasets fetch %s`, or name its file with --data", suite.Suite)
	case suite != nil && errors.Is(err, datasets.ErrDamaged):
		return fmt.Sprintf("; delete it and run `tandem datasets fetch %s`", suite.Suite)
	case suite != nil && errors.Is(err, datasets.ErrFetch):
		return fmt.Sprintf("; `tandem datasets fetch %s` goes on, --from FILE takes a copy", suite.Suite)
	}
	return ""
}
