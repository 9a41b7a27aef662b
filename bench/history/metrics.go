package history

import "slices"

// A Better says which way a metric gets better.
type Better string

// The directions. Of a metric of Neither, such as the number of useful tokens, any change is one that somebody should look at; of
// one of Unknown nobody has said what it means.
const (
	Higher  Better = "higher"
	Lower   Better = "lower"
	Neither Better = "exact"
	Unknown Better = ""
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
	Name   string `json:"name"` // its key in summary.json
	Unit   string `json:"unit,omitempty"`
	Better Better `json:"better,omitempty"`
	Kind   Kind   `json:"kind"`
}

// metrics are the metrics of a run, the most telling first. Counters are those of one decoding, on average.
var metrics = []Metric{
	{"anchor_ratio", "x", Higher, Ratio},
	{"speedup", "x", Higher, Ratio},
	{"pass_at_1", "", Higher, Result},
	{"tokens_per_forward", "tokens", Higher, Counter},
	{"forwards", "forwards", Lower, Counter},
	{"positions", "positions", Lower, Counter},
	{"tokens", "tokens", Neither, Counter},
	{"peak_memory_bytes", "bytes", Lower, Result},
	{"tokens_per_second", "tok/s", Higher, Absolute},
	{"seconds_per_task", "s", Lower, Absolute},
	{"seconds_to_first_token", "s", Lower, Absolute},
	{"ceiling_share", "", Higher, Absolute},
	{"joules_per_token", "J", Lower, Absolute},
}

// metricOf is the metric of a name. One that is not in the table is foreign: it is shown, and never alarms.
func metricOf(name string) Metric {
	if i := slices.IndexFunc(metrics, func(m Metric) bool { return m.Name == name }); i >= 0 {
		return metrics[i]
	}
	return Metric{Name: name, Kind: Absolute}
}

// order is where a metric stands in the table, foreign ones last.
func order(name string) int {
	if i := slices.IndexFunc(metrics, func(m Metric) bool { return m.Name == name }); i >= 0 {
		return i
	}
	return len(metrics)
}

// Measured says that a value depends on the machine: a run that was not measured has none.
func (v Value) Measured() bool { return metricOf(v.Metric).measured() }

func (m Metric) measured() bool { return m.Kind == Ratio || m.Kind == Absolute }
