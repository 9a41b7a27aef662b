package transformer

import "testing"

// TestReach: causal, in blocks, over the whole sequence, and never beyond what is written.
func TestReach(t *testing.T) {
	for _, c := range []struct{ start, span, row, written, want int }{
		{0, 1, 0, 9, 1}, {5, 1, 3, 9, 9}, {5, 1, 3, 20, 9},
		{4, 4, 0, 8, 8}, {4, 4, 3, 8, 8}, {0, 4, 5, 8, 8}, {0, 4, 5, 7, 7}, {2, 4, 1, 12, 4}, {2, 4, 2, 12, 8},
		{3, 0, 1, 12, 12},
	} {
		p := Pass{Start: c.start, Span: c.span}
		if got := p.Reach(c.row, c.written); got != c.want {
			t.Errorf("row %d from %d, span %d, %d written: reach %d, want %d", c.row, c.start, c.span, c.written, got, c.want)
		}
	}
}

// TestFloor: a window of n is the row itself and the n-1 before it.
func TestFloor(t *testing.T) {
	for _, c := range []struct{ window, p, want int }{{0, 99, 0}, {1, 0, 0}, {1, 7, 7}, {4, 2, 0}, {4, 3, 0}, {4, 4, 1}, {4, 99, 96}} {
		if got := (LayerKind{Window: c.window}).Floor(c.p); got != c.want {
			t.Errorf("window %d, position %d: from slot %d, want %d", c.window, c.p, got, c.want)
		}
	}
}
