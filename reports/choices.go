package reports

import (
	"cmp"
	"fmt"
	"iter"
	"math"
	"slices"

	"tandem/bench/metric"
	"tandem/record"
)

// choices are the tasks of a comparison to be replayed that both decoders timed.
type choices struct {
	base, head string
	tasks      []choice
}

type choice struct{ task, label, says string }

func (c choices) wants(task, decoder string) bool {
	return (decoder == c.base || decoder == c.head) && slices.ContainsFunc(c.tasks, func(one choice) bool { return one.task == task })
}

// note passes records on and keeps the first playable one of each task and decoder that is wanted.
func (c choices) note(records iter.Seq2[record.Record, error], kept map[[2]string]record.Record) iter.Seq2[record.Record, error] {
	return func(yield func(record.Record, error) bool) {
		for one, err := range records {
			at := [2]string{one.Task, one.Decoder}
			if _, have := kept[at]; err == nil && !have && c.wants(one.Task, one.Decoder) && playable(one) {
				kept[at] = one
			}
			if !yield(one, err) {
				return
			}
		}
	}
}

// replays are those of the chosen tasks of which both decoders have a record.
func (c choices) replays(of Comparison, kept map[[2]string]record.Record) (out []replay) {
	for _, one := range c.tasks {
		base, ok := kept[[2]string{one.task, of.Base}]
		head, ok2 := kept[[2]string{one.task, of.Head}]
		if ok && ok2 {
			out = append(out, replay{Task: one.task, Label: one.label, Says: one.says, Sides: []side{sideOf(base), sideOf(head)}})
		}
	}
	return out
}

// shown chooses the tasks of the verdict's comparison that are replayed whatever went wrong: the one whose time ratio is nearest the
// speed-up, among those that both decoders passed where there are any, so a typical one and not the best; then the largest and the
// smallest ratio. None where there is no speed-up.
func (r run) shown(s Summary) choices {
	c := s.comparison()
	if c == nil || c.Speedup == nil {
		return choices{}
	}
	out := choices{base: c.Base, head: c.Head}
	type timed struct {
		task            string
		ratio, distance float64
	}
	var all []timed
	base, head := r.Find(c.Base), r.Find(c.Head)
	for _, b := range base.Times(nil) {
		other := head.Task(b.Task)
		if other == nil {
			continue
		}
		h, ok := other.Time()
		if !ok || b.Tokens == 0 || h.Tokens == 0 {
			continue
		}
		one := timed{task: b.Task, ratio: b.Cost / h.Cost}
		one.distance = math.Abs(math.Log(one.ratio / c.Speedup.Value))
		if !passes(base.Task(b.Task)) || !passes(other) {
			one.distance += 100
		}
		all = append(all, one)
	}
	if len(all) == 0 {
		return out
	}
	add := func(t timed, label string) {
		if !slices.ContainsFunc(out.tasks, func(c choice) bool { return c.task == t.task }) {
			out.tasks = append(out.tasks, choice{t.task, label, fmt.Sprintf("%s: %.2fx as fast as %s, %.2fx over all tasks", label, t.ratio, c.Base, c.Speedup.Value)})
		}
	}
	byRatio := func(a, b timed) int { return cmp.Compare(a.ratio, b.ratio) }
	add(slices.MinFunc(all, func(a, b timed) int { return cmp.Compare(a.distance, b.distance) }), "a typical task")
	add(slices.MaxFunc(all, byRatio), "the largest gain")
	add(slices.MinFunc(all, byRatio), "the smallest gain")
	return out
}

func passes(t *metric.Task) bool {
	share, ok := t.PassRate()
	return ok && share == 1
}
