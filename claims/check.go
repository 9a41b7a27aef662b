package claims

import (
	"fmt"
	"slices"
	"strings"

	"tandem/reports"
	"tandem/reports/forwards"
	"tandem/transformer/speed"
)

// A Verdict is what the evidence says of a claim.
type Verdict string

// The verdicts. Reproduced says that the claimed effect was seen under the claim's conditions, Contradicted that it was not to be seen
// there, and NotComparable that the evidence says neither.
const (
	Reproduced    Verdict = "reproduced"
	Contradicted  Verdict = "contradicted"
	NotComparable Verdict = "not_comparable"
)

// A Finding is the verdict on a claim, why, and what was measured under the nearest conditions.
type Finding struct {
	ID       string       `json:"id"`
	Verdict  Verdict      `json:"verdict"`
	Reason   string       `json:"reason"`
	Measured *Measurement `json:"measured,omitempty"`
	CatchUps []CatchUp    `json:"ar_catches_up,omitempty"` // with the tokens per forward that the claim implies, on the forwards measured
	Claim    Claim        `json:"-"`
}

// A Measurement stands beside a claim.
type Measurement struct {
	Path             string            `json:"path"`
	Model            string            `json:"model"`
	Suite            string            `json:"suite,omitempty"`
	Hardware         string            `json:"hardware"`
	Precision        string            `json:"precision"`
	Batch            int               `json:"batch"`
	Decoder          string            `json:"decoder"`
	Baseline         string            `json:"baseline,omitempty"`
	Quantity         string            `json:"quantity,omitempty"` // which of the figures decides
	Value            *reports.Interval `json:"value,omitempty"`    // of the quantity
	Speedup          *reports.Interval `json:"speedup,omitempty"`
	TokensPerSecond  *reports.Interval `json:"tokens_per_second,omitempty"`
	TokensPerForward *reports.Interval `json:"tokens_per_forward,omitempty"`
	BaselineShare    *float64          `json:"baseline_ceiling_share,omitempty"`
	PassDifference   *reports.Interval `json:"pass_difference,omitempty"`
	Dollars          *float64          `json:"dollars_per_million_tokens,omitempty"`
	DollarsSolved    *float64          `json:"dollars_per_solved_task,omitempty"`
}

// Check says of each claim what the evidence says of it.
func (l Ledger) Check(claims []Claim, e Evidence) (findings []Finding) {
	for _, c := range claims {
		f := Finding{Verdict: NotComparable}
		switch q := decisive(c); {
		case c.About == Forwards:
			f = checkForwards(c, e)
		case q == nil:
			f.Reason = "it gives no figure that a run measures"
		default:
			f = checkRuns(c, *q, trials(c, e, l.Cards))
		}
		f.ID, f.Claim = c.ID, c
		if i, _ := l.Imply(c, nil); i != nil && i.PerForward != nil {
			f.CatchUps = e.CatchUps(i.Block, *i.PerForward)
		}
		findings = append(findings, f)
	}
	return findings
}

// checkRuns judges the trial that is nearest to the claim: the one with the least in the way, of these one that decides.
func checkRuns(c Claim, q quantity, all []trial) Finding {
	best, fewest := Finding{Verdict: NotComparable, Reason: "no run has a decoder of its kind"}, -1
	for _, t := range all {
		f, obstacles := t.find(q)
		if fewest < 0 || obstacles < fewest || obstacles == fewest && best.Verdict == NotComparable && f.Verdict != NotComparable {
			best, fewest = f, obstacles
		}
	}
	return best
}

// find is the finding of one trial, with the number of obstacles to it.
func (t trial) find(q quantity) (Finding, int) {
	f := Finding{Verdict: NotComparable, Measured: t.measurement(q)}
	claimed, result := q.claimed(t.claim), open
	if f.Measured.Value != nil {
		result = q.judge(*claimed, *f.Measured.Value)
	}
	reasons := t.inTheWay(result.side(q.ratio && claimed.behind()))
	switch {
	case len(reasons) > 0:
		f.Reason = strings.Join(reasons, "; ")
	case f.Measured.Value == nil:
		f.Reason = fmt.Sprintf("%s was not measured", words(q.key))
	case result == open && claimed.Bound:
		f.Reason = fmt.Sprintf("%s is %s here; %q names no setting, which a slower one would contradict",
			words(q.key), value(*f.Measured.Value), claimed.Text)
	case result == open:
		f.Reason = fmt.Sprintf("%s is %s here: the interval does not decide about %s", words(q.key), value(*f.Measured.Value), claimed.Text)
	default:
		f.Verdict = map[outcome]Verdict{confirms: Reproduced, refutes: Contradicted}[result]
		f.Reason = fmt.Sprintf("%s is %s here, %s claimed", words(q.key), value(*f.Measured.Value), claimed.Text)
	}
	return f, len(reasons)
}

// measurement is what the trial's run measured.
func (t trial) measurement(q quantity) *Measurement {
	r := t.run
	m := &Measurement{Path: r.Path, Model: r.Model.Name, Suite: r.Suite.Name, Hardware: device(r.Environment), Precision: r.Model.Dtype,
		Batch: max(1, r.Plan.Batch), Decoder: t.head.Name, Quantity: q.key, Value: q.of(t), TokensPerSecond: t.head.TokensPerSecond,
		TokensPerForward: t.head.TokensPerForward, Dollars: t.head.DollarsPerMillion, DollarsSolved: t.head.DollarsPerSolved}
	if t.base != nil {
		m.Baseline, m.BaselineShare = t.base.Name, t.base.CeilingShare
		m.Speedup, m.PassDifference = t.pair.Speedup, t.pair.PassDifference
	}
	return m
}

