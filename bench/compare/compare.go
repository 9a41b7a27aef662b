// Package compare says what changed between two runs of the same suite, how sure that is, and whether a gate lets it pass.
//
//  1. Read folds a scored run, and keeps of it what a fold does not: outputs, the order of decodings, energy (run.go).
//  2. Of gives a Row for each decoder and figure of the table in figures.go: base, head, change, 95% interval, p and a Verdict.
//  3. Gates are conditions on rows, read from YAML (gates.go).
//
// What two runs share is told apart by how it varies (Noise): counters of greedy decodings cannot vary and are compared exactly;
// pass rates vary with the tasks; a speed-up varies with the tasks and a little between runs; a speed varies between runs by far
// more than most changes are worth, since other work, placement and clocks differ, and is undecided unless the change is larger.
//
// Note: an interval over tasks alone, or over repeats within a run, is too narrow between runs: of ten identical runs three missed
// the median of the ten. Speeds of two builds are best told from runs in turn on one machine (package ab).
package compare

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"tandem/bench/metric"
	"tandem/bench/stats"
)

// A Verdict is what a row says.
type Verdict string

// The verdicts. Same says that the whole interval lies within the margin, Undecided that more runs would tell.
const (
	Same      Verdict = "same"
	Better    Verdict = "better"
	Worse     Verdict = "worse"
	Undecided Verdict = "undecided"
)

// Limits say which change matters.
type Limits struct {
	Margin  float64 // a change whose whole interval lies within it is none; relative, for pass rates absolute
	Minimum float64 // a smaller change is never better or worse
	Alpha   float64 // level of the tests, together over a comparison's rows (Holm)
}

// defaults are the limits where nobody sets others: 5% or 5 points, 2% or 2 points, at 5%.
var defaults = Limits{Margin: 0.05, Minimum: 0.02, Alpha: 0.05}

// A Row is one figure of one decoder. Change, Low and High are relative to the base, (head - base) / base; of pass@1 they are the
// difference. P is two-sided and of this row alone; Adjusted is Holm's over all rows with a P.
type Row struct {
	Head      int      `json:"run"` // index of the head
	Decoder   string   `json:"decoder"`
	Metric    string   `json:"metric"`
	Unit      string   `json:"unit,omitempty"`
	Base      float64  `json:"base"`
	HeadValue float64  `json:"head"`
	Change    float64  `json:"change"`
	Low       *float64 `json:"low,omitempty"`
	High      *float64 `json:"high,omitempty"`
	P         *float64 `json:"p,omitempty"`
	Adjusted  *float64 `json:"p_holm,omitempty"`
	Exact     bool     `json:"exact,omitempty"`  // a counter that cannot vary
	Points    bool     `json:"points,omitempty"` // the change is a difference and not relative
	Tasks     int      `json:"tasks,omitempty"`  // that both have
	Rounds    int      `json:"rounds,omitempty"` // of interleaved runs
	Verdict   Verdict  `json:"verdict"`
	Needed    int      `json:"needed_repeats,omitempty"` // runs of each side that would decide, at this change and noise

	certain bool           // it does not vary by chance, so there is no p
	better  int            // 1: higher is better, -1: lower, 0: any change of a counter is worse
	log     stats.LogRatio // before the noise between runs; zero where there is none
	noise   Noise
}

// A Side is what is compared: the runs of one build, one or more.
type Side struct {
	Name string
	Runs []*Run
}

// A Result is a comparison: what compare prints as JSON.
type Result struct {
	Schema   int          `json:"schema"`
	Base     About        `json:"base"`
	Heads    []About      `json:"heads"`
	Rows     []Row        `json:"rows"`
	Outputs  []Difference `json:"outputs,omitempty"`
	Gates    []GateResult `json:"gates"`
	Warnings []Warning    `json:"warnings"`

	lacking []lack
}

