package cpu

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"testing"

	"tandem/transformer"
)

// TestTooLittleMemory: weights, and slots beside them, that do not fit are refused before anything is packed, in one line that
// says how much they need.
func TestTooLittleMemory(t *testing.T) {
	w := transformer.Random(tiny, transformer.F32, 1)
	b, err := New(w, Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	weights := b.Describe().Memory
	l := layouts[transformer.F32]
	if counted := packedSize(w, &l); counted != weights {
		t.Errorf("the weights take %d bytes, %d were counted", weights, counted)
	}
	slot := int64(2 * tiny.Layers * tiny.KVHeads * tiny.HeadDim * 4)
	for _, c := range []struct {
		memory int64
		slots  int
		want   string
	}{
		{weights, 0, ""},
		{weights - 1, 0, "cpu: tiny in f32 needs 0.0 GiB, but 0.0 GiB of memory are free: choose the dtype bf16 or a smaller model"},
		{weights + 10*slot, 10, ""},
		{weights + 10*slot - 1, 10, "and 0.0 GiB for 10 slots of keys and values, but 0.0 GiB of memory are free: choose fewer slots, or the dtype bf16"},
	} {
		b, err := New(w, Options{Threads: 1, Memory: c.memory, Slots: c.slots})
		if err == nil {
			b.Close()
		}
		if (c.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%d bytes and %d slots in %d: %v, want %q", weights, c.slots, c.memory, err, c.want)
		}
	}
}

// TestPackConverts: a backend of stored weights computes what one of the converted weights does, and names what is not finite.
func TestPackConverts(t *testing.T) {
	for _, dtype := range transformer.Dtypes() {
		w := transformer.Random(tiny, dtype, 1)
		s := open(t, w, Options{Threads: 2}, 1, 64)
		stored := *w
		stored.Embed = backwards(w.Embed)
		stored.Layers = nil
		for _, l := range w.Layers {
			for _, m := range []*transformer.Matrix{&l.Q, &l.K, &l.V, &l.O, &l.Gate, &l.Up, &l.Down} {
				*m = backwards(*m)
			}
			stored.Layers = append(stored.Layers, l)
		}
		var want, got [1]transformer.Pass
		for p, session := range map[*transformer.Pass]transformer.Session{&want[0]: s, &got[0]: open(t, &stored, Options{Threads: 2}, 1, 64)} {
			*p = passes(tokens(64))[0]
			if _, err := session.Forward(t.Context(), []transformer.Pass{*p}); err != nil {
				t.Fatal(err)
			}
		}
		if a, b := fmt.Sprint(got[0].Logits), fmt.Sprint(want[0].Logits); a != b {
			t.Errorf("%s: stored weights give other logits", dtype)
		}
		up := &stored.Layers[1].Up
		up.Name = "up"
		copy(up.Stored.Data[4:], "\x00\x00\xc0\x7f") // NaN, the second number of the last row
		if _, err := New(&stored, Options{Threads: 3}); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("cpu: up: number %d of 1961 is NaN", 52*37+2)) {
			t.Errorf("%s: %v", dtype, err)
		}
	}
}

// backwards stores a matrix in f32, the last row first.
func backwards(m transformer.Matrix) transformer.Matrix {
	wide := m.Convert(transformer.F32)
	var data []byte
	for row := m.Rows - 1; row >= 0; row-- {
		for _, f := range wide.F32[row*m.Cols:][:m.Cols] {
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(f))
		}
	}
	order := func(row int) int { return m.Rows - 1 - row }
	return transformer.Stored{Format: transformer.F32, Data: data, Order: order, Unpack: transformer.UnpackF32}.Matrix(transformer.BF16, "", m.Rows, m.Cols)
}
