package claims

import (
	"fmt"
	"math"
	"path"
	"slices"
	"strings"

	"tandem/reports"
	"tandem/transformer/models"
)

// An obstacle stands between a claim and a measurement. Some stand in the way of one outcome alone: what flatters the decoder is no
// evidence that it is fast, and what puts it at a disadvantage none that it is slow.
type obstacle struct {
	side side
	find func(t trial) string // what is in the way, or ""
}

// A side is how a decoder comes out of a trial.
type side int

// The sides: either is for what forbids every verdict.
const (
	either side = iota
	ahead
	behind
)

// obstacles are looked for in this order.
var obstacles = []obstacle{
	{either, otherWeights},
	{either, otherCard},
	{either, otherTasks},
	{either, otherLengths},
	{either, otherBatch},
	{either, otherPrecision},
	{either, notMeasured},
	{either, noBaseline},
	{ahead, weakBaseline},
	{ahead, otherQuality},
	{behind, weakHead},
	{behind, otherSettings},
}

// side is on which side the decoder comes out where a claim of its being faster, or slower, has the outcome.
func (o outcome) side(slower bool) side {
	switch {
	case o == open:
		return either
	case (o == confirms) != slower:
		return ahead
	}
	return behind
}

// inTheWay are what stands between the claim and a verdict on a trial. What forbids one side alone is named where nothing forbids both.
func (t trial) inTheWay(of side) []string {
	if reasons := t.reasons(either); len(reasons) > 0 || of == either {
		return reasons
	}
	return t.reasons(of)
}

// reasons are what the obstacles on a side give.
func (t trial) reasons(now side) (all []string) {
	for _, o := range obstacles {
		if o.side != now {
			continue
		}
		if reason := o.find(t); reason != "" {
			all = append(all, reason)
		}
	}
	return all
}

// embedded is the name of the checkpoint in the binary.
const embedded = "embedded"

func otherWeights(t trial) string {
	c, name := t.claim, t.run.Model.Name
	if c.About == Diffusion {
		if entry, known := published(name); name == embedded {
			return "the embedded checkpoint knows one narrow grammar: what it commits says nothing of other models"
		} else if !known || !entry.Diffusion {
			return fmt.Sprintf("%s is not known as a model that was trained to fill in masks", name)
		}
		return ""
	}
	if len(c.Conditions.Models) == 0 {
		if c.Conditions.Hosted {
			return fmt.Sprintf("the weights of %s are not published", c.Conditions.Model)
		}
		return fmt.Sprintf("another model: %s, not %s", name, c.Conditions.Model)
	}
	for _, want := range c.Conditions.Models {
		if entry, err := models.Find(want); err == nil && isModel(entry, t.run) {
			return ""
		}
	}
	return fmt.Sprintf("another model: %s, not %s", name, c.Conditions.Model)
}

// published is the model of the catalogue by whose name a run calls its own.
func published(name string) (models.Entry, bool) {
	entry, err := models.Find(strings.Replace(name, "--", "/", 1))
	return entry, err == nil
}

// isModel says whether a run's model is one of the catalogue: by its name there or its repository's, and by its size where that is known.
func isModel(entry models.Entry, r Run) bool {
	names := []string{entry.Name, entry.Repository, strings.ReplaceAll(entry.Repository, "/", "--"), path.Base(entry.Repository)}
	if !slices.ContainsFunc(names, func(n string) bool { return n != "." && strings.EqualFold(n, r.Model.Name) }) {
		return false
	}
	size := float64(entry.Parameters())
	return size == 0 || r.Model.Parameters == 0 || math.Abs(float64(r.Model.Parameters)/size-1) < 0.05
}

func otherCard(t trial) string {
	want, here := t.claim.Conditions.Hardware, device(t.run.Environment)
	switch card, known := find(t.cards, want); {
	case want == anyHardware:
		return ""
	case t.claim.Conditions.Hosted:
		return "a hosted service: its hardware is " + t.claim.unsaid("hardware")
	case !known:
		return "its hardware is " + t.claim.unsaid("hardware")
	case t.claim.Conditions.Cards > 1:
		return fmt.Sprintf("%d x %s, not one device", t.claim.Conditions.Cards, want)
	case !card.is(t.run.Environment):
		return fmt.Sprintf("another card: %s, not %s", here, want)
	}
	return ""
}

