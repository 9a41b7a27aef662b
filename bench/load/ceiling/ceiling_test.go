package ceiling

import (
	"context"
	"testing"
)

// TestMeasure: the ceiling is that of the whole stream, and a cancelled measurement is an error.
func TestMeasure(t *testing.T) {
	rate, err := Measure(t.Context())
	if err != nil || rate <= 0 {
		t.Fatalf("%g, %v", rate, err)
	}
	t.Logf("%.0f events a second", rate)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if rate, err := Measure(ctx); err == nil {
		t.Errorf("%g of a cancelled measurement", rate)
	}
}

// BenchmarkClient reports the events a second that are read and stamped.
func BenchmarkClient(b *testing.B) {
	best := 0.0
	for b.Loop() {
		rate, err := Measure(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		best = max(best, rate)
	}
	b.ReportMetric(best, "events/s")
}
