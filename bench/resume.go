package bench

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"tandem/record"
)

// same reports the first fact of a run that a resume may not change: records of two suites, models, plans or
// machines in one file would be averaged as if they were one.
func same(before, now record.Header) error {
	a, b := before.Environment, now.Environment
	for _, fact := range []struct {
		name        string
		before, now any
	}{
		{"the suite", before.Suite, now.Suite},
		{"the model", before.Model, now.Model},
		{"the decoders", before.Decoders, now.Decoders},
		{"the plan", withoutExtra(before.Plan), withoutExtra(now.Plan)},
		{"the version", []string{a.Version, a.Commit}, []string{b.Version, b.Commit}},
		{"the device", []string{a.Device, a.GPU, a.Driver}, []string{b.Device, b.GPU, b.Driver}},
		{"the processor", []string{a.CPU, a.Features}, []string{b.CPU, b.Features}},
		{"the number of threads", a.Threads, b.Threads},
	} {
		// Compared as JSON: that is what the file kept of settings whose Go types differ.
		was, err := json.Marshal(fact.before)
		if err != nil {
			return fmt.Errorf("%s: %w", fact.name, err)
		}
		is, err := json.Marshal(fact.now)
		if err != nil {
			return fmt.Errorf("%s: %w", fact.name, err)
		}
		if string(was) != string(is) {
			return fmt.Errorf("%s of that run was %s and is now %s", fact.name, differing(was, is), differing(is, was))
		}
	}
	return nil
}

// withoutExtra is a plan but for the budget of further decodings, which a resume may raise.
func withoutExtra(p record.PlanInfo) record.PlanInfo {
	p.Extra = 0
	return p
}

// differing is what a says otherwise than b: of objects the keys that differ, of anything else all of it.
func differing(a, b []byte) string {
	var left, right map[string]json.RawMessage
	if json.Unmarshal(a, &left) != nil || json.Unmarshal(b, &right) != nil {
		return string(a)
	}
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(left)) {
		if string(left[key]) != string(right[key]) {
			parts = append(parts, key+" "+string(left[key]))
		}
	}
	if parts == nil {
		return "without " + strings.Join(slices.Sorted(maps.Keys(right)), ", ")
	}
	return strings.Join(parts, ", ")
}
