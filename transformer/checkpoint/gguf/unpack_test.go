package gguf

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"

	"tandem/transformer"
)

// TestUnpack: every type gives gguf-py's numbers, bit for bit; testdata/unpack.py wrote the file.
func TestUnpack(t *testing.T) {
	data, err := os.ReadFile("testdata/unpack.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden map[string]struct{ Packed, Numbers []byte }
	if err := json.Unmarshal(data, &golden); err != nil {
		t.Fatal(err)
	}
	for kind, format := range formats {
		want := golden[format.name]
		count := len(want.Packed) / format.bytes * format.block
		if count < 12 || len(want.Numbers) != 4*count || kind.size(count) != len(want.Packed) {
			t.Errorf("%s: %d bytes hold %d numbers, the file has %d", kind, len(want.Packed), count, len(want.Numbers)/4)
			continue
		}
		got, numbers := make([]float32, count), make([]float32, count)
		kind.unpack(got, want.Packed)
		transformer.UnpackF32(numbers, want.Numbers)
		for i := range got {
			if math.Float32bits(got[i]) != math.Float32bits(numbers[i]) {
				t.Errorf("%s: number %d is %g (%x), want %g", kind, i, got[i], math.Float32bits(got[i]), numbers[i])
				break
			}
		}
	}
	if len(golden) != len(formats) {
		t.Errorf("the file has %d types, the package %d", len(golden), len(formats))
	}
}

// TestPacked: the packed bytes of a row stay reachable, also from the weights, and unpack to the row of the weights.
func TestPacked(t *testing.T) {
	file, err := Open("testdata/qwen2.gguf")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	weights, err := file.Weights(transformer.F32)
	if err != nil {
		t.Fatal(err)
	}
	tensor, ok := file.tensor("blk.1.ffn_down.weight")
	if _, unknown := file.tensor("blk.2.ffn_down.weight"); !ok || unknown || tensor.Type != Q8_0 || !slices.Equal(tensor.Shape, []int{64, 96}) {
		t.Fatalf("%v of shape %v", tensor.Type, tensor.Shape)
	}
	if packed := weights.Layers[1].Down.Stored; packed == nil || packed.Format != "q8_0" || &packed.Data[0] != &tensor.Data[0] {
		t.Errorf("the weights have %+v", packed)
	}
	row, bytes := make([]float32, 96), tensor.Type.size(96)
	if bytes != 3*34 || len(tensor.Data) != 64*bytes {
		t.Fatalf("%d bytes a row, %d in all", bytes, len(tensor.Data))
	}
	tensor.Type.unpack(row, tensor.Data[7*bytes:8*bytes])
	if want := weights.Layers[1].Down.Convert(transformer.F32).F32[7*96:][:96]; !slices.Equal(row, want) {
		t.Errorf("row 7 is %v, want %v", row, want)
	}
}
