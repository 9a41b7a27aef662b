// Package ab tells builds apart on one machine: it runs them in turn, decoding by decoding, so that what the machine does meanwhile
// does the same to all (duet benchmarking: Bulej, Horky, Tuma, Farquet, Prokopec, ICPE 2020).
//
//  1. Resolve makes a program of each build: a binary, or a commit that is built in a work tree of its own (build.go).
//  2. A round starts a short process of each and gives them turns, in an order drawn anew for each decoding (round.go). Placement in
//     memory and on cores belongs to a process, so many short ones are better than one long one.
//  3. After some rounds compare.Interleaved and the gates say what changed. Rounds are added while a gate is undecided and the budget
//     lasts; an alarm must be confirmed by fresh rounds (Run).
package ab

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"tandem/bench/compare"
)

// Options say how builds are told apart.
type Options struct {
	Builds []Program                                 // the base, the head, and others that are interleaved with them, such as an anchor
	Args   func(folder string, judged bool) []string // what a program is called with to leave a run in a folder, taking turns (bench.Turns)
	Gates  []compare.Gate
	Out    string        // folder of the rounds; those that it holds are not run again, and of other builds it may hold none
	Budget time.Duration // no round is begun later
	Seed   uint64
	Report func(text string) // how far it is; may be nil
}

// A Program is a build that can be run.
type Program struct {
	Name, Path string
	Env        []string // KEY=value, beside this process's own
}

// looks are the numbers of rounds after which the gates are asked, while they are undecided. Few looks keep the chance of a false alarm
// low; an alarm is confirmed by as many fresh rounds.
var looks = []int{5, 8, 12, 18, 27, 40}

// A Result is what the rounds say.
type Result struct {
	compare.Result
	Rounds    int  `json:"rounds"`
	Confirmed bool `json:"confirmed"` // an alarm stood in fresh rounds, too
	Alarm     bool `json:"alarm"`     // a gate failed in the first rounds

	Anchor *compare.Result `json:"anchor,omitempty"` // the head against the third build, where there is one
}

// Run runs rounds until the gates are decided or the budget is used up. Gates without a verdict at the end are undecided. A folder that
// holds rounds of other builds is a *Mismatch.
func Run(ctx context.Context, o Options) (Result, error) {
	if err := o.claim(); err != nil {
		return Result{}, err
	}
	s := &session{Options: o}
	s.next = s.processes(time.Now())
	result, err := s.run(ctx)
	if err == nil && len(o.Builds) > 2 {
		anchor, err := s.sides(0, 2, 1)
		if err != nil {
			return Result{}, err
		}
		result.Anchor = &anchor
	}
	return result, err
}

func (s *session) run(ctx context.Context) (Result, error) {
	for _, n := range looks {
		done, err := s.until(ctx, n)
		if err != nil {
			return Result{}, err
		}
		result, err := s.compare(0)
		if err != nil {
			return Result{}, err
		}
		if failed(result) {
			return s.confirm(ctx, result)
		}
		if !done || decided(result) || n == looks[len(looks)-1] {
			return Result{Result: result, Rounds: len(s.rounds)}, nil
		}
	}
	return Result{}, nil
}

// confirm runs as many rounds again. The alarm stands if a gate fails over them alone; one of a gate that further rounds say nothing new
// to stands without them, should the time be up.
func (s *session) confirm(ctx context.Context, alarm compare.Result) (Result, error) {
	first := len(s.rounds)
	s.say("a gate failed after %d rounds: confirming it with as many fresh ones", first)
	if _, err := s.until(ctx, 2*first); err != nil {
		return Result{}, err
	}
	if len(s.rounds) < first+leastRounds { // no time left: not confirmed, and not refuted either
		return Result{Result: s.undecided(alarm), Rounds: first, Alarm: true}, nil
	}
	fresh, err := s.compare(first)
	if err != nil {
		return Result{}, err
	}
	return Result{Result: fresh, Rounds: len(s.rounds), Alarm: true, Confirmed: failed(fresh)}, nil
}

