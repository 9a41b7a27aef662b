package reports

import (
	"fmt"
	"slices"
	"strings"

	"tandem/bench/metric"
	"tandem/record"
)

// A Warning is something that makes a run less to be trusted, with what to do.
type Warning struct {
	Code     string   `json:"code"` // stable
	Text     string   `json:"text"`
	Severity Severity `json:"severity"`
}

// A Severity says what a Warning does to a run.
type Severity string

// The severities: an Error takes the figures away from a run, a Caution makes them less to be trusted, and an Info is a fact
// that a reader may want.
const (
	Error   Severity = "error"
	Caution Severity = "warning"
	Info    Severity = "info"
)

// A baseline is weak where it reaches less than weakShare of the machine's ceiling, or less than what the other decoder
// reaches by weakGap: a better engine would then move the comparison more than the decoders do.
const (
	weakShare = 0.4
	weakGap   = 0.15
)

// leastForInterval is the least number of tasks for an interval over tasks.
const leastForInterval = 10

// idle is the least share of its threads' time that a run on an idle machine has.
const idle = 0.8

// warnings are the warnings of a run whose decoders are summarized; what telemetry adds comes later (addTelemetry).
func (r run) warnings(s Summary) []Warning {
	out := []Warning{}
	add := func(code string, severity Severity, format string, args ...any) {
		out = append(out, Warning{Code: code, Severity: severity, Text: fmt.Sprintf(format, args...)})
	}
	for _, g := range r.Groups {
		if !g.Covered() {
			add("disturbed", Error, "other work on the machine disturbed %.0f%% of the decodings of %s, too many for a speed: free the machine and decode again",
				100*g.Disturbed(), g.Name)
		}
	}
	if s.Busy != nil && *s.Busy < idle && len(out) == 0 {
		add("busy", Caution, "this run had a processor for %.0f%% of its threads' time: other work may have taken the rest; repeat it on an idle machine", 100**s.Busy)
	}
	if e := s.Environment; metric.TooManyThreads(e) {
		add("too_many_threads", Error, "%d threads on %d processors wait for each other: take fewer", e.Threads, e.Cores)
	}
	if s.Environment.Device == "cpu" && s.Busy == nil {
		add("unknown_load", Caution, "this system does not tell what other work takes from a decoding: leave the machine alone")
	}
	if held, planned := r.unfinished(); held < planned {
		add("unfinished", Caution, "the run is not finished: %d of %d decodings; the command that began it goes on", held, planned)
	}
	if n := s.Plan.Repeats; n > 0 && n < 5 {
		add("few_repeats", Caution, "%s: give at least 5 for a figure and 10 for a claim", plural(n, "repeat"))
	}
	if n := len(r.Timed); n > 0 && n < leastForInterval {
		add("few_tasks", Caution, "%s: at least %d are needed for an interval that means much", plural(n, "task"), leastForInterval)
	}
	for _, d := range s.Decoders {
		if d.CeilingShare != nil && *d.CeilingShare > 1 {
			add("ceiling", Caution, "a share of the ceiling is above 100%%: the ceilings were measured while the machine was disturbed")
			break
		}
	}
	if c := s.comparison(); c != nil && c.Speedup != nil && weak(s.decoder(c.Base), s.decoder(c.Head)) {
		beside := ""
		if share := s.decoder(c.Head).CeilingShare; share != nil {
			beside = fmt.Sprintf(", %s %.0f%%", c.Head, 100**share)
		}
		add("weak_baseline", Caution, "%s reaches %.0f%% of this machine's ceiling%s: a better engine would change the comparison",
			c.Base, 100**s.decoder(c.Base).CeilingShare, beside)
	}
	if s.Model.Attention == record.WholeSequence && slices.ContainsFunc(r.Groups, func(g metric.Group) bool { return metric.IsAR(g.Name) }) {
		add("ar_on_diffusion", Caution, "ar on a checkpoint trained for whole-sequence attention is no fair baseline: it was trained to see what "+
			"stands behind a token, too; compare with the autoregressive checkpoint that it comes from")
	}
	if s.Environment.Portable {
		add("portable_kernels", Caution, "the kernels are plain Go, without C and vector instructions: forwards of many rows suffer more than those of one, and no speed of this run holds for this machine")
	}
	out = append(out, slices.Concat(shardWarnings(r.Header), r.loadWarnings(), s.endpointWarnings(r.Header.Merged))...)
	if r.unjudged() {
		add("not_judged", Caution, "no program was judged: speeds without pass rates")
	}
	if strings.HasSuffix(s.Environment.Commit, modified) {
		add("modified_tree", Info, "built from a tree with uncommitted changes")
	}
	return out
}

// shardWarnings are those of a part of a run, and of one that was put together from parts.
func shardWarnings(h record.Header) []Warning {
	switch {
	case h.Shard != nil:
		return []Warning{{"shard", fmt.Sprintf("this is shard %v of a run, and no figure of the suite: tandem merge puts the shards together", h.Shard), Caution}}
	case h.Merged > 0:
		return []Warning{{"merged", fmt.Sprintf("put together from %s, each with a start of its own: pass rates are those of one run, times those of each shard's",
			plural(h.Merged, "shard")), Info}}
	}
	return nil
}

// modified ends the commit of a build from a tree with uncommitted changes.
const modified = "+dirty"

// weak says that base is a weak baseline for head.
func weak(base, head Decoder) bool {
	b, h := base.CeilingShare, head.CeilingShare
	return b != nil && (*b < weakShare || h != nil && *b < *h-weakGap)
}

// unjudged says that no record has a verdict.
func (r run) unjudged() bool {
	for _, g := range r.Groups {
		c := g.Counts()
		if c.Sandbox > 0 {
			return false
		}
		for _, t := range g.Tasks() {
			if _, ok := t.PassRate(); ok {
				return false
			}
		}
	}
	return true
}

// shown are the warnings that stand before the table, a line each.
func (s Summary) shown() (lines []string) {
	for _, w := range s.Warnings {
		switch w.Severity {
		case Error:
			lines = append(lines, "NOT MEASURED: "+w.Text)
		case Caution:
			lines = append(lines, "WARNING: "+w.Text)
		}
	}
	return lines
}
