package forwards

import (
	"context"
	"errors"
	"fmt"

	"tandem/record"
	"tandem/transformer"
	"tandem/transformer/speed"
)

// Options say what stands around a measurement.
type Options struct {
	Environment record.Environment
	Elsewhere   func() (share float64, known bool) // of the processors' time, what other work has taken since the beginning
	Dir         string                             // where bench.json is saved after each batch size, so that what is finished is kept; empty: nowhere
}

// Measure runs the plan and reports on it. A plan of which nothing could be measured is an error.
func Measure(ctx context.Context, backend transformer.Backend, plan speed.Plan, o Options) (Report, error) {
	report := Report{Schema: record.Schema, Environment: o.Environment}
	card := transformer.Card{Config: backend.Config(), Dtype: backend.Describe().Dtype}
	var saved error
	plan.Finished = func(rows []speed.Row, left []speed.LeftOut) {
		speed.Rate(rows, card)
		share, known := o.Elsewhere()
		report.take(rows, left, share, known)
		if o.Dir != "" {
			saved = errors.Join(saved, report.save(o.Dir))
		}
	}
	_, _, err := speed.Measure(ctx, backend, plan)
	if err = errors.Join(err, saved); err == nil && len(report.Rows) == 0 {
		err = fmt.Errorf("nothing was measured: %s", report.LeftOut[0].Reason)
	}
	return report, err
}
