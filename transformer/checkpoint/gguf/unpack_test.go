package gguf

import (
	"encoding/json"
	"math"
	"os"
	"testing"
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
		if count < 12 || len(want.Numbers) != 4*count || kind.Size(count) != len(want.Packed) {
			t.Errorf("%s: %d bytes hold %d numbers, the file has %d", kind, len(want.Packed), count, len(want.Numbers)/4)
			continue
		}
		got, numbers := make([]float32, count), make([]float32, count)
		kind.Unpack(got, want.Packed)
		unpackF32(numbers, want.Numbers)
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
