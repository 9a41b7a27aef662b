package reports

import (
	"math"
	"slices"

	"tandem/record"
)

// A Replay is one task decoded by two decoders, in the form that the page's script plays.
type Replay struct {
	Task  string `json:"task"`
	Sides []Side `json:"sides"` // base, head
}

// A Side is one decoding: the texts of its output positions, and when each was settled.
type Side struct {
	Name    string    `json:"name"`
	Seconds float64   `json:"seconds"`
	Tokens  int       `json:"tokens"`
	Result  string    `json:"result,omitempty"`
	Canvas  bool      `json:"canvas"` // positions exist before they are settled: a refiner
	Pieces  []string  `json:"pieces"`
	Steps   []Forward `json:"steps"`
}

// A Forward is one step: its end in seconds, and what it settled.
type Forward struct {
	At      float64         `json:"at"`
	Kind    record.Kind     `json:"kind"`
	Rows    int             `json:"rows"`
	Commits []record.Commit `json:"commits"`
}

// replay picks the task whose time ratio is nearest the geometric mean, among those that both decoders passed
// where there are any: a typical one, not the best. Nil where no record holds the text of its positions.
func replay(s Summary, groups []group) *Replay {
	if s.best < 0 {
		return nil
	}
	c := s.Comparisons[s.best]
	base, head := find(groups, c.Base), find(groups, c.Head)
	var chosen []record.Record
	least := math.Inf(1)
	for _, task := range base.taskNames() {
		b, ok := playable(base.tasks[task])
		h, ok2 := playable(head.tasks[task])
		if !ok || !ok2 {
			continue
		}
		distance := math.Abs(math.Log(b.Seconds / h.Seconds / c.Speedup.Value))
		if !passed(b) || !passed(h) {
			distance += 100
		}
		if distance < least {
			least, chosen = distance, []record.Record{b, h}
		}
	}
	if chosen == nil {
		return nil
	}
	return &Replay{Task: chosen[0].Task, Sides: []Side{side(chosen[0]), side(chosen[1])}}
}

func find(groups []group, name string) group {
	return groups[slices.IndexFunc(groups, func(g group) bool { return g.name == name })]
}

func passed(r record.Record) bool { return r.Verdict != nil && r.Verdict.Result == record.Pass }

// playable is the first record that has texts, steps and useful tokens.
func playable(records []record.Record) (record.Record, bool) {
	i := slices.IndexFunc(records, func(r record.Record) bool {
		return r.Err == "" && r.Tokens > 0 && len(r.Pieces) >= r.Tokens && r.Seconds > 0 && len(r.Trace) > 0
	})
	if i < 0 {
		return record.Record{}, false
	}
	return records[i], true
}

func side(r record.Record) Side {
	s := Side{Name: r.Decoder, Seconds: r.Seconds, Tokens: r.Tokens, Canvas: !IsAR(r.Decoder), Pieces: r.Pieces[:r.Tokens]}
	if r.Verdict != nil {
		s.Result = string(r.Verdict.Result)
	}
	for _, step := range r.Trace {
		f := Forward{At: step.At.Seconds(), Kind: step.Kind, Rows: step.Rows, Commits: []record.Commit{}}
		for _, c := range step.Commits {
			if int(c.Pos) < r.Tokens {
				f.Commits = append(f.Commits, c)
			}
		}
		s.Steps = append(s.Steps, f)
	}
	return s
}
