package metric

import (
	"maps"
	"slices"
	"time"

	"tandem/record"
)

// A Task is what the records of one task under one decoder add up to.
type Task struct {
	Name   string
	Prompt string // hash of the first decoding's prompt (record.Record); empty where an earlier version wrote the record
	Level  int    // of its suite; 0 where that has none
	Counts
	samples map[int]*sample
}

// A sample is the decodings of one sample of a task: repeats of the same text, unless the decoder is not deterministic.
type sample struct {
	planned        map[int]bool // repeats that were decoded without error
	timings        []timing     // of undisturbed decodings, one a repeat at the most
	judged, passed int
}

// A timing is one undisturbed decoding.
type timing struct {
	repeat, forwards, tokens, prefilled int     // prefilled: useful tokens that prefills committed
	cost, seconds                       float64 // of the machine; of the one who waits
	first                               float64 // time to the first readable token; -1 where there is none
	ideal                               float64 // 0 where it is not known
	prefill                             float64 // time of the prefills
	firsts                              [firsts]float64
	batched                             bool
}

// add takes in a record without an error.
func (t *Task) add(r record.Record) {
	s := t.samples[r.Sample]
	if s == nil {
		s = &sample{planned: map[int]bool{}}
		t.samples[r.Sample] = s
	}
	s.planned[r.Repeat] = true
	if isJudged(r) {
		s.judged++
		s.passed += truth(r.Verdict.Result == record.Pass)
	}
	if r.Disturbed() || r.Seconds <= 0 {
		return
	}
	one := timing{repeat: r.Repeat, forwards: r.Trace.Forwards(), tokens: r.Tokens, cost: r.Cost(), seconds: r.Seconds, first: -1,
		ideal: r.Ideal, batched: r.BatchSeconds > 0, firsts: firstsOf(r)}
	if first, ok := FirstReadable(r); ok {
		one.first = first
	}
	one.prefilled, one.prefill = prefills(r)
	s.timings = append(s.timings, one)
}

// prefills are the useful tokens that a record's prefills committed, and the seconds that they took.
func prefills(r record.Record) (tokens int, seconds float64) {
	committed := committedByStep(r)
	var began time.Duration
	for i, step := range r.Trace {
		if step.Kind == record.Prefill {
			tokens += committed[i]
			seconds += (step.At - began).Seconds()
		}
		began = step.At
	}
	return tokens, seconds
}

// coverage is how many of a task's decodings (samples x repeats) have an undisturbed one, and how many there are.
func (t *Task) coverage() (undisturbed, planned int) {
	for _, s := range t.samples {
		undisturbed += len(s.timings)
		planned += len(s.planned)
	}
	return undisturbed, planned
}

// A TaskTime is what one decoding of a task takes: of each quantity the median over the sample's undisturbed repeats, and of
// these the mean over the samples. A repeat that something else on the machine slowed does not move a median.
type TaskTime struct {
	Task      string
	Tokens    float64 // useful tokens
	Forwards  float64
	Cost      float64         // seconds of the machine: a batch's wall-clock counts once for all that are in it
	Seconds   float64         // wall-clock seconds that one of them waits
	First     float64         // seconds to the first readable token; -1 where there is none
	Ideal     float64         // seconds of the same forwards at the machine's ceilings; 0 where it is not known
	Decode    float64         // seconds after the prefills; 0 in a batch, where one's prefill is another's decoding
	Generated float64         // useful tokens that no prefill committed
	Firsts    [firsts]float64 // an endpoint's first times, by First; -1 where there is none
}

// Time is the task's TaskTime. It applies where every sample has an undisturbed decoding.
func (t *Task) Time() (TaskTime, bool) {
	all := make([]TaskTime, 0, len(t.samples))
	for _, number := range slices.Sorted(maps.Keys(t.samples)) {
		one, ok := t.samples[number].time()
		if !ok {
			return TaskTime{}, false
		}
		all = append(all, one)
	}
	if len(all) == 0 {
		return TaskTime{}, false
	}
	over := func(of func(TaskTime) float64) float64 {
		m, _ := mean(each(all, of))
		return m
	}
	out := TaskTime{
		Task:   t.Name,
		Tokens: over(func(t TaskTime) float64 { return t.Tokens }), Forwards: over(func(t TaskTime) float64 { return t.Forwards }),
		Cost: over(func(t TaskTime) float64 { return t.Cost }), Seconds: over(func(t TaskTime) float64 { return t.Seconds }),
		Ideal:  over(func(t TaskTime) float64 { return t.Ideal }),
		Decode: over(func(t TaskTime) float64 { return t.Decode }), Generated: over(func(t TaskTime) float64 { return t.Generated }),
		First: -1,
	}
	readable := slices.DeleteFunc(slices.Clone(all), func(t TaskTime) bool { return t.First < 0 })
	if first, ok := mean(each(readable, func(t TaskTime) float64 { return t.First })); ok {
		out.First = first
	}
	for f := range firsts {
		out.Firsts[f] = meanFirst(all, f)
	}
	return out, true
}

// time is the medians of a sample's timings.
func (s *sample) time() (TaskTime, bool) {
	if len(s.timings) == 0 {
		return TaskTime{}, false
	}
	of := func(value func(timing) float64) float64 { return median(each(s.timings, value)) }
	out := TaskTime{
		Tokens: of(func(t timing) float64 { return float64(t.tokens) }), Forwards: of(func(t timing) float64 { return float64(t.forwards) }),
		Cost: of(func(t timing) float64 { return t.cost }), Seconds: of(func(t timing) float64 { return t.seconds }),
		First: of(func(t timing) float64 { return t.first }), Ideal: of(func(t timing) float64 { return t.ideal }),
	}
	for f := range firsts {
		out.Firsts[f] = of(func(t timing) float64 { return t.firsts[f] })
	}
	if !slices.ContainsFunc(s.timings, func(t timing) bool { return t.batched || t.forwards == 0 }) {
		out.Decode = of(func(t timing) float64 { return t.seconds - t.prefill })
		out.Generated = of(func(t timing) float64 { return float64(t.tokens - t.prefilled) })
	}
	return out, true
}

// Times are the times of the tasks that keep wants, sorted by task; a nil keep wants all. Tasks without a time are left out.
func (f *Fold) Times(keep func(task string) bool) []TaskTime {
	var times []TaskTime
	for _, t := range f.Tasks() {
		if keep != nil && !keep(t.Name) {
			continue
		}
		if one, ok := t.Time(); ok {
			times = append(times, one)
		}
	}
	return times
}

// Waits are the wall-clock seconds of every undisturbed decoding, in the order of tasks, samples and repeats.
func (f *Fold) Waits() []float64 {
	var seconds []float64
	for _, t := range f.Tasks() {
		for _, number := range slices.Sorted(maps.Keys(t.samples)) {
			for _, one := range t.samples[number].sorted() {
				seconds = append(seconds, one.seconds)
			}
		}
	}
	return seconds
}

// sorted is the timings by repeat.
func (s *sample) sorted() []timing {
	return slices.SortedFunc(slices.Values(s.timings), func(a, b timing) int { return a.repeat - b.repeat })
}

// each is a quantity of every element.
func each[T any](all []T, of func(T) float64) []float64 {
	values := make([]float64, len(all))
	for i, one := range all {
		values[i] = of(one)
	}
	return values
}

// median is the middle of at least one value, or the mean of the two in the middle.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
