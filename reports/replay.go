package reports

import (
	"fmt"
	"slices"

	"tandem/bench/metric"
	"tandem/record"
)

// What bounds the page: it replays so many tasks at the most, the failed ones before the others, and so many output positions of all
// of them together.
const (
	mostReplays   = 8
	mostLost      = 5
	mostPositions = 16384
)

// A replay is one task decoded by two decoders, in the form that the page's script plays.
type replay struct {
	Task  string `json:"task"`
	Label string `json:"label"` // why it is shown
	Says  string `json:"says"`  // the same in a sentence
	Sides []side `json:"sides"` // base, head
}

// A side is one decoding: the texts of its output positions, and when each was committed.
type side struct {
	Name    string    `json:"name"`
	Seconds float64   `json:"seconds"`
	Tokens  int       `json:"tokens"`
	Total   string    `json:"total"`            // what came of it, in words
	Canvas  bool      `json:"canvas"`           // positions exist before they are committed: a diffusion decoder
	Odd     []int     `json:"odd,omitempty"`    // two positions that contradict each other
	Beside  []int     `json:"beside,omitempty"` // the other positions of their forward
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

// examples are what a report shows of single tasks: what went wrong in those that refiners lost, and replays.
type examples struct {
	failures []metric.Failure
	replays  []replay
}

// readExamples reads the records of single tasks from a scored file: of those that refiners lost, and of the verdict's comparison a
// typical task and those where the refiner gains most and least. A run without a speed-up has no replays: they show times.
func (r run) readExamples(path string, s Summary) (examples, error) {
	failing, shown := r.Failing(), r.shown(s)
	wants := func(task, decoder string) bool { return failing.Wants(task, decoder) || shown.wants(task, decoder) }
	_, records, err := record.Select(path, wants)
	if err != nil {
		return examples{}, err
	}
	kept := map[[2]string]record.Record{}
	pairs, err := failing.Pairs(shown.note(records, kept))
	if err != nil {
		return examples{}, err
	}
	out := examples{failures: failing.Explain(pairs)}
	if c := s.comparison(); c != nil && c.Speedup != nil {
		out.replays = bounded(append(lostReplays(*c, pairs, out.failures), shown.replays(*c, kept)...))
	}
	return out, nil
}

// bounded are as many of the replays as a page has room for; the first always has.
func bounded(all []replay) (out []replay) {
	positions := 0
	for _, r := range all {
		n := len(r.Sides[0].Pieces) + len(r.Sides[1].Pieces)
		if len(out) < mostReplays && (len(out) == 0 || positions+n <= mostPositions) {
			out, positions = append(out, r), positions+n
		}
	}
	return out
}

// lostReplays are those of tasks that the comparison's refiner lost, the surest explanation first.
func lostReplays(c Comparison, pairs []metric.Pair, failures []metric.Failure) (out []replay) {
	for _, f := range surest(failures) {
		i := slices.IndexFunc(pairs, func(p metric.Pair) bool { return p.Head.Task == f.Task && p.Head.Decoder == f.Decoder })
		if f.Decoder != c.Head || !playable(pairs[i].Head) || !playable(pairs[i].Base) || len(out) == mostLost {
			continue
		}
		base, head := sideOf(pairs[i].Base), sideOf(pairs[i].Head)
		for _, piece := range f.AtOdds {
			head.Odd = append(head.Odd, piece.Pos)
		}
		head.Beside = slices.DeleteFunc(slices.Clone(f.Together), func(pos int) bool { return slices.Contains(head.Odd, pos) })
		out = append(out, replay{Task: f.Task, Label: "fails, " + kinds[f.Kind].label, Says: wrong(f), Sides: []side{base, head}})
	}
	return out
}

// playable says that a record is undisturbed and has texts, steps and useful tokens.
func playable(r record.Record) bool {
	return r.Err == "" && !r.Disturbed() && r.Tokens > 0 && len(r.Pieces) >= r.Tokens && r.Seconds > 0 && len(r.Trace) > 0
}

func sideOf(r record.Record) side {
	s := side{Name: r.Decoder, Seconds: r.Seconds, Tokens: r.Tokens, Canvas: !metric.IsAR(r.Decoder), Pieces: r.Pieces[:r.Tokens]}
	s.Total = fmt.Sprintf("%s in %s, %s", plural(r.Tokens, "token"), plural(len(r.Trace), "forward"), duration(r.Seconds))
	if r.Verdict != nil {
		s.Total += ": " + string(r.Verdict.Result)
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

// duration is a time in ms below a second.
func duration(seconds float64) string {
	if seconds < 1 {
		return fmt.Sprintf("%.1f ms", 1e3*seconds)
	}
	return fmt.Sprintf("%.2f s", seconds)
}
