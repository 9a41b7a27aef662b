package reports

import (
	"iter"
	"math"

	"tandem/bench/metric"
	"tandem/record"
)

// A replay is one task decoded by two decoders, in the form that the page's script plays.
type replay struct {
	Task  string `json:"task"`
	Sides []side `json:"sides"` // base, head
}

// A side is one decoding: the texts of its output positions, and when each was committed.
type side struct {
	Name    string    `json:"name"`
	Seconds float64   `json:"seconds"`
	Tokens  int       `json:"tokens"`
	Result  string    `json:"result,omitempty"`
	Canvas  bool      `json:"canvas"` // positions exist before they are committed: a diffusion decoder
	Pieces  []string  `json:"pieces"`
	Steps   []forward `json:"steps"`
}

// A forward is one step: its end in seconds, and what it committed.
type forward struct {
	At      float64         `json:"at"`
	Kind    record.Kind     `json:"kind"`
	Rows    int             `json:"rows"`
	Commits []record.Commit `json:"commits"`
}

// readReplay reads the replay of the verdict's comparison from a scored file. It picks the task whose time ratio is nearest the
// speed-up, among those that both decoders passed where there are any: a typical one, not the best. Nil where there is no
// speed-up, or no record of the task that holds the text of its positions.
func readReplay(path string, s Summary, r run) (*replay, error) {
	c := s.comparison()
	if c == nil || c.Speedup == nil {
		return nil, nil
	}
	task, ok := r.typical(*c)
	if !ok {
		return nil, nil
	}
	_, records, err := record.Select(path, func(of, decoder string) bool {
		return of == task && (decoder == c.Base || decoder == c.Head)
	})
	if err != nil {
		return nil, err
	}
	return pickReplay(*c, task, records)
}

// pickReplay picks the records of a comparison's task.
func pickReplay(c Comparison, task string, records iter.Seq2[record.Record, error]) (*replay, error) {
	sides := map[string]side{}
	for one, err := range records {
		if err != nil {
			return nil, err
		}
		if one.Task != task || one.Decoder != c.Base && one.Decoder != c.Head || !playable(one) {
			continue
		}
		if _, have := sides[one.Decoder]; !have {
			sides[one.Decoder] = sideOf(one)
		}
		if len(sides) == 2 {
			return &replay{Task: task, Sides: []side{sides[c.Base], sides[c.Head]}}, nil
		}
	}
	return nil, nil
}

// typical is the task whose time ratio is nearest the speed-up of a comparison.
func (r run) typical(c Comparison) (name string, ok bool) {
	base, head := r.Find(c.Base), r.Find(c.Head)
	least := math.Inf(1)
	for _, b := range base.Times(nil) {
		other := head.Task(b.Task)
		if other == nil {
			continue
		}
		h, timed := other.Time()
		if !timed || b.Tokens == 0 || h.Tokens == 0 {
			continue
		}
		distance := math.Abs(math.Log(b.Cost / h.Cost / c.Speedup.Value))
		if !passes(base.Task(b.Task)) || !passes(other) {
			distance += 100
		}
		if distance < least {
			least, name, ok = distance, b.Task, true
		}
	}
	return name, ok
}

func passes(t *metric.Task) bool {
	share, ok := t.PassRate()
	return ok && share == 1
}

// playable says that a record is undisturbed and has texts, steps and useful tokens.
func playable(r record.Record) bool {
	return r.Err == "" && !r.Disturbed() && r.Tokens > 0 && len(r.Pieces) >= r.Tokens && r.Seconds > 0 && len(r.Trace) > 0
}

func sideOf(r record.Record) side {
	s := side{Name: r.Decoder, Seconds: r.Seconds, Tokens: r.Tokens, Canvas: !metric.IsAR(r.Decoder), Pieces: r.Pieces[:r.Tokens]}
	if r.Verdict != nil {
		s.Result = string(r.Verdict.Result)
	}
	for _, step := range r.Trace {
		f := forward{At: step.At.Seconds(), Kind: step.Kind, Rows: step.Rows, Commits: []record.Commit{}}
		for _, c := range step.Commits {
			if int(c.Pos) < r.Tokens {
				f.Commits = append(f.Commits, c)
			}
		}
		s.Steps = append(s.Steps, f)
	}
	return s
}
