package checkpoint

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"tandem/transformer"
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
	f.Add([]byte(`{"architectures":["LlamaForCausalLM"],"vocab_size":9,"hidden_size":4,"intermediate_size":4,"num_hidden_layers":1,` +
		`"num_attention_heads":1,"rope_theta":0.5,"rms_norm_eps":-1,"bd_sizes":[0],"mask_token_id":9,"mask_token_id":8}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if c, err := parseConfig(data); err == nil && c.Validate() != nil {
			t.Errorf("accepted %+v", c)
		}
	})
}

// FuzzWeights: a small file of weights is read or refused, and what is read is finite in the dtype asked for.
func FuzzWeights(f *testing.F) {
	header := `{"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},"b":{"dtype":"BF16","shape":[1],"data_offsets":[8,10]},` +
		`"c":{"dtype":"F16","shape":[1],"data_offsets":[10,12]}}`
	file := func(numbers string) []byte {
		return append(append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...), numbers...)
	}
	f.Add(file("\x00\x00\x80\x3f\x00\x00\x80\x3f\x80\x3f\x00\x3c"))
	f.Add(file("\x00\x00\x80\x7f\x00\x00\x80\x3f\x80\x3f\x00\x3c"))
	f.Add(file("\x00\x00\x80\x3f\xff\xff\x7f\xff\x80\x3f\x00\x3c"))
	f.Add(file("\x00\x00\x80\x3f\x00\x00\x80\x3f\xc0\xff\x00\x3c"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, dtype := range []transformer.Dtype{"", transformer.F32, transformer.BF16} {
			all := map[string]tensor{}
			if err := addTensors(all, "model.safetensors", data); err != nil {
				if strings.Contains(err.Error(), "\n") {
					t.Errorf("%q", err)
				}
				continue
			}
			for name, read := range all {
				m, err := read.numbers(dtype)
				if err != nil && strings.Contains(err.Error(), "\n") {
					t.Errorf("%q", err)
				}
				if err == nil && slices.ContainsFunc(m.Convert(transformer.F32).F32, func(f float32) bool { return !(f-f == 0) }) {
					t.Errorf("%q as %q is not finite", name, dtype)
				}
			}
		}
	})
}

// numbers are a tensor's as a backend reads them: a matrix in a dtype, "" for its own, or a vector.
func (t tensor) numbers(dtype transformer.Dtype) (m transformer.Matrix, err error) {
	if len(t.shape) != 2 {
		n := len(t.Data) / int(map[transformer.Dtype]int64{transformer.F32: 4, transformer.BF16: 2, "f16": 2}[t.Format])
		m = transformer.Matrix{Rows: 1, Cols: n}
		m.F32, err = t.Matrix(transformer.F32, t.name, 1, n).Vector()
		return m, err
	}
	if dtype == "" {
		dtype = storedDtype(map[string]tensor{t.name: t})
	}
	m = t.Matrix(dtype, t.name, t.shape[0], t.shape[1])
	return transformer.NewRowReader(dtype).Read(&m, 0, m.Rows)
}

// TestNotFinite: each dtype's own NaN and infinity, and what bf16 rounds to infinity.
func TestNotFinite(t *testing.T) {
	for _, c := range []struct {
		stored string
		data   string
		as     transformer.Dtype
		want   string
	}{
		{"F32", "\x00\x00\x80\x3f\xff\xff\x7f\x7f", transformer.F32, ""},
		{"F32", "\x00\x00\x80\x3f\xff\x7f\x7f\xff", transformer.BF16, ""},
		{"F32", "\x00\x00\x80\x3f\x00\x80\x7f\xff", transformer.BF16, "magnitude 3.3961775e+38, which bf16 cannot"},
		{"F32", "\x00\x00\x80\x3f\x00\x00\x80\xff", "", "number 2 of 2 is +Inf"},
		{"F32", "\x01\x00\x80\x7f\x00\x00\x80\x3f", "", "number 1 of 2 is NaN"},
		{"BF16", "\x80\x3f\x7f\xff", transformer.BF16, ""},
		{"BF16", "\x80\x3f\x80\x7f", "", "number 2 of 2 is +Inf"},
		{"BF16", "\x80\xff\xc0\xff", "", "number 1 of 2 is NaN"},
		{"F16", "\xff\x7b\xff\xfb", transformer.BF16, ""},
		{"F16", "\x00\x3c\x00\x7c", "", "number 2 of 2 is +Inf"},
		{"F16", "\x00\x3c\x01\xfc", "", "number 2 of 2 is NaN"},
	} {
		header := fmt.Sprintf(`{"a":{"dtype":%q,"shape":[1,2],"data_offsets":[0,%d]}}`, c.stored, len(c.data))
		all := map[string]tensor{}
		if err := addTensors(all, "file", append(append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...), c.data...)); err != nil {
			t.Fatal(err)
		}
		_, err := all["a"].numbers(c.as)
		if (c.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %x as %q: %v, want %q", c.stored, c.data, c.as, err, c.want)
		}
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
