package metric

import (
	"slices"

	"tandem/record"
)

// A Failure is a decoding of a refiner that failed on a task which the baseline passes, and the forward in which it went wrong.
// Tokens that one forward commits do not see each other, so each may be likely and both together wrong: a contradiction.
type Failure struct {
	Task     string        `json:"task"`
	Decoder  string        `json:"decoder"`
	Base     string        `json:"base"`
	Result   record.Result `json:"result"`
	Detail   string        `json:"detail,omitempty"`
	Kind     Kind          `json:"kind"`
	Forward  int           `json:"forward"`           // index in the trace, from 0: the one that committed what follows
	Forwards int           `json:"forwards"`          // of the decoding
	AtOdds   []Piece       `json:"at_odds,omitempty"` // two tokens of the forward that contradict each other, in their order
	Together []int         `json:"together"`          // positions of all useful tokens that the forward committed
	Departs  *Departure    `json:"departs,omitempty"` // where the text leaves the baseline's; nil where it does not

	// OneByOne says whether the task passes under a decoder of the same run that differs in the commit policy alone and commits
	// one token a forward. True proves that committing in parallel made it fail; nil: the run has no such decoder.
	OneByOne *bool `json:"passes_one_by_one,omitempty"`
}

// A Piece is a token of an output.
type Piece struct {
	Pos  int     `json:"pos"`
	Text string  `json:"text"`
	P    float32 `json:"p"` // when it was committed
}

// A Departure is the first position whose token is another than the baseline's. Both may be right there: a program can be
// written in several ways.
type Departure struct {
	Pos  int    `json:"pos"`
	Text string `json:"text"` // of the refiner; empty where its output ends
	Base string `json:"base"`
}

// A Kind says what is known of a Failure.
type Kind string

// The kinds, the surest first. The first five name two tokens of one forward that contradict each other.
const (
	Unbound    Kind = "unbound_name" // a name is used that nothing binds, and the forward that wrote it bound another
	Repeated   Kind = "repeated"     // the same tokens twice in a row, where the baseline never has them so
	Neighbours Kind = "neighbours"   // two words or operators that cannot stand side by side, in a syntax error
	Brackets   Kind = "brackets"     // two brackets that do not belong together, in a syntax error
	Seam       Kind = "seam"         // two neighbours between which a token of the baseline is missing, or one of which is too many
	Line       Kind = "line"         // no two tokens, but several of the line at which the parser gave up
	Parallel   Kind = "forward"      // no two tokens, but several came together where the text leaves the baseline's
	Single     Kind = "single"       // the token where it leaves the baseline's came alone: no other contradicts it
)

// Contradicts says whether the kind names two tokens of one forward.
func (k Kind) Contradicts() bool {
	return slices.ContainsFunc(contradictions, func(c contradiction) bool { return c.kind == k })
}

// A contradiction is a rule that finds two tokens of one forward which cannot both be right.
type contradiction struct {
	kind Kind
	find func(o *output) (pair [2]int, ok bool)
}

// contradictions are the rules, in the order in which they are asked.
var contradictions = []contradiction{
	{Unbound, (*output).unbound},
	{Repeated, (*output).repeated},
	{Neighbours, (*output).neighbours},
	{Brackets, (*output).brackets},
	{Seam, (*output).seam},
}

// explain says what went wrong in a failed record, beside one of the baseline that passed. Both hold the texts of their
// positions. It judges from the two texts and the trace alone, and claims no more than they show.
func explain(failed, base record.Record) Failure {
	o := newOutput(failed, base)
	f := Failure{Task: failed.Task, Decoder: failed.Decoder, Base: base.Decoder, Forwards: len(failed.Trace), Departs: o.departure()}
	if v := failed.Verdict; v != nil {
		f.Result, f.Detail = v.Result, v.Detail
	}
	for _, c := range contradictions {
		if pair, ok := c.find(o); ok {
			slices.Sort(pair[:])
			f.Kind, f.Forward = c.kind, o.at[pair[0]]
			f.AtOdds = []Piece{o.piece(pair[0]), o.piece(pair[1])}
			f.Together = o.together(f.Forward)
			return f
		}
	}
	f.Kind, f.Forward = o.suspect(f.Departs)
	f.Together = o.together(f.Forward)
	return f
}

// suspect is the forward that is named where no two tokens are: of the line at which the parser gave up the one that committed
// most of it, else the one that committed the token where the text leaves the baseline's.
func (o *output) suspect(d *Departure) (Kind, int) {
	if forward, ok := o.badLine(); ok {
		return Line, forward
	}
	all := committedAt(o.failed.Trace)
	if len(all) == 0 || d == nil {
		return Single, 0
	}
	forward := max(0, all[min(d.Pos, len(all)-1)])
	if len(o.together(forward)) > 1 {
		return Parallel, forward
	}
	return Single, forward
}

// departure is the first position whose token differs from the baseline's; nil where one text is the beginning of the other and
// both are as long.
func (o *output) departure() *Departure {
	own, base := o.failed, o.base
	mine, theirs := own.Trace.Tokens(), base.Trace.Tokens()
	for pos := range max(own.Tokens, base.Tokens) {
		d := Departure{Pos: pos}
		if pos < own.Tokens {
			d.Text = own.Pieces[pos]
		}
		if pos < base.Tokens {
			d.Base = base.Pieces[pos]
		}
		if pos >= own.Tokens || pos >= base.Tokens || mine[pos] != theirs[pos] {
			return &d
		}
	}
	return nil
}

// together are the useful positions that a forward committed.
func (o *output) together(forward int) []int {
	positions := []int{}
	for pos, at := range o.at {
		if at == forward {
			positions = append(positions, pos)
		}
	}
	return positions
}

// piece is the token at a position.
func (o *output) piece(pos int) Piece {
	p := Piece{Pos: pos, Text: o.failed.Pieces[pos]}
	for _, c := range o.failed.Trace[o.at[pos]].Commits {
		if int(c.Pos) == pos {
			p.P = c.P
		}
	}
	return p
}
