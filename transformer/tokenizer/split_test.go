package tokenizer

import (
	"slices"
	"strings"
	"testing"
)

// TestLongMatches: a pattern that backtracks far splits a long text as it splits a short one.
func TestLongMatches(t *testing.T) {
	long := `(?:a|ab)+(?=c)|c|d+`
	for _, n := range []int{3, 300_000} {
		word := strings.Repeat("ab", n)
		got := pieces(t, component{Behavior: "Isolated", Pattern: pattern{Regex: &long}}, word+"cdd")
		if want := []string{word, "c", "dd"}; !slices.Equal(got, want) {
			t.Errorf("%d times ab: %d pieces, want 3", n, len(got))
		}
	}
}