// failed says that a gate's metric became worse.
func failed(r compare.Result) bool {
	return slices.ContainsFunc(r.Gates, func(g compare.GateResult) bool { return g.Verdict == compare.Worse })
}

// decided says that every gate has a verdict, those left out to which further rounds say nothing new.
func decided(r compare.Result) bool {
	return !slices.ContainsFunc(r.Gates, func(g compare.GateResult) bool {
		return g.Verdict == compare.Undecided && !g.Steady
	})
}

// undecided is a result whose failed gates are undecided, but for those that further rounds would not change. Whether that passes
// is for each gate to say.
func (s *session) undecided(r compare.Result) compare.Result {
	r.Gates = slices.Clone(r.Gates)
	for i := range r.Gates {
		if g := &r.Gates[i]; g.Verdict == compare.Worse && !g.Steady {
			must := slices.ContainsFunc(s.Gates, func(one compare.Gate) bool { return one.Name == g.Gate && one.MustDecide() })
			g.Verdict, g.Passed, g.Undecided = compare.Undecided, !must, must
			g.Reason += ", not confirmed within the budget"
		}
	}
	return r
}

// A session is one Run, or one Replay.
type session struct {
	Options
	next   source
	rounds [][]*compare.Run // [round][build]
}

// A source gives the runs of a round, one for each build. ok is false where there is no time for another round.
type source func(ctx context.Context, number int) (runs []*compare.Run, ok bool, err error)

func (s *session) say(format string, args ...any) {
	if s.Report != nil {
		s.Report(fmt.Sprintf(format, args...))
	}
}

// until adds rounds until there are n. It is false where the source ended before.
func (s *session) until(ctx context.Context, n int) (bool, error) {
	for len(s.rounds) < n {
		runs, ok, err := s.next(ctx, len(s.rounds))
		if err != nil || !ok {
			return false, err
		}
		s.rounds = append(s.rounds, runs)
	}
	return true, nil
}

// compare compares the head with the base over the rounds from first on. The first round alone is judged, so pass rates are always its.
func (s *session) compare(first int) (compare.Result, error) {
	r, err := s.sides(first, 0, 1)
	if err == nil && first > 0 {
		var all compare.Result
		all, err = s.sides(0, 0, 1)
		r.Rows = withPassRates(r.Rows, all.Rows)
	}
	if err == nil {
		err = r.Apply(s.Gates)
	}
	return r, err
}

// withPassRates are rows with the pass rates of others, each before what else there is of its decoder.
func withPassRates(rows, others []compare.Row) []compare.Row {
	for _, row := range others {
		if row.Metric != "pass_at_1" {
			continue
		}
		at := slices.IndexFunc(rows, func(r compare.Row) bool { return r.Decoder == row.Decoder })
		rows = slices.Insert(rows, max(0, at), row)
	}
	return rows
}

// sides compares two builds over the rounds from first on.
func (s *session) sides(first, base, head int) (compare.Result, error) {
	side := func(build int) compare.Side {
		out := compare.Side{Name: s.Builds[build].Name}
		for _, round := range s.rounds[first:] {
			out.Runs = append(out.Runs, round[build])
		}
		return out
	}
	return compare.Interleaved(side(base), []compare.Side{side(head)})
}

// Record runs so many rounds, for Replay; rounds that the folder holds are not run again.
func Record(ctx context.Context, o Options, rounds int) ([][]*compare.Run, error) {
	s := &session{Options: o}
	s.next = s.processes(time.Now())
	_, err := s.until(ctx, rounds)
	return s.rounds, err
}

// Replay decides as Run does over rounds drawn, with replacement, from recorded ones: at most so many. It says how often Run is wrong.
func Replay(pool [][]*compare.Run, gates []compare.Gate, most int, noise *rand.Rand) (Result, error) {
	s := &session{Options: Options{Builds: make([]Program, 2), Gates: gates}}
	s.next = func(_ context.Context, number int) ([]*compare.Run, bool, error) {
		return pool[noise.IntN(len(pool))], number < most, nil
	}
	return s.run(context.Background())
}