// A lack is a figure of a decoder of the base that not both sides have, or not over the same tasks and baseline: there is no row of it.
type lack struct {
	head            int
	decoder, metric string
}

// Schema is the version of a Result.
const Schema = 1

// Of compares each head with the base, whose runs are separate. Sides without a common suite, decoder or task are an error.
func Of(base Side, heads []Side, noises Noises) (Result, error) {
	return sides(base, heads, noises, false)
}

// Interleaved compares sides whose runs of one index were interleaved, decoding by decoding: such a pair is a round. Speeds are
// compared round by round, so that what a round's moment did to both cancels, and the interval is over rounds: a round is a draw of
// the processes' placement and of the machine's state. It needs two rounds.
func Interleaved(base Side, heads []Side) (Result, error) {
	for _, head := range heads {
		if len(head.Runs) != len(base.Runs) || len(base.Runs) < 2 {
			return Result{}, fmt.Errorf("%d runs of %s and %d of %s are no rounds: give at least 2 of each", len(base.Runs), base.Name, len(head.Runs), head.Name)
		}
	}
	for _, s := range append([]Side{base}, heads...) {
		for _, r := range s.Runs {
			r.turns = true
		}
	}
	return sides(base, heads, Prior, true)
}

func sides(base Side, heads []Side, noises Noises, rounds bool) (Result, error) {
	r := Result{Schema: Schema, Base: about(base), Rows: []Row{}, Gates: []GateResult{}, Warnings: []Warning{}}
	for i, head := range heads {
		if err := comparable(base, head); err != nil {
			return Result{}, err
		}
		r.Heads = append(r.Heads, about(head))
		rows, lacking := rowsOf(base, head, noises, rounds)
		if len(rows) == 0 {
			return Result{}, fmt.Errorf("%s and %s have no decoder with a figure in common: run both with the same decoders", base.Name, head.Name)
		}
		for j := range rows {
			rows[j].Head = i
		}
		for j := range lacking {
			lacking[j].head = i
		}
		r.lacking = append(r.lacking, lacking...)
		adjust(rows)
		for j := range rows {
			rows[j].decide(defaults)
			rows[j].Needed = rows[j].needed(defaults)
		}
		r.Rows = append(r.Rows, rows...)
		r.Outputs = append(r.Outputs, differences(base, head, i)...)
		for _, w := range append(warnings(base, head, rounds), missing(base, head, lacking)...) {
			if !slices.Contains(r.Warnings, w) { // the base's own stand once
				r.Warnings = append(r.Warnings, w)
			}
		}
	}
	return r, nil
}

// rowsOf are the rows of two sides, by decoder and then in the order of the figures, and the figures of the base's decoders that a run
// has and that are no row.
func rowsOf(base, head Side, noises Noises, rounds bool) (rows []Row, lacking []lack) {
	for _, g := range base.Runs[0].Groups {
		p := pair{base: base, head: head, decoder: g.Name, rounds: rounds}
		both := p.both()
		for _, f := range figures {
			row, ok := Row{}, false
			if both {
				row, ok = f.row(p, noises.of(f))
			}
			if ok {
				measure := metric.Named(f.Name)
				row.Decoder, row.Metric, row.Unit, row.better = g.Name, f.Name, measure.Unit, measure.Better.Sign()
				rows = append(rows, row)
			} else if slices.ContainsFunc(slices.Concat(base.Runs, head.Runs), func(r *Run) bool { return f.values([]*Run{r}, g.Name) != nil }) {
				lacking = append(lacking, lack{decoder: g.Name, metric: f.Name})
			}
		}
	}
	return rows, lacking
}

// A pair is one decoder on both sides.
type pair struct {
	base, head Side
	decoder    string
	rounds     bool // see Interleaved
}

// both says that every run of both sides has the decoder.
func (p pair) both() bool {
	for _, r := range slices.Concat(p.base.Runs, p.head.Runs) {
		if !slices.ContainsFunc(r.Groups, func(g metric.Group) bool { return g.Name == p.decoder }) {
			return false
		}
	}
	return true
}

