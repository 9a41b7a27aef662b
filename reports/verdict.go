package reports

import (
	"fmt"
	"math"
	"strings"

	"tandem/bench/metric"
)

// notMeasured begins the verdict of a run that cannot carry a figure.
const notMeasured = "not measured"

// verdict is one comparison in a plain sentence; empty where neither speed nor its absence can be told.
func verdict(c Comparison, base, head Decoder, s Summary) string {
	if c.NotMeasured != "" {
		_, quality := qualityWords(c, s)
		return fmt.Sprintf("%s: %s; free the machine and decode again. Pass rates: %s.", notMeasured, c.NotMeasured, quality)
	}
	if c.Speedup == nil || head.TokensPerForward == nil && head.Endpoint == nil {
		return ""
	}
	link, quality := qualityWords(c, s)
	does := "was asked over the network"
	if head.TokensPerForward != nil {
		does = fmt.Sprintf("commits %.2f tokens per forward", head.TokensPerForward.Value)
	}
	if c.BreakEven != nil {
		does = fmt.Sprintf("needs > %.2f tokens per forward to win here; it commits %.2f", *c.BreakEven, head.TokensPerForward.Value)
	}
	text := fmt.Sprintf("%s %s%s%s%s %s.", c.Head, does, speedWords(*c.Speedup, c.Base), baselineWords(base, head), link, quality)
	if s.Environment.Portable {
		text += " The kernels are plain Go, without C: this is no fair speed of the machine."
	}
	return text
}

// speedWords says who is faster, or that the interval does not tell.
func speedWords(s Interval, base string) string {
	switch {
	case s.Low == s.High: // too few tasks for an interval, which could be anywhere
		return fmt.Sprintf(", too few tasks to say more: %.2fx as fast as %s", s.Value, base)
	case s.Low > 1:
		return fmt.Sprintf(" and wins: %s as fast as %s", times(s), base)
	case s.High < 1:
		return fmt.Sprintf(" and loses: %s as fast as %s", times(s), base)
	}
	return fmt.Sprintf(", too close to call: %s as fast as %s", times(s), base)
}

// baselineWords names the base's share of the ceiling, and says aloud that it is low.
func baselineWords(base, head Decoder) string {
	if base.CeilingShare == nil {
		return ""
	}
	if weak(base, head) {
		return fmt.Sprintf(", against a baseline that reaches %.0f%% of this machine", 100**base.CeilingShare)
	}
	return fmt.Sprintf(" (at %.0f%% of this machine's ceiling)", 100**base.CeilingShare)
}

// qualityWords says whether the pass rates are shown to be the same, within which margin, and if not, how many tasks that takes;
// link ties it to the words on speed.
func qualityWords(c Comparison, s Summary) (link, quality string) {
	switch {
	case s.Plan.Length == forced:
		return ";", "at forced length nothing is said of quality"
	case c.PassDifference == nil:
		return ";", "quality was not measured"
	}
	margin := fmt.Sprintf("within %.0f points", 100*qualityMargin)
	difference := fmt.Sprintf("%+.1f points of pass@1", 100*c.PassDifference.Value)
	if math.Abs(c.PassDifference.Value) < 0.0005 {
		difference = "no difference in pass@1"
	}
	switch {
	case *c.SameQuality:
		return ",", fmt.Sprintf("at the same quality %s (%s)", margin, difference)
	case c.PassDifference.High < -qualityMargin:
		return ", but", fmt.Sprintf("at a lower quality (%s)", difference)
	case c.NeededTasks != nil:
		return ", but", fmt.Sprintf("%d tasks cannot show the same quality %s; %d can (%s)", c.PairedTasks, margin, *c.NeededTasks, difference)
	}
	return ", but", fmt.Sprintf("the same quality %s is not shown (%s)", margin, difference)
}

// headline is the comparison that the verdict speaks of: the first diffusion decoder of the plan, which was named before anything
// was measured, or the first of all where there is none; -1 where there is nothing to compare. The fastest of a sweep would be
// chosen by its own noise.
func headline(s Summary) int {
	first := -1
	for i, c := range s.Comparisons {
		if c.Verdict == "" {
			continue
		}
		if !metric.IsAR(c.Head) && !metric.IsUncached(c.Head) {
			return i
		}
		if first < 0 {
			first = i
		}
	}
	return first
}

// comparison is the one of the verdict; nil where there is none.
func (s Summary) comparison() *Comparison {
	if s.best < 0 {
		return nil
	}
	return &s.Comparisons[s.best]
}

// sentence is the run in one sentence, or two.
func (s Summary) sentence() string {
	c := s.comparison()
	if c == nil {
		return ""
	}
	if c.NotMeasured != "" {
		return c.Verdict
	}
	return c.Verdict + fastest(s)
}

// answer is the verdict's first sentence, and what is to be said of several settings.
func (s Summary) answer() (sentence, further string) {
	c := s.comparison()
	if c == nil {
		return plural(len(s.Decoders), "decoder") + " measured; there is no pair to compare.", ""
	}
	return c.Verdict, strings.TrimSpace(strings.TrimPrefix(s.Verdict, c.Verdict))
}

// fastest says which of several diffusion decoders of the same quality is the fastest, or that none is shown to have it.
func fastest(s Summary) string {
	best, tried := -1, 0
	var needs *Comparison // the one that the fewest tasks would show
	for i, c := range s.Comparisons {
		if c.Speedup == nil || c.SameQuality == nil || metric.IsAR(c.Head) || metric.IsUncached(c.Head) {
			continue
		}
		tried++
		if *c.SameQuality && (best < 0 || c.Speedup.Value > s.Comparisons[best].Speedup.Value) {
			best = i
		}
		if c.NeededTasks != nil && (needs == nil || *c.NeededTasks < *needs.NeededTasks) {
			needs = &c
		}
	}
	switch {
	case tried < 2:
		return ""
	case best < 0 && needs != nil:
		return fmt.Sprintf(" Of the %d settings tried, %d tasks cannot show of any that it keeps the quality; %d can of %s.",
			tried, needs.PairedTasks, *needs.NeededTasks, needs.Head)
	case best < 0:
		return fmt.Sprintf(" None of the %d settings tried is shown to keep the quality within %.0f points.", tried, 100*qualityMargin)
	}
	c := s.Comparisons[best]
	return fmt.Sprintf(" Of the %d settings tried, chosen after the fact, the fastest of the same quality is %s: %s.", tried, c.Head, times(*c.Speedup))
}
