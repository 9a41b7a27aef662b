package reports

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"tandem/internal/golden"
	"tandem/record"
)

func TestTables(t *testing.T) {
	s := summarize(synthetic(40, 2, ar, diffusion(16, 0.7), diffusion(16, 0.9)))
	golden.Equal(t, "testdata/table.txt", []byte(Table(s, 0)))
	golden.Equal(t, "testdata/table.md", []byte(markdown(s)))
}

// TestNarrowTables: terminals of 80 and of 40 characters, with levels and failures. No line is longer but one that a single word fills.
func TestNarrowTables(t *testing.T) {
	s := writeLossy(t, t.TempDir())
	for _, width := range []int{80, 40} {
		text := Table(s, width) + Rest(s, width) + "\n"
		for line := range strings.Lines(text) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > width && len(strings.Fields(line)) > 1 {
				t.Errorf("%d characters in %d: %q", n, width, line)
			}
		}
		golden.Equal(t, fmt.Sprintf("testdata/table-%d.txt", width), []byte(text))
	}
	golden.Equal(t, "testdata/failures.md", []byte(markdown(s)))
	for line := range strings.Lines(Table(s, 0)) { // of no terminal nothing is broken
		if words := strings.Fields(line); len(words) == 1 && strings.HasPrefix(line, "    ") {
			t.Errorf("a line of one word without a width: %q", line)
		}
	}
}

// writeLossy writes the report of a run with levels whose refiners lose tasks.
func writeLossy(t *testing.T, dir string) Summary {
	t.Helper()
	header, records := synthetic(30, 1, ar, diffusion(16, 0.5), diffusion(16, 0.9), rider{name: "diffusion/block=16/quota=low-confidence/steps=16", block: 16, threshold: 0.9, pass: 1})
	for i := range records {
		r := &records[i]
		r.Level = 1 + i%30/10
		if r.Verdict.Result == record.Fail && i%2 == 0 {
			r.Verdict.Result, r.Verdict.Detail = record.SyntaxError, "SyntaxError: invalid syntax"
			for k := range r.Tokens - 1 {
				if r.Pieces[k] == " =" {
					r.Pieces[k+1] = " ="
				}
			}
			r.Answer = strings.Join(r.Pieces[:r.Tokens], "")
		}
	}
	writeRun(t, dir, header, records)
	s, err := Write(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Without an autoregressive decoder there is nothing to compare with, and so no verdict.
func TestTableOfOneDecoder(t *testing.T) {
	golden.Equal(t, "testdata/single.txt", []byte(Table(summarize(synthetic(12, 1, diffusion(16, 0.9))), 0)))
}
