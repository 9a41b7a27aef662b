package metric

import (
	"maps"
	"slices"
)

// speedup is how many times as fast head is as base on the same tasks: sum(base's seconds) / sum(head's seconds), each
// task once. It asks how long both take for the same work, whatever the number of tokens in which they write it.
func speedup(base, head []TaskTime) (float64, bool) { return ratio(sum(base, cost), sum(head, cost)) }

// TokenRatio is sum(head's useful tokens) / sum(base's). The ratio of their tokens/s is the speed-up x TokenRatio.
func TokenRatio(base, head []TaskTime) (float64, bool) {
	return ratio(sum(head, tokens), sum(base, tokens))
}

// ForwardCost is what a forward of head takes, in forwards of base.
func ForwardCost(base, head []TaskTime) (float64, bool) {
	b, ok := ForwardsPerSecond(base)
	h, ok2 := ForwardsPerSecond(head)
	if !ok || !ok2 {
		return 0, false
	}
	return ratio(b, h)
}

// BreakEven is the number of tokens per forward with which head would need as long as base, if its forwards took as long as
// they do and it wrote as many tokens: head's TokensPerForward / speed-up. So TokensPerForward / BreakEven is the speed-up.
func BreakEven(base, head []TaskTime) (float64, bool) {
	perForward, ok := TokensPerForward.Of(head)
	faster, ok2 := speedup(base, head)
	if !ok || !ok2 {
		return 0, false
	}
	return ratio(perForward, faster)
}

// RepeatSpeedups is the speed-up of each repeat by itself. A repeat may lack tasks, whose decodings were disturbed in it, so its
// ratio of summed seconds is taken relative to that of the same tasks' medians, times the speed-up over all. Repeats with less than
// half of the tasks are left out. What lies between them is the machine's doing, not the tasks'.
func RepeatSpeedups(base, head *Fold, keep func(task string) bool) []float64 {
	type sums struct {
		base, head             float64
		baseMedian, headMedian float64
		tasks                  int
	}
	repeats, kept, all := map[int]*sums{}, 0, sums{}
	for _, task := range base.Tasks() {
		other := head.Task(task.Name)
		if other == nil || keep != nil && !keep(task.Name) {
			continue
		}
		baseTime, ok := task.Time()
		headTime, ok2 := other.Time()
		if !ok || !ok2 {
			continue
		}
		kept++
		all.base, all.head = all.base+baseTime.Cost, all.head+headTime.Cost
		b, h := task.repeatCosts(), other.repeatCosts()
		for repeat, seconds := range b {
			if _, both := h[repeat]; !both {
				continue
			}
			if repeats[repeat] == nil {
				repeats[repeat] = &sums{}
			}
			s := repeats[repeat]
			s.base, s.head, s.tasks = s.base+seconds, s.head+h[repeat], s.tasks+1
			s.baseMedian, s.headMedian = s.baseMedian+baseTime.Cost, s.headMedian+headTime.Cost
		}
	}
	var out []float64
	for _, s := range repeats {
		if v, ok := ratio(all.base*s.base*s.headMedian, all.head*s.head*s.baseMedian); ok && 2*s.tasks >= kept {
			out = append(out, v)
		}
	}
	slices.Sort(out)
	return out
}

// repeatCosts is, for each repeat in which every sample has an undisturbed decoding, the sum of their seconds.
func (t *Task) repeatCosts() map[int]float64 {
	costs, counts := map[int]float64{}, map[int]int{}
	for _, number := range slices.Sorted(maps.Keys(t.samples)) { // in an order: a sum of fractions depends on it
		for _, one := range t.samples[number].timings {
			costs[one.repeat] += one.cost
			counts[one.repeat]++
		}
	}
	for repeat, n := range counts {
		if n < len(t.samples) {
			delete(costs, repeat)
		}
	}
	return costs
}
