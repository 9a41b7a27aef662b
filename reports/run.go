package reports

import (
	"iter"
	"slices"
	"strconv"

	"tandem/bench/metric"
	"tandem/record"
)

// A run is a scored run as the reports see it: the header, and of each decoder the fold of its records.
type run struct {
	header record.Header
	groups []group
	timed  map[string]bool // the tasks whose speed counts
}

// A group is one decoder of a run.
type group struct {
	name     string
	settings map[string]any
	usable   bool // its speed counts
	*metric.Fold
}

// An Empty is the error of a run without records: there is nothing to report.
type Empty struct{ Path string }

// Error names the file.
func (e *Empty) Error() string { return e.Path + " holds no records" }

// readRun folds a scored run. One without any records is an *Empty.
func readRun(path string) (run, error) {
	header, records, err := record.Read(path)
	if err != nil {
		return run{}, err
	}
	r, err := foldRun(header, records)
	if err == nil && len(r.groups) == 0 {
		err = &Empty{path}
	}
	return r, err
}

// foldRun folds records by decoder. Decoders keep the header's order, and one that the header does not name follows those
// that it does; one without records is left out.
func foldRun(header record.Header, records iter.Seq2[record.Record, error]) (run, error) {
	r := run{header: header}
	for _, d := range header.Decoders {
		r.groups = append(r.groups, newGroup(d.Name, d.Settings))
	}
	for one, err := range records {
		if err != nil {
			return run{}, err
		}
		i := slices.IndexFunc(r.groups, func(g group) bool { return g.name == one.Decoder })
		if i < 0 {
			i = len(r.groups)
			r.groups = append(r.groups, newGroup(one.Decoder, nil))
		}
		r.groups[i].Add(one)
	}
	r.groups = slices.DeleteFunc(r.groups, func(g group) bool { return len(g.Tasks()) == 0 })
	for i := range r.groups {
		r.groups[i].usable = r.groups[i].covered() && !tooManyThreads(header.Environment)
	}
	r.timed = r.shared()
	return r, nil
}

func newGroup(name string, settings map[string]any) group {
	block := metric.Block{}
	if text, ok := setting(name, "block"); ok {
		block.Size, _ = strconv.Atoi(text)
	}
	_, block.FromPrompt = setting(name, "cache") // decoders of the whole sequence count blocks from the prompt's end
	return group{name: name, settings: settings, Fold: metric.NewFold(name, block)}
}

// find is the decoder of a name.
func (r run) find(name string) group {
	return r.groups[slices.IndexFunc(r.groups, func(g group) bool { return g.name == name })]
}

// base is the decoder that the others are compared with: the first autoregressive one that is no uncached control, or else
// the first of all. It is -1 where there is none to compare.
func (r run) base() int {
	if len(r.groups) < 2 {
		return -1
	}
	return max(0, slices.IndexFunc(r.groups, func(g group) bool { return isAR(g.name) && !isUncached(g.name) }))
}

// What a decoder needs for its speed to count: of its decodings (tasks x samples x repeats) and of its tasks, the shares of
// which there is an undisturbed decoding. Half of the repeats still have a median that means something; tasks that are missing
// altogether would shift it, since long decodings are disturbed more often than short ones.
//
// What all decoders share is the least of the tasks that a pair may be compared on.
const (
	leastDecodings = 0.5
	leastTasks     = 0.9
	leastShared    = 0.5
)

// disturbed is the share of a decoder's decodings that have no undisturbed one.
func (g group) disturbed() float64 {
	undisturbed, planned := 0, 0
	for _, t := range g.Tasks() {
		u, p := t.Coverage()
		undisturbed, planned = undisturbed+u, planned+p
	}
	if planned == 0 {
		return 0
	}
	return 1 - float64(undisturbed)/float64(planned)
}

// covered says that enough of a decoder's decodings are undisturbed.
func (g group) covered() bool {
	tasks, timed := 0, 0
	for _, t := range g.Tasks() {
		if _, planned := t.Coverage(); planned == 0 {
			continue // every decoding of it failed
		}
		tasks++
		if _, ok := t.Time(); ok {
			timed++
		}
	}
	return 1-g.disturbed() >= leastDecodings && float64(timed) >= leastTasks*float64(tasks)
}

// shared are the tasks whose speed counts: those of which every usable decoder has a time, so that all are measured on the
// same tasks.
func (r run) shared() map[string]bool {
	counts, usable := map[string]int{}, 0
	for _, g := range r.groups {
		if !g.usable {
			continue
		}
		times := g.Times(nil)
		if len(times) == 0 { // all of its decodings failed
			continue
		}
		usable++
		for _, t := range times {
			counts[t.Task]++
		}
	}
	timed := map[string]bool{}
	for task, n := range counts {
		if n == usable {
			timed[task] = true
		}
	}
	return timed
}

// times are a decoder's times over the timed tasks; none where too much was disturbed.
func (g group) times(timed map[string]bool) []metric.TaskTime {
	if !g.usable {
		return nil
	}
	return g.Times(func(task string) bool { return timed[task] })
}
