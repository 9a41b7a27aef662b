package history

import (
	"cmp"

	"tandem/bench/metric"
)

// A Kind says how a metric's values vary from run to run.
type Kind string

// The kinds.
const (
	Counter  Kind = "counter"  // does not vary at greedy decoding: any other value is a change
	Result   Kind = "result"   // likewise, but a change smaller than the least one counts for nothing
	Ratio    Kind = "ratio"    // of two speeds that took turns: varies little, and is what changes are sought in
	Absolute Kind = "absolute" // of the machine and its neighbours: shown, but no ground for an alarm
)

// A Metric is one figure that a history keeps of a decoder.
type Metric struct {
	metric.Measure
	Kind Kind `json:"kind"`
}

// kinds are those of the measures of a run; of any other, a foreign one among them, it is Absolute.
var kinds = map[string]Kind{
	"anchor_ratio":       Ratio,
	"speedup":            Ratio,
	"pass_at_1":          Result,
	"tokens_per_forward": Counter,
	"forwards":           Counter,
	"positions":          Counter,
	"tokens":             Counter,
	"peak_memory_bytes":  Result,
}

// metricOf is the metric of a name. A foreign one is shown, and never alarms.
func metricOf(name string) Metric { return Metric{metric.Named(name), cmp.Or(kinds[name], Absolute)} }

// Measured says that a value depends on the machine: a run that was not measured has none.
func (v Value) Measured() bool { return metricOf(v.Metric).measured() }

func (m Metric) measured() bool { return m.Kind == Ratio || m.Kind == Absolute }
