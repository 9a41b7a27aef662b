package metric

import "tandem/record"

// TaskPass is the share of a task's judged records that passed. Records that were not judged, or whose judging
// failed in the sandbox, are no wrong answers: they are left out, and without any other the task has no share.
// Repeats of a greedy decoder are one answer given several times, which a mean counts once.
func TaskPass(task []record.Record) (share float64, ok bool) {
	passed, judged := 0, 0
	for _, r := range task {
		if !isJudged(r) {
			continue
		}
		judged++
		if r.Verdict.Result == record.Pass {
			passed++
		}
	}
	return ratio(float64(passed), float64(judged))
}

// isJudged is true of a record whose verdict speaks of the program and not of the sandbox.
func isJudged(r record.Record) bool {
	return r.Err == "" && r.Verdict != nil && r.Verdict.Result != record.SandboxError
}

// Passes is TaskPass by task; tasks without one are left out.
func Passes(records []record.Record) map[string]float64 {
	passes := map[string]float64{}
	for _, task := range ByTask(records) {
		if share, ok := TaskPass(task); ok {
			passes[task[0].Task] = share
		}
	}
	return passes
}

// PassAt1 is sum over tasks of TaskPass, and the number of tasks that have one: pass@1 is passed / tasks. With
// one answer a task, passed is a whole number.
func PassAt1(records []record.Record) (passed float64, tasks int) {
	for _, task := range ByTask(records) { // in sorted order: a sum of fractions depends on it
		if share, ok := TaskPass(task); ok {
			passed += share
			tasks++
		}
	}
	return passed, tasks
}

// EmptyOutputs counts the records without a useful token: a decoder that says nothing is fast.
func EmptyOutputs(records []record.Record) int {
	return sum(records, func(r record.Record) int { return truth(r.Tokens == 0) })
}

// SandboxErrors counts the records whose judging failed for a reason that is not the program's.
func SandboxErrors(records []record.Record) int {
	return sum(records, func(r record.Record) int {
		return truth(r.Verdict != nil && r.Verdict.Result == record.SandboxError)
	})
}

// Errors counts the records that have no completion because decoding failed.
func Errors(records []record.Record) int {
	n := 0
	for _, r := range records {
		n += truth(r.Err != "")
	}
	return n
}

// Truncated counts the records that ended at the token budget.
func Truncated(records []record.Record) int {
	return sum(records, func(r record.Record) int { return truth(r.Stop == record.StopLength) })
}

// truth is 1 for true.
func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}
