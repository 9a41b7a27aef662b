package reports

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"

	"tandem/bench/load"
	"tandem/bench/metric"
	"tandem/bench/stats"
	"tandem/record"
)

// summarySchema is the version of summary.json.
const summarySchema = 1

// A Summary is summary.json: what a run measured, with its intervals. Keys are stable; a value that does not
// apply is left out, because it is neither zero nor NaN.
type Summary struct {
	Schema      int                `json:"schema"`
	Verdict     string             `json:"verdict,omitempty"` // the run in one sentence; begins with "not measured" where it cannot carry a figure
	Warnings    []Warning          `json:"warnings"`
	Environment record.Environment `json:"environment"`
	Suite       record.SuiteInfo   `json:"suite"`
	Model       record.ModelInfo   `json:"model"`
	Plan        record.PlanInfo    `json:"plan"`
	Ceilings    map[string]float64 `json:"ceilings,omitempty"`
	Busy        *float64           `json:"busy,omitempty"` // share of its threads' time that the run had a processor
	Decoders    []Decoder          `json:"decoders"`
	Comparisons []Comparison       `json:"comparisons"`
	Objectives  *load.Objectives   `json:"objectives,omitempty"` // the reader's: what counts as good
	Saturation  []Saturated        `json:"saturation,omitempty"`
	Failures    []metric.Failure   `json:"failures,omitempty"` // tasks that a refiner fails and its baseline passes
	GPU         *record.GPU        `json:"gpu,omitempty"`
	Price       float64            `json:"price_per_hour,omitempty"` // dollars for an hour of the machine: the reader's, not the run's
	best        int                // the comparison of the verdict, -1 where there is none
	run         *run               // what it was made of; nil where it was read from summary.json
}

// An Interval is a value with the ends of its 95% confidence interval.
type Interval = stats.Interval

// decoder is the one of a name.
func (s Summary) decoder(name string) Decoder {
	return s.Decoders[slices.IndexFunc(s.Decoders, func(d Decoder) bool { return d.Name == name })]
}

// Against is the comparison of two decoders of the run. Where the summary was read from summary.json, only those that it holds are known.
func (s Summary) Against(base, head string) (Comparison, bool) {
	for _, c := range s.Comparisons {
		if c.Base == base && c.Head == head {
			return c, true
		}
	}
	at := func(name string) int {
		return slices.IndexFunc(s.Decoders, func(d Decoder) bool { return d.Name == name })
	}
	b, h := at(base), at(head)
	if s.run == nil || b < 0 || h < 0 {
		return Comparison{}, false
	}
	return s.run.compare(b, h, s), true
}

// A Decoder is what one decoder did over the suite. Totals are over the decodings of the plan, further ones of
// disturbed ones left out: dividing by Decodings gives one decoding's. Speeds are over the timed tasks, of each the median of its undisturbed repeats.
type Decoder struct {
	Name     string         `json:"name"`
	Settings map[string]any `json:"settings,omitempty"`
	Prompts  string         `json:"prompts_sha256,omitempty"` // of what all tasks asked

	Tasks     int                `json:"tasks"`                    // tasks that were decoded
	Records   int                `json:"records"`                  // decodings: tasks x samples x repeats, and further ones of disturbed ones
	Disturbed int                `json:"disturbed"`                // of Records, those from which other work took too much: their times do not count
	Decodings int                `json:"decodings"`                // of the plan that did not fail: what the totals below are over
	Extra     int                `json:"extra,omitempty"`          // of Records, further decodings of disturbed ones
	Judged    int                `json:"judged,omitempty"`         // tasks with at least one verdict
	Passed    *float64           `json:"passed,omitempty"`         // of the judged; whole where every task has one answer
	Pass1     *Interval          `json:"pass_at_1,omitempty"`      // Passed / Judged, Wilson
	PassK     map[string]float64 `json:"pass_at_k,omitempty"`      // by k, where every task has so many samples
	ByLevel   []Level            `json:"by_level,omitempty"`       // where the suite has levels
	Sandbox   int                `json:"sandbox_errors,omitempty"` // decodings that could not be judged: not wrong answers
	Errors    int                `json:"errors,omitempty"`         // decodings that failed: they count nowhere else
	Empty     int                `json:"empty_outputs"`            // decodings without a single useful token
	Truncated int                `json:"truncated,omitempty"`      // decodings that ended at the token budget

	TimedTasks            int       `json:"timed_tasks"`                        // tasks whose times count: the same for all decoders
	TokensPerSecond       *Interval `json:"tokens_per_second,omitempty"`        // useful tokens, pooled
	DecodeTokensPerSecond *float64  `json:"decode_tokens_per_second,omitempty"` // the same after the prompt was read
	SecondsPerTask        *Interval `json:"seconds_per_task,omitempty"`         // wall-clock of a decoding, mean over tasks
	SecondsToFirst        *Interval `json:"seconds_to_first_token,omitempty"`   // to the first readable token, mean over tasks
	TokensPerForward      *Interval `json:"tokens_per_forward,omitempty"`       // useful tokens, pooled over forwards of every kind

	Forwards          int                 `json:"forwards,omitempty"` // not known of an endpoint
	Kinds             map[record.Kind]int `json:"forwards_by_kind,omitempty"`
	ForwardsPerSecond *float64            `json:"forwards_per_second,omitempty"`
	Positions         int                 `json:"positions,omitempty"` // rows computed; not known of an endpoint
	Tokens            int                 `json:"tokens"`              // useful: up to and without the first end of sequence
	Canvas            int                 `json:"canvas,omitempty"`    // output positions ever committed, those beyond the end included

	CeilingTokensPerSecond *float64 `json:"ceiling_tokens_per_second,omitempty"` // the same forwards at the measured ceilings
	CeilingShare           *float64 `json:"ceiling_share,omitempty"`
	PeakMemory             *int64   `json:"peak_memory_bytes,omitempty"`

	JoulesPerToken    *float64 `json:"joules_per_token,omitempty"`     // of a useful token, the GPU's idle power included
	NetJoulesPerToken *float64 `json:"net_joules_per_token,omitempty"` // without it
	JoulesPerSolved   *float64 `json:"joules_per_solved_task,omitempty"`

	DollarsPerMillion *float64 `json:"dollars_per_million_tokens,omitempty"` // useful tokens, at the endpoint's prices or that of the machine's hour
	DollarsPerSolved  *float64 `json:"dollars_per_solved_task,omitempty"`

	Endpoint *Endpoint `json:"endpoint,omitempty"` // only of a server: what it told, and what the network showed

	machine *float64 // seconds that a task takes of the machine
}

