//go:build linux

package cuda_test

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"testing"

	"tandem/transformer"
	"tandem/transformer/cuda"
	"tandem/transformer/cuda/fake"
)

// TestLoadConverts: weights that are stored in another dtype become the device's on their way, and one that is not finite is
// refused by its name.
func TestLoadConverts(t *testing.T) {
	for _, dtype := range []transformer.Dtype{transformer.F32, transformer.BF16} {
		w := transformer.Random(toy, dtype, 3)
		want := logitsOf(t, w)
		down := &w.Layers[1].Down
		var data []byte
		for _, f := range down.Convert(transformer.F32).F32 {
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(f))
		}
		stored := transformer.Stored{Format: "some", Data: data, Unpack: transformer.UnpackF32}
		*down = stored.Matrix(dtype, "down", down.Rows, down.Cols)
		if !slices.Equal(logitsOf(t, w), want) {
			t.Errorf("%s: stored weights give other logits", dtype)
		}
		binary.LittleEndian.PutUint32(data[len(data)-4:], 0xff800000)
		_, err := cuda.New(w, cuda.Options{Driver: fake.Path(t)})
		if err == nil || !strings.Contains(err.Error(), "cuda: down: number ") || !strings.Contains(err.Error(), " is +Inf") {
			t.Errorf("%s: %v", dtype, err)
		}
	}
}

// logitsOf are those after three tokens.
func logitsOf(t *testing.T, w *transformer.Weights) []float32 {
	t.Helper()
	b, err := cuda.New(w, cuda.Options{Driver: fake.Path(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	s, err := b.Open(1, 8)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	pass := transformer.Pass{Tokens: []int32{1, 2, 3}, Span: 1, Want: []int{2}, Logits: make([]float32, w.Config.Vocab)}
	if _, err := s.Forward(t.Context(), []transformer.Pass{pass}); err != nil {
		t.Fatal(err)
	}
	return pass.Logits
}
