package cpu

import (
	"testing"

	"tandem/transformer"
)

// TestCeilings: the ceilings that every machine has are there, and none is out of this world.
func TestCeilings(t *testing.T) {
	m, err := newMeter(1, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	got := m.Ceilings()
	for _, name := range []string{transformer.ReadCeiling, transformer.F32Ceiling} {
		if got[name] <= 0 {
			t.Errorf("%s is %g", name, got[name])
		}
	}
	for name, value := range got {
		if value > 1e6 {
			t.Errorf("%s is %g", name, value)
		}
	}
	if dot := got[transformer.BF16DotCeiling]; dot > got[transformer.BF16Ceiling] {
		t.Errorf("dot products reach %g, the best bf16 instructions %g", dot, got[transformer.BF16Ceiling])
	}
}

func TestTogetherRunsEveryThread(t *testing.T) {
	ran, p := make([]int, 3), newPool(3, linger)
	defer p.close()
	sum, took := p.together(func(t int) float64 { ran[t]++; return float64(t) })
	if sum != 3 || took <= 0 || ran[0] != 1 || ran[1] != 1 || ran[2] != 1 {
		t.Errorf("sum %g in %v, runs %v", sum, took, ran)
	}
}

func BenchmarkCeilings(b *testing.B) {
	m, err := newMeter(2, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer m.Close()
	for b.Loop() {
		for name, value := range m.Ceilings() {
			b.ReportMetric(value, name)
		}
	}
}