// A Comparison sets a decoder (head) beside the autoregressive one (base), paired by task.
type Comparison struct {
	Base                 string        `json:"base"`
	Head                 string        `json:"head"`
	NotMeasured          string        `json:"not_measured,omitempty"`            // why there is no speed
	Speedup              *Interval     `json:"speedup,omitempty"`                 // sum over tasks of base's seconds / head's
	Repeats              *stats.Spread `json:"speedup_by_repeat,omitempty"`       // the same in each repeat by itself
	TokensPerSecondRatio *Interval     `json:"tokens_per_second_ratio,omitempty"` // Speedup x TokenRatio
	TokenRatio           *float64      `json:"token_ratio,omitempty"`             // head's useful tokens / base's
	PassDifference       *Interval     `json:"pass_difference,omitempty"`         // head's pass rate - base's, over tasks that both have
	PairedTasks          int           `json:"paired_tasks,omitempty"`            // those tasks
	McNemarP             *float64      `json:"mcnemar_p,omitempty"`               // exact, two-sided; only where every task has one answer
	SameQuality          *bool         `json:"same_quality,omitempty"`            // the lower end of the difference is above -0.05
	NeededTasks          *int          `json:"needed_tasks,omitempty"`            // tasks that would show the same quality, at these rates
	Detectable           *float64      `json:"minimum_detectable,omitempty"`      // difference of pass rate, at 80% power
	ForwardCost          *float64      `json:"forward_cost,omitempty"`            // seconds of head's forwards / base's
	BreakEven            *float64      `json:"break_even_tokens_per_forward,omitempty"`
	Verdict              string        `json:"verdict,omitempty"`
}

// qualityMargin is the loss of pass rate that still counts as the same quality: five points.
const qualityMargin = 0.05

// ReadSummary reads a summary.json. One of another schema is an error that names both.
func ReadSummary(path string) (Summary, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Summary{}, err
	}
	var s Summary
	if err := json.Unmarshal(text, &s); err != nil {
		return Summary{}, fmt.Errorf("%s: %w", path, err)
	}
	if s.Schema != summarySchema {
		return Summary{}, fmt.Errorf("%s has schema %d, this version of tandem reads %d", path, s.Schema, summarySchema)
	}
	for i := range s.Decoders {
		if d := &s.Decoders[i]; d.Decodings == 0 { // earlier versions did not tell
			d.Decodings = d.Records - d.Errors
		}
		if d := &s.Decoders[i]; d.SecondsPerTask != nil && s.Plan.Batch <= 1 { // of a batch they are not the machine's
			d.machine = &d.SecondsPerTask.Value
		}
	}
	if s.geometric() {
		s.Warnings = append(s.Warnings, Warning{"older_summary",
			"an earlier version of tandem wrote this: its speed-ups are geometric means of the tasks' time ratios", Caution})
	}
	s.best = headline(s)
	return s, nil
}

// geometric says that the summary was written before speeds were those of timed tasks.
func (s Summary) geometric() bool {
	return slices.ContainsFunc(s.Decoders, func(d Decoder) bool { return d.TimedTasks == 0 && d.TokensPerSecond != nil })
}
