package machine

import (
	"strings"
	"testing"

	"tandem/reports/table"
)

// Kernels that make a comparison unfair are named, and only those.
func TestUnfairKernels(t *testing.T) {
	for _, portable := range []bool{true, false} {
		out := table.Pairs(Machine{Portable: portable}.Lines(), 0)
		if got := strings.Contains(out, "unfair to the"); got != portable {
			t.Errorf("portable is %v: %s", portable, out)
		}
	}
}
