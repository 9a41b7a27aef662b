package metric

import "slices"

// A Measure is what a run says of a decoder, by the name that it has in summary.json, in comparisons, gates and histories.
type Measure struct {
	Name   string `json:"name"`
	Unit   string `json:"unit,omitempty"` // none: a share or a count
	Better Better `json:"better,omitempty"`
}

// A Better says which way a measure gets better.
type Better string

// The directions. Of a measure of Neither, such as the number of useful tokens, any change is one that somebody should look at; of
// one of Unknown nobody has said what it means.
const (
	Higher  Better = "higher"
	Lower   Better = "lower"
	Neither Better = "exact"
	Unknown Better = ""
)

// measures are all, the most telling first. What computes them stands where they are used: over tasks in compare, over a summary in
// reports.
var measures = []Measure{
	{"anchor_ratio", "x", Higher}, // of tok/s to those of a pinned older build
	{"speedup", "x", Higher},
	{"pass_at_1", "", Higher},
	{"tokens_per_forward", "tok", Higher},
	{"forwards", "", Lower},
	{"positions", "", Lower},
	{"tokens", "", Neither},
	{"peak_memory_bytes", "B", Lower},
	{"tokens_per_second", "tok/s", Higher},
	{"seconds_per_task", "s", Lower},
	{"seconds_to_first_token", "s", Lower},
	{"forwards_per_second", "1/s", Higher},
	{"ceiling_share", "", Higher},
	{"joules_per_token", "J", Lower},
}

// Named is the measure of a name. One that is not in the table is foreign: its direction is Unknown.
func Named(name string) Measure {
	if i := Rank(name); i < len(measures) {
		return measures[i]
	}
	return Measure{Name: name}
}

// Rank is where a measure stands among all, the foreign ones last.
func Rank(name string) int {
	if i := slices.IndexFunc(measures, func(m Measure) bool { return m.Name == name }); i >= 0 {
		return i
	}
	return len(measures)
}

// Sign is 1 where higher is better, -1 where lower is, 0 for neither.
func (b Better) Sign() int {
	switch b {
	case Higher:
		return 1
	case Lower:
		return -1
	}
	return 0
}
