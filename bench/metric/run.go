package metric

import (
	"fmt"
	"iter"
	"slices"
	"strconv"

	"tandem/record"
)

// A Run is a scored run folded: the header, and of each decoder the fold of its records.
type Run struct {
	Header record.Header
	Groups []Group         // in the header's order
	Timed  map[string]bool // the tasks whose speed counts: all usable decoders have a time of them
}

// A Group is one decoder of a run.
type Group struct {
	Name     string
	Settings map[string]any
	Usable   bool // its speed counts
	*Fold
}

// An Empty is the error of a run without records: there is nothing to report.
type Empty struct{ Path string }

// Error names the file.
func (e *Empty) Error() string { return e.Path + " holds no records" }

// ReadRun folds a scored run. One without any records is an *Empty.
func ReadRun(path string) (Run, error) {
	header, records, err := record.Read(path)
	if err != nil {
		return Run{}, err
	}
	r, err := FoldRun(header, records)
	if err == nil && len(r.Groups) == 0 {
		err = &Empty{path}
	}
	return r, err
}

// FoldRun folds records by decoder. Decoders keep the header's order, and one that the header does not name follows those
// that it does; one without records is left out.
func FoldRun(header record.Header, records iter.Seq2[record.Record, error]) (Run, error) {
	r := Run{Header: header}
	for _, d := range header.Decoders {
		r.Groups = append(r.Groups, newGroup(d.Name, d.Settings))
	}
	for one, err := range records {
		if err != nil {
			return Run{}, err
		}
		i := slices.IndexFunc(r.Groups, func(g Group) bool { return g.Name == one.Decoder })
		if i < 0 {
			i = len(r.Groups)
			r.Groups = append(r.Groups, newGroup(one.Decoder, nil))
		}
		r.Groups[i].Add(one)
	}
	r.Groups = slices.DeleteFunc(r.Groups, func(g Group) bool { return len(g.Tasks()) == 0 })
	for i := range r.Groups {
		r.Groups[i].Usable = r.Groups[i].Covered() && !TooManyThreads(header.Environment)
	}
	r.Timed = r.shared()
	return r, nil
}

func newGroup(name string, settings map[string]any) Group {
	return Group{Name: name, Settings: settings, Fold: NewFold(name, blockOf(name))}
}

// blockOf is what a decoder's name says about its blocks.
func blockOf(name string) (block Block) {
	if text, ok := Setting(name, "block"); ok {
		block.Size, _ = strconv.Atoi(text)
	}
	cache, named := Setting(name, "cache")
	block.FromPrompt = named && cache != "block" // decoders of the whole sequence count blocks from the prompt's end
	return block
}

// Find is the decoder of a name.
func (r Run) Find(name string) Group {
	return r.Groups[slices.IndexFunc(r.Groups, func(g Group) bool { return g.Name == name })]
}

// Base is the decoder that the others are compared with: the first autoregressive one that is no uncached control, or else
// the first of all. It is -1 where there is none to compare.
func (r Run) Base() int {
	if len(r.Groups) < 2 {
		return -1
	}
	return max(0, slices.IndexFunc(r.Groups, func(g Group) bool { return IsAR(g.Name) && !IsUncached(g.Name) }))
}

// BaseOf is what one decoder is compared with: the first autoregressive one that is asked as it is, and no uncached control. Where
// that is the decoder itself, or there is none, it is Base. It is -1 for the Base.
func (r Run) BaseOf(decoder int) int {
	base := r.Base()
	if base < 0 || decoder == base {
		return -1
	}
	own := slices.IndexFunc(r.Groups, func(g Group) bool {
		return IsAR(g.Name) && !IsUncached(g.Name) && SamePrompt(g.Name, r.Groups[decoder].Name)
	})
	if own < 0 || own == decoder {
		return base
	}
	return own
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

// Disturbed is the share of a decoder's decodings that have no undisturbed one.
func (g Group) Disturbed() float64 {
	undisturbed, planned := 0, 0
	for _, t := range g.Tasks() {
		u, p := t.coverage()
		undisturbed, planned = undisturbed+u, planned+p
	}
	if planned == 0 {
		return 0
	}
	return 1 - float64(undisturbed)/float64(planned)
}

// Covered says that enough of a decoder's decodings are undisturbed.
func (g Group) Covered() bool {
	tasks, timed := 0, 0
	for _, t := range g.Tasks() {
		if _, planned := t.coverage(); planned == 0 {
			continue // every decoding of it failed
		}
		tasks++
		if _, ok := t.Time(); ok {
			timed++
		}
	}
	return 1-g.Disturbed() >= leastDecodings && float64(timed) >= leastTasks*float64(tasks)
}

// shared are the tasks whose speed counts: those of which every usable decoder has a time, so that all are measured on the
// same tasks.
func (r Run) shared() map[string]bool {
	counts, usable := map[string]int{}, 0
	for _, g := range r.Groups {
		if !g.Usable {
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

// TimesOn are a decoder's times over the timed tasks; none where too much was disturbed.
func (g Group) TimesOn(timed map[string]bool) []TaskTime {
	if !g.Usable {
		return nil
	}
	return g.Times(func(task string) bool { return timed[task] })
}

// Counted is, of each task, its tokens and forwards over all decodings, disturbed ones too.
func (g Group) Counted() (times []TaskTime) {
	for _, t := range g.Tasks() {
		if n := float64(t.Decodings); n > 0 {
			times = append(times, TaskTime{Task: t.Name, Tokens: float64(t.Tokens) / n, Forwards: float64(t.Forwards) / n})
		}
	}
	return times
}

// Unusable says why a pair has no figure of speed; empty where it may have one.
func (r Run) Unusable(pair ...Group) string {
	if e := r.Header.Environment; TooManyThreads(e) {
		return fmt.Sprintf("%d threads on %d processors wait for each other", e.Threads, e.Cores)
	}
	for _, g := range pair {
		if !g.Usable {
			return fmt.Sprintf("other work on the machine disturbed %.0f%% of the decodings of %s", 100*g.Disturbed(), g.Name)
		}
		if tasks := len(g.Tasks()); float64(len(r.Timed)) < leastShared*float64(tasks) {
			return fmt.Sprintf("every decoder has an undisturbed decoding of only %d of the %d tasks of %s", len(r.Timed), tasks, g.Name)
		}
	}
	return ""
}

// TooManyThreads says that threads on the processor share it with each other.
func TooManyThreads(e record.Environment) bool {
	return e.Device == "cpu" && e.Cores > 0 && e.Threads > e.Cores
}
