package bench

import "testing"

func TestTaken(t *testing.T) {
	from := times{all: 100, busy: 50, own: 10}
	for _, c := range []struct {
		to   times
		want float64
		ok   bool
	}{
		{times{all: 120, busy: 60, own: 20}, 0, true},    // all of it this process's own
		{times{all: 120, busy: 60, own: 15}, 0.25, true}, // half of the busy time
		{times{all: 120, busy: 60, own: 20.02}, 0, true}, // a tick too much
		{from, 0, false},
	} {
		if got, ok := taken(from, c.to); got != c.want || ok != c.ok {
			t.Errorf("%+v: %g, %v, want %g, %v", c.to, got, ok, c.want, c.ok)
		}
	}
}

// TestElsewhere reads this machine's real times.
func TestElsewhere(t *testing.T) {
	now, ok := readTimes()
	if !ok {
		t.Skip("this system does not tell the times of its processors")
	}
	if now.all < now.busy || now.busy < now.own || now.own < 0 || now.all <= 0 {
		t.Errorf("%+v", now)
	}
	share := Elsewhere()
	for range 1000000 {
		if taken, ok := share(); ok {
			if taken < 0 || taken > 1 {
				t.Errorf("a share of %g", taken)
			}
			return
		}
	}
	t.Error("no time passed")
}
