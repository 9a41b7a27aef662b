// Package samples reports what judged samples of any model come to: pass@k over a suite.
package samples

import (
	"fmt"
	"io"
	"maps"
	"slices"

	"tandem/bench/metric"
	"tandem/datasets"
	"tandem/evals"
)

// A Summary is the result of a scoring.
type Summary struct {
	Suite   string             `json:"suite"`
	SHA256  string             `json:"sha256"`
	Tasks   int                `json:"tasks"`
	Sampled int                `json:"tasks_with_samples"`
	Samples int                `json:"samples"`
	Passed  int                `json:"passed"`
	Errors  int                `json:"sandbox_errors"`
	Flaky   int                `json:"flaky"`
	Floor   int                `json:"empty_floor,omitempty"` // tasks that an empty answer passes
	PassAtK map[string]float64 `json:"pass_at_k"`             // by "pass@k", where every task that has samples has so many

	known map[string]string // of the tasks with samples, those that are judged otherwise than published
}

// Summarize computes pass@k of what was judged.
func Summarize(suite datasets.Suite, tally evals.SampleTally) Summary {
	s := Summary{Suite: suite.Name, SHA256: suite.SHA256, Tasks: len(suite.Tasks), Sampled: len(tally.ByTask), Samples: tally.Samples,
		Passed: tally.Passed, Errors: tally.Errors, Flaky: tally.Flaky, Floor: suite.Floor, PassAtK: map[string]float64{}, known: map[string]string{}}
	var n, passed []int
	for task, count := range tally.ByTask {
		n, passed = append(n, count.Samples), append(passed, count.Passed)
		if why, ok := suite.Known[task]; ok {
			s.known[task] = why
		}
	}
	for _, k := range metric.Ks {
		if share, ok := metric.MeanPassAtK(n, passed, k); ok {
			s.PassAtK[fmt.Sprintf("pass@%d", k)] = share
		}
	}
	return s
}

// Text writes the summary for a terminal. Each sample was judged in so many runs, and the results lie at path.
func (s Summary) Text(w io.Writer, runs int, path string) error {
	fmt.Fprintf(w, "%s: %d of %d samples passed, of %d of its %d tasks\n", s.Suite, s.Passed, s.Samples, s.Sampled, s.Tasks)
	if s.Flaky > 0 {
		fmt.Fprintf(w, "%d samples passed in some of their %d runs only and count as failed\n", s.Flaky, runs)
	}
	for _, task := range slices.Sorted(maps.Keys(s.known)) {
		fmt.Fprintf(w, "%s: %s\n", task, s.known[task])
	}
	if s.Floor > 0 {
		fmt.Fprintf(w, "floor: an empty answer passes %d of %d tasks, %.4f\n", s.Floor, s.Tasks, float64(s.Floor)/float64(s.Tasks))
	}
	for _, k := range metric.Ks {
		if share, ok := s.PassAtK[fmt.Sprintf("pass@%d", k)]; ok {
			fmt.Fprintf(w, "pass@%d\t%.4f\n", k, share)
		}
	}
	_, err := fmt.Fprintf(w, "results: %s\n", path)
	return err
}
