package reports

import (
	"testing"

	"tandem/internal/golden"
)

func TestTables(t *testing.T) {
	s := summarize(synthetic(40, 2, ar, diffusion(16, 0.7), diffusion(16, 0.9)))
	golden.Equal(t, "testdata/table.txt", []byte(Table(s, 0)))
	golden.Equal(t, "testdata/table.md", []byte(markdown(s)))
}

// Without an autoregressive decoder there is nothing to compare with, and so no verdict.
func TestTableOfOneDecoder(t *testing.T) {
	golden.Equal(t, "testdata/single.txt", []byte(Table(summarize(synthetic(12, 1, diffusion(16, 0.9))), 0)))
}