// oneBase says that the decoder that others are compared with is the same in all runs.
func (p pair) oneBase() bool {
	names := map[string]bool{}
	for _, r := range slices.Concat(p.base.Runs, p.head.Runs) {
		name := ""
		if i := r.Base(); i >= 0 {
			name = r.Groups[i].Name
		}
		names[name] = true
	}
	return len(names) == 1
}

// adjust fills in Holm's p over the rows that have one.
func adjust(rows []Row) {
	var p []float64
	var at []int
	for i, r := range rows {
		if r.P != nil && !r.Exact {
			p, at = append(p, *r.P), append(at, i)
		}
	}
	for i, adjusted := range stats.Holm(p) {
		rows[at[i]].Adjusted = &adjusted
	}
}

// decide sets the verdict by limits.
func (r *Row) decide(l Limits) {
	r.Verdict = Undecided
	switch {
	case r.Exact && r.Change == 0 && *r.P == 1:
		r.Verdict = Same
	case r.Exact:
		r.Verdict = r.direction()
	case r.significant(l):
		r.Verdict = r.direction()
	case r.within(l.Margin):
		r.Verdict = Same
	}
}

// within says that the whole interval lies within the margin.
func (r *Row) within(margin float64) bool {
	return r.Low != nil && *r.Low >= -margin && *r.High <= margin
}

// significant says that the change is beyond chance and beyond the minimum.
func (r *Row) significant(l Limits) bool {
	beyondChance := r.certain || r.Adjusted != nil && *r.Adjusted < l.Alpha
	return beyondChance && math.Abs(r.Change) >= l.Minimum
}

// direction is Better or Worse by the sign of the change. A counter without a direction should not have changed at all.
func (r *Row) direction() Verdict {
	if r.Change*float64(r.better) > 0 {
		return Better
	}
	return Worse
}

// mostRuns is the largest number of runs that needed looks for.
const mostRuns = 100

// needed is the least number of runs of each side that would decide an undecided row, were the change what it is and the runs as
// far apart as they are; 0 where no such number of runs would, since tasks differ too much, or where the row is decided.
func (r *Row) needed(l Limits) int {
	if r.Verdict != Undecided || r.noise.Deviation == 0 {
		return 0
	}
	size := math.Abs(math.Log1p(r.Change))
	target := math.Log1p(l.Margin) - size // the interval lies within the margin
	if math.Abs(r.Change) >= l.Minimum {
		target = max(target, size) // or it leaves out no change
	}
	for n := 1; n <= mostRuns; n++ {
		freedom := r.noise.Freedom + float64(2*(n-1))
		if l := r.log.Plus(r.noise.Deviation*math.Sqrt(2/float64(n)), freedom); l.Half(stats.Confidence) < target {
			return n
		}
	}
	return 0
}

// An About says which runs a side is.
type About struct {
	Name    string `json:"name"`
	Runs    int    `json:"runs"`
	Commit  string `json:"commit,omitempty"`
	Version string `json:"version,omitempty"`
	CPU     string `json:"cpu,omitempty"`
	Device  string `json:"device,omitempty"`
	Suite   string `json:"suite"`
	Model   string `json:"model"`
	Dtype   string `json:"dtype,omitempty"`
	Started string `json:"started,omitempty"`
}

func about(s Side) About {
	h := s.Runs[0].Header
	e := h.Environment
	return About{Name: s.Name, Runs: len(s.Runs), Commit: e.Commit, Version: e.Version, CPU: cmp.Or(e.GPU, e.CPU), Device: e.Device,
		Suite: h.Suite.Name, Model: h.Model.Name, Dtype: h.Model.Dtype, Started: e.Started.UTC().Format("2006-01-02T15:04:05Z")}
}
