package reports

import (
	"fmt"
	"math"
)

// verdict is one comparison in a plain sentence. A decoder's speed is its tokens per forward times its
// forwards per second; so to win over base, head must commit more tokens a forward than its forwards cost,
// counted in what base gets for the same time.
func verdict(c Comparison, head Decoder) string {
	if c.Speedup == nil || head.TokensPerForward == nil {
		return ""
	}
	does := fmt.Sprintf("commits %.2f tokens per forward", head.TokensPerForward.Value)
	if c.BreakEven != nil {
		does = fmt.Sprintf("needs > %.2f tokens per forward to win here; it commits %.2f", *c.BreakEven, head.TokensPerForward.Value)
	}
	return fmt.Sprintf("%s %s%s%s.", c.Head, does, speedWords(*c.Speedup, c.Base), qualityWords(c))
}

// speedWords says who is faster, or that the interval does not tell.
func speedWords(s Interval, base string) string {
	value := fmt.Sprintf("%.2fx [%.2f, %.2f]", s.Value, s.Low, s.High)
	switch {
	case s.Low > 1:
		return fmt.Sprintf(" and wins: %s as fast as %s", value, base)
	case s.High < 1:
		return fmt.Sprintf(" and loses: %s as fast as %s", value, base)
	}
	return fmt.Sprintf(", too close to call: %s as fast as %s", value, base)
}

// qualityWords says whether the pass rates are shown to be the same.
func qualityWords(c Comparison) string {
	if c.PassDifference == nil {
		return ""
	}
	difference := fmt.Sprintf("%+.1f points of pass@1", 100*c.PassDifference.Value)
	if math.Abs(c.PassDifference.Value) < 0.0005 {
		difference = "no difference in pass@1"
	}
	switch {
	case *c.SameQuality:
		return fmt.Sprintf(", at the same quality (%s)", difference)
	case c.PassDifference.High < -Margin:
		return fmt.Sprintf(", but at a lower quality (%s)", difference)
	}
	return fmt.Sprintf(", but the same quality is not shown (%s)", difference)
}

// headline is the comparison that the verdict speaks of: the first refiner of the plan, which was named before anything
// was measured; -1 where there is none. The fastest of a sweep would be chosen by its own noise.
func headline(s Summary) int {
	for i, c := range s.Comparisons {
		if c.Verdict != "" && !IsAR(c.Head) && !isUncached(c.Head) {
			return i
		}
	}
	return -1
}

// fastest says which of several refiners of the same quality is the fastest, or that none is.
func fastest(s Summary) string {
	best, tried := -1, 0
	for i, c := range s.Comparisons {
		if c.Verdict == "" || IsAR(c.Head) || isUncached(c.Head) {
			continue
		}
		tried++
		if c.SameQuality != nil && *c.SameQuality && (best < 0 || c.Speedup.Value > s.Comparisons[best].Speedup.Value) {
			best = i
		}
	}
	switch {
	case tried < 2:
		return ""
	case best < 0:
		return fmt.Sprintf(" None of the %d settings tried is shown to keep the quality.", tried)
	}
	c := s.Comparisons[best]
	return fmt.Sprintf(" Of the %d settings tried, chosen after the fact, the fastest of the same quality is %s: %s.", tried, c.Head, times(*c.Speedup))
}
