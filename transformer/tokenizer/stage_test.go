package tokenizer

import (
	"slices"
	"strings"
	"testing"
)

// TestLongMatches: a pattern that backtracks far splits a long text as it splits a short one.
func TestLongMatches(t *testing.T) {
	pattern := `(?:a|ab)+(?=c)|c|d+`
	c := component{Behavior: "Isolated"}
	c.Pattern.Regex = &pattern
	split, err := newStage(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{3, 300_000} {
		word := strings.Repeat("ab", n)
		var got []string
		split(word+"cdd", func(piece string) { got = append(got, piece) })
		if want := []string{word, "c", "dd"}; !slices.Equal(got, want) {
			t.Errorf("%d times ab: %d pieces, want 3", n, len(got))
		}
	}
}
