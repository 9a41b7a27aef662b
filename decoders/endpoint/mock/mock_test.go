package mock

import (
	"slices"
	"strings"
	"testing"
)

func TestPieces(t *testing.T) {
	for text, want := range map[string][]string{
		"":                    nil,
		"def f(x):\n  return": {"def", " f(x)", ":", "\n  retu", "rn"},
		"naïve 漢字漢字漢":         {"naïv", "e", " 漢字漢字", "漢"},
		"  \n":                {"  \n"},
	} {
		if got := pieces(text); !slices.Equal(got, want) || strings.Join(got, "") != text {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// TestAnswers: a task that another's prompt holds is not taken for it, and the share of right answers is spread evenly.
func TestAnswers(t *testing.T) {
	tasks := []Task{{"def a():\n", "  1\n", "A"}, {"def a():\n  'longer'\n", "  2\n", "B"}, {"c", "3", "C"}, {"d", "4", "D"}}
	answer := Answers(tasks, 1)
	for prompt, want := range map[string]string{
		"def a():\n": "  1\n", "def a():\n  'longer'\n": "  2\n", "Solve:\ndef a():": "A", "Solve:\ndef a():\n  'longer'": "B",
	} {
		if got := answer(prompt); got != want {
			t.Errorf("%q: %q, want %q", prompt, got, want)
		}
	}
	if text := answer("?"); !strings.Contains(text, "knows no answer") {
		t.Errorf("%q", text)
	}
	for share, want := range map[float64]string{0: "0000", 0.5: "0101", 0.75: "0111", 1: "1111"} {
		got := ""
		for _, task := range tasks {
			right := map[bool]string{true: "1", false: "0"}[Answers(tasks, share)(task.Prompt) == task.Solution]
			got += right
		}
		if got != want {
			t.Errorf("a share of %g: %s, want %s", share, got, want)
		}
	}
}
