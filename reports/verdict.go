package reports

import (
	"fmt"
	"math"
)

// verdict is one comparison in a plain sentence. A decoder's speed is its tokens per forward times its
// forwards per second; so to win over base, head must commit more tokens a forward than its forwards cost,
// counted in the base's.
func verdict(c Comparison, head Decoder) string {
	if c.Speedup == nil || head.TokensPerForward == nil || c.BreakEven == 0 {
		return ""
	}
	text := fmt.Sprintf("%s needs > %.2f tokens per forward to win here; it commits %.2f, and is %s",
		c.Head, c.BreakEven, head.TokensPerForward.Value, speedWords(*c.Speedup, c.Base))
	return text + qualityWords(c) + "."
}

// speedWords says who is faster, or that the interval does not tell.
func speedWords(s Interval, base string) string {
	span := fmt.Sprintf("[%.2f, %.2f]", s.Low, s.High)
	switch {
	case s.Low > 1:
		return fmt.Sprintf("%.2fx %s as fast as %s", s.Value, span, base)
	case s.High < 1:
		return fmt.Sprintf("slower: %.2fx %s the speed of %s", s.Value, span, base)
	}
	return fmt.Sprintf("neither faster nor slower than %s for sure: %.2fx %s", base, s.Value, span)
}

func qualityWords(c Comparison) string {
	if c.PassDifference == nil {
		return ""
	}
	points := 100 * c.PassDifference.Value
	difference := fmt.Sprintf("%+.1f points of pass@1", points)
	if math.Abs(points) < 0.05 {
		difference = "no difference in pass@1"
	}
	if *c.SameQuality {
		return fmt.Sprintf(", at the same quality (%s)", difference)
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
		if c.Verdict != "" && !IsAR(c.Head) && (best < 0 || better(c, s.Comparisons[best])) {
			best = i
		}
	}
	return best
}