func otherTasks(t trial) string {
	switch o := t.claim.Conditions; {
	case o.Suite == "" && o.Tasks != "":
		return fmt.Sprintf("its tasks are told in words alone: %s", o.Tasks)
	case o.Suite != "" && !strings.EqualFold(o.Suite, t.run.Suite.Name):
		return fmt.Sprintf("other tasks: %s, not %s", t.run.Suite.Name, o.Suite)
	}
	return ""
}

func otherLengths(t trial) string {
	want, here := t.claim.Conditions.Generated, t.run.Plan.MaxTokens
	switch {
	case t.run.Plan.Length == "forced":
		return "at forced length: outputs do not end by themselves"
	case want > 0 && here > 0 && want != here:
		return fmt.Sprintf("outputs of at most %d tokens, not %d", here, want)
	}
	return ""
}

func otherBatch(t trial) string {
	want, here := t.claim.Conditions.Batch, max(1, t.run.Plan.Batch)
	switch {
	case want == 0:
		return "its batch is " + t.claim.unsaid("batch")
	case want != here:
		return fmt.Sprintf("batch %d, not %d", here, want)
	}
	return ""
}

func otherPrecision(t trial) string {
	want := t.claim.Conditions.Precision
	if want == "" || strings.EqualFold(want, t.run.Model.Dtype) {
		return ""
	}
	return fmt.Sprintf("weights of %s, not %s", t.run.Model.Dtype, want)
}

// doubtful are the warnings that take a speed away from a run, or make it another machine's.
var doubtful = []string{"busy", "unknown_load", "unfinished", "shard", "few_repeats", "few_tasks", "portable_kernels", "ceiling", "older_summary"}

func notMeasured(t trial) string {
	if t.pair != nil && t.pair.NotMeasured != "" {
		return "not measured: " + t.pair.NotMeasured
	}
	for _, w := range t.run.Warnings {
		if w.Severity == reports.Error || slices.Contains(doubtful, w.Code) {
			return "not measured: " + w.Text
		}
	}
	return ""
}

func noBaseline(t trial) string {
	ratio, _ := t.claim.Faster()
	if ratio == nil {
		return ""
	}
	b := t.claim.Conditions.Baseline
	switch {
	case b.Kind != AR && b.Kind != Uncached:
		return fmt.Sprintf("its baseline is none of the run's: %s", b.Name)
	case t.base == nil && b.Kind == Uncached:
		return "the run has no decoder without a cache to compare with, or its records are not there"
	case t.base == nil:
		return "the run has no cached ar to compare with"
	case b.Kind == AR && hasWarning(t.run, "ar_on_diffusion"):
		return "ar on weights that were trained for whole-sequence attention is no fair baseline"
	}
	return ""
}

func hasWarning(r Run, code string) bool {
	return slices.ContainsFunc(r.Warnings, func(w reports.Warning) bool { return w.Code == code })
}

// leastShare is the least share of the ceiling that either side must reach.
const leastShare = 0.4

func weakBaseline(t trial) string {
	if t.base == nil || t.claim.Conditions.Baseline.Kind != AR {
		return ""
	}
	return weak(*t.base)
}

func weakHead(t trial) string { return weak(t.head) }

// weak says that a decoder is far from the ceiling, so that a better engine would move it.
func weak(d reports.Decoder) string {
	switch {
	case d.CeilingShare == nil:
		return fmt.Sprintf("which share of the ceiling %s reaches is not known", d.Name)
	case *d.CeilingShare < leastShare:
		return fmt.Sprintf("%s reaches only %.0f%% of this machine's ceiling", d.Name, 100**d.CeilingShare)
	}
	return ""
}

func otherQuality(t trial) string {
	switch {
	case t.base == nil:
		return ""
	case t.pair.SameQuality == nil:
		return "quality was not measured"
	case !*t.pair.SameQuality:
		return fmt.Sprintf("the same quality is not shown (%+.1f points of pass@1)", 100*t.pair.PassDifference.Value)
	}
	return ""
}

func otherSettings(t trial) string {
	if t.follows() {
		return ""
	}
	if t.claim.Conditions.Decoder == "" {
		return "its sampler's settings are not noted: others could be faster"
	}
	return fmt.Sprintf("decoded as %s, not as %s", t.head.Name, t.claim.Conditions.Decoder)
}
