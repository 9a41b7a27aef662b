package metric_test

import (
	"fmt"
	"slices"

	"tandem/bench/metric"
	"tandem/record"
)

// slowest is a metric of one's own: the seconds of the slowest task. It does not apply where no task has a time.
func slowest(times []metric.TaskTime) (seconds float64, ok bool) {
	if len(times) == 0 {
		return 0, false
	}
	return slices.MaxFunc(times, func(a, b metric.TaskTime) int { return int(1e6 * (a.Cost - b.Cost)) }).Cost, true
}

// A metric is a function of the tasks' times, so one of your own needs no change to this package. To show it in reports, give
// reports.Decoder a field and the table of columns an entry.
func Example_metric() {
	fold := metric.NewFold("ar", metric.Block{})
	for i, seconds := range []float64{0.25, 0.5, 0.75} {
		for repeat := range 3 { // of each task the median counts
			fold.Add(record.Record{Task: fmt.Sprint(i), Repeat: repeat, Tokens: 10, Seconds: seconds * float64(repeat+1)})
		}
	}
	fmt.Println(slowest(fold.Times(nil)))
	fmt.Println(metric.TokensPerSecond.Of(fold.Times(nil)))
	fmt.Println(slowest(nil))
	// Output:
	// 1.5 true
	// 10 true
	// 0 false
}