// words is a key as text.
func words(key string) string {
	if key == "tokens_per_second_ratio" {
		return "the ratio of tokens per second"
	}
	return strings.ReplaceAll(key, "_", " ")
}

// value is a measured figure with its interval.
func value(i reports.Interval) string {
	if i.Low == i.High {
		return fmt.Sprintf("%.3g", i.Value)
	}
	return fmt.Sprintf("%.3g [%.3g, %.3g]", i.Value, i.Low, i.High)
}

// checkForwards holds a claim about forwards against those of every report: at the claim's batch, tokens per forward over those that are
// needed to win are the speed-up, which a range of tokens per forward makes a range. It takes the first report that decides.
func checkForwards(c Claim, e Evidence) Finding {
	best := Finding{Verdict: NotComparable, Reason: "no forwards were measured: tandem bench measures them, of whatever weights"}
	for i, m := range e.Forwards {
		if f := m.check(c); i == 0 || best.Verdict == NotComparable && f.Verdict != NotComparable {
			best = f
		}
	}
	return best
}

func (m Measured) check(c Claim) Finding {
	o, first := c.Conditions, m.Rows[0]
	out := Finding{Verdict: NotComparable, Measured: &Measurement{Path: m.Path, Model: first.Geometry, Hardware: device(m.Environment),
		Precision: first.Dtype, Batch: o.Batch, Decoder: fmt.Sprintf("diffusion/block=%d", o.Block), Baseline: string(AR), Quantity: "speedup"}}
	if len(m.Warnings) > 0 {
		out.Reason = "not measured: " + m.Warnings[0].Text
		return out
	}
	need, known := m.need(o.Block, o.Batch)
	if !known {
		out.Reason = fmt.Sprintf("forwards of ar and of blocks of %d were not both measured at a batch up to %d", o.Block, o.Batch)
		return out
	}
	per := *c.Figures.PerForward
	gain := reports.Interval{Value: per.middle() / need.TokensPerForward, Low: per.Low / need.TokensPerForward,
		High: per.High / need.TokensPerForward}
	out.Measured.Batch, out.Measured.Speedup, out.Measured.Value = int(need.Batch), &gain, &gain
	out.Reason = fmt.Sprintf("a block of %d needs > %.2f tokens per forward at batch %g here; with %s it is %.3gx to %.3gx as fast as ar",
		o.Block, need.TokensPerForward, need.Batch, per.Text, gain.Low, gain.High)
	m.decide(c, &out, gain)
	return out
}

// decide gives the verdict, or adds to the reason why there is none. A side that is far from the ceiling is no evidence against itself.
func (m Measured) decide(c Claim, out *Finding, gain reports.Interval) {
	o, batch := c.Conditions, out.Measured.Batch
	ratio, _ := c.Faster()
	result, arAhead := ratio.judge(gain, false), ratio.behind() // where ar is ahead, a larger batch makes it surer
	behind, share := string(AR), m.share(speed.Decode, 1, batch)
	if out.Measured.BaselineShare = share; (result == confirms) == arAhead {
		behind, share = out.Measured.Decoder, m.share(speed.Block, o.Block, batch)
	}
	exact := batch == o.Batch
	switch {
	case result == open && exact:
		out.Reason += ": it depends on the model"
	case !exact && (result != confirms || !arAhead):
		out.Reason += fmt.Sprintf("; batch %d was not measured", o.Batch)
	case share == nil || *share < leastShare:
		out.Reason += fmt.Sprintf(", but %s is far from the ceiling, and a better engine would change that", behind)
	case result == confirms:
		out.Verdict = Reproduced
	default:
		out.Verdict = Contradicted
	}
}

// need is what a forward of a block must commit to win at the largest measured batch up to one.
func (m Measured) need(size, batch int) (at speed.Need, known bool) {
	ar, block := speed.Curves(m.Rows, size, 1, nil)
	for _, n := range speed.Needed(ar, block) {
		if n.Batch <= float64(batch) && n.Batch > at.Batch {
			at, known = n, true
		}
	}
	return at, known
}

// share is that of the ceiling that a forward reached; nil where it was not measured.
func (m Measured) share(kind string, rows, batch int) *float64 {
	i := slices.IndexFunc(m.Rows, func(r speed.Row) bool { return r.Kind == kind && r.Rows == rows && r.Batch == batch })
	if i < 0 || m.Rows[i].Share == 0 {
		return nil
	}
	return &m.Rows[i].Share
}

// A CatchUp is where ar catches up with a block that commits so many tokens per forward, by measured forwards.
type CatchUp struct {
	Path       string  `json:"path"`
	Block      int     `json:"block"`
	PerForward float64 `json:"tokens_per_forward"`
	Batch      float64 `json:"batch"`           // from which on ar is ahead; where it never is, the largest measured
	Never      bool    `json:"never,omitempty"` // as far as was measured
	Text       string  `json:"-"`
}

// CatchUps are those of all reports that measured such a block.
func (e Evidence) CatchUps(block int, perForward float64) (out []CatchUp) {
	for _, m := range e.Forwards {
		if !slices.Contains(speed.Sizes(m.Rows), block) {
			continue
		}
		ar, curve := speed.Curves(m.Rows, block, perForward, nil)
		at := speed.Crossover(ar, curve)
		out = append(out, CatchUp{Path: m.Path, Block: block, PerForward: perForward, Batch: at.At.Batch, Never: at.Not,
			Text: fmt.Sprintf("by forwards measured on %s (%s): with %.2f tokens per forward of a block of %d ar %s",
				device(m.Environment), m.Path, perForward, block, forwards.When(at))})
	}
	return out
}
