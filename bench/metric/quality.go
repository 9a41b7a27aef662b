package metric

import (
	"maps"
	"slices"

	"tandem/record"
)

// PassRate is the mean over the task's samples of the share of their judged decodings that passed. Decodings that were not
// judged, or whose judging failed in the sandbox, are no wrong answers: they are left out, and without any other the task
// has no share. Repeats of a sample are one answer given several times, which a mean counts once, however many there are.
func (t *Task) PassRate() (share float64, ok bool) {
	var shares []float64
	for _, number := range slices.Sorted(maps.Keys(t.samples)) {
		s := t.samples[number]
		if one, ok := ratio(float64(s.passed), float64(s.judged)); ok {
			shares = append(shares, one)
		}
	}
	return mean(shares)
}

// isJudged is true of a record whose verdict speaks of the program and not of the sandbox.
func isJudged(r record.Record) bool {
	return r.Err == "" && r.Verdict != nil && r.Verdict.Result != record.SandboxError
}

// PassAt1 is sum over tasks of PassRate, and the number of tasks that have one: pass@1 is passed / tasks. With
// one answer a task, passed is a whole number.
func PassAt1(f *Fold) (passed float64, tasks int) {
	for _, t := range f.Tasks() { // in sorted order: a sum of fractions depends on it
		if share, ok := t.PassRate(); ok {
			passed += share
			tasks++
		}
	}
	return passed, tasks
}

// Samples are, of each task with a judged sample, its judged samples and those of them that passed, as MeanPassAtK takes
// them. A sample passes where more than half of its judged repeats do.
func Samples(f *Fold) (n, c []int) {
	for _, t := range f.Tasks() {
		judged, passed := 0, 0
		for _, s := range t.samples {
			judged += truth(s.judged > 0)
			passed += truth(2*s.passed > s.judged)
		}
		if judged > 0 {
			n, c = append(n, judged), append(c, passed)
		}
	}
	return n, c
}

// truth is 1 for true.
func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}
