package checkpoint

import (
	"bytes"
	"math"
	"testing"
)

// FuzzHeader: a header is read or refused, and what is read covers the file exactly.
func FuzzHeader(f *testing.F) {
	f.Add([]byte("\x02\x00\x00\x00\x00\x00\x00\x00{}"))
	f.Add([]byte("\x3b\x00\x00\x00\x00\x00\x00\x00{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}     \x00\x00\x80\x3f"))
	f.Add([]byte("\xff\xff\xff\xff\xff\xff\xff\xff{}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		spans, order, begin, err := parseHeader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return
		}
		bytes := int64(0)
		for _, s := range spans {
			bytes += s.Offsets[1] - s.Offsets[0]
		}
		if len(order) != len(spans) || begin+bytes != int64(len(data)) {
			t.Errorf("%d tensors of %d bytes from %d in a file of %d", len(spans), bytes, begin, len(data))
		}
	})
}

// FuzzConfig: a config is refused or valid.
func FuzzConfig(f *testing.F) {
	data, err := files.ReadFile("embedded/config.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"architectures":["LlamaForCausalLM"],"eos_token_id":[1,2]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if c, err := parseConfig(data); err == nil && c.Validate() != nil {
			t.Errorf("accepted %+v", c)
		}
	})
}

func TestF16(t *testing.T) {
	for half, want := range map[uint16]float32{0x3c00: 1, 0xc000: -2, 0x7bff: 65504, 0x0001: 1.0 / (1 << 24), 0x0400: 1.0 / (1 << 14),
		0x8000: float32(math.Copysign(0, -1)), 0x7c00: float32(math.Inf(1))} {
		if got := fromF16(half); math.Float32bits(got) != math.Float32bits(want) {
			t.Errorf("%#x is %g, want %g", half, got, want)
		}
	}
	if got := fromF16(0x7e00); got == got {
		t.Errorf("a NaN became %g", got)
	}
}

func TestParseConfig(t *testing.T) {
	c, err := parseConfig([]byte(`{"architectures": ["Qwen2ForCausalLM"], "vocab_size": 100, "hidden_size": 64, "intermediate_size": 128,
		"num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "rms_norm_eps": 1e-6, "rope_theta": 1000000.0,
		"eos_token_id": [7, 8], "block_size": 32, "use_sliding_window": false, "sliding_window": 4096}`))
	if err != nil {
		t.Fatal(err)
	}
	if c.HeadDim != 16 || !c.QKVBias || c.QKNorm || c.MaskToken != -1 || len(c.EOSTokens) != 2 || c.BlockSizes[0] != 32 {
		t.Errorf("%+v", c)
	}
}
