package reports

import (
	"fmt"
	"math"
)

// verdict is one comparison in a plain sentence. A decoder's speed is its tokens per forward times its
// forwards per second; so to win over base, head must commit more tokens a forward than its forwards cost,
// counted in what base gets for the same time.
func verdict(c Comparison, head Decoder) string {
	if c.Speedup == nil || head.TokensPerForward == nil || c.BreakEven == nil {
		return ""
	}
	return fmt.Sprintf("%s needs > %.2f tokens per forward to win here; it commits %.2f%s%s.",
		c.Head, *c.BreakEven, head.TokensPerForward.Value, speedWords(*c.Speedup, c.Base), qualityWords(c))
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

// headline is the comparison that matters most: the fastest head of the same quality, or failing that the
// fastest of all; -1 where there is none.
func headline(s Summary) int {
	best := -1
	better := func(a, b Comparison) bool {
		same := func(c Comparison) bool { return c.SameQuality != nil && *c.SameQuality }
		if same(a) != same(b) {
			return same(a)
		}
		return a.Speedup.Value > b.Speedup.Value
	}
	for i, c := range s.Comparisons {
		if c.Verdict != "" && !IsAR(c.Head) && !isUncached(c.Head) && (best < 0 || better(c, s.Comparisons[best])) {
			best = i
		}
	}
	return best
}
