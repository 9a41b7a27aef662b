package checkpoint

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"tandem/transformer"
	"tandem/transformer/strictjson"
)

// A tensor is an array of a file, in the file's bytes.
type tensor struct {
	transformer.Stored
	name  string // with the file's, for errors
	shape []int
}

// A span is a tensor's line in the header of a safetensors file: dtype, shape and the bytes that it takes, counted
// from the end of the header [https://github.com/huggingface/safetensors].
type span struct {
	Dtype   string   `json:"dtype"`
	Shape   []int    `json:"shape"`
	Offsets [2]int64 `json:"data_offsets"`
}

// maxHeader is the format's own bound on the header, in bytes.
const maxHeader = 100 << 20

// parseHeader reads the header of a file of so many bytes: eight bytes of length, then JSON. It returns the tensors'
// names in the order of their bytes and where those begin. The tensors must cover the rest of the file exactly.
func parseHeader(r io.Reader, size int64) (spans map[string]span, order []string, begin int64, err error) {
	var prefix [8]byte
	if _, err := io.ReadFull(r, prefix[:]); err != nil {
		return nil, nil, 0, errors.New("truncated: not even the length of a header")
	}
	n := binary.LittleEndian.Uint64(prefix[:])
	if n > maxHeader || int64(n) > size-8 {
		return nil, nil, 0, fmt.Errorf("not a safetensors file, or truncated: a header of %d bytes in a file of %d", n, size)
	}
	text := make([]byte, n)
	if _, err := io.ReadFull(r, text); err != nil {
		return nil, nil, 0, fmt.Errorf("truncated header: %w", err)
	}
	var raw map[string]jsontext.Value
	if err := strictjson.Unmarshal(text, &raw); err != nil {
		return nil, nil, 0, fmt.Errorf("header: %w", err)
	}
	delete(raw, "__metadata__")
	spans = map[string]span{}
	for name, line := range raw {
		var s span
		if err := strictjson.Unmarshal(line, &s); err != nil {
			return nil, nil, 0, fmt.Errorf("header: tensor %q: %w", name, err)
		}
		if err := s.check(); err != nil {
			return nil, nil, 0, fmt.Errorf("header: tensor %q: %w", name, err)
		}
		spans[name] = s
	}
	begin = 8 + int64(n)
	order = slices.SortedFunc(maps.Keys(spans), func(a, b string) int {
		if d := spans[a].Offsets[0] - spans[b].Offsets[0]; d != 0 {
			return int(max(-1, min(1, d)))
		}
		return int(max(-1, min(1, spans[a].Offsets[1]-spans[b].Offsets[1])))
	})
	at := int64(0)
	for _, name := range order {
		if spans[name].Offsets[0] != at {
			return nil, nil, 0, fmt.Errorf("header: tensor %q begins at byte %d, want %d: a hole or an overlap", name, spans[name].Offsets[0], at)
		}
		at = spans[name].Offsets[1]
	}
	if begin+at != size {
		return nil, nil, 0, fmt.Errorf("truncated or too long: the header describes %d bytes, the file has %d; fetch it again", begin+at, size)
	}
	return spans, order, begin, nil
}

// numberFormats are the dtypes that can be read.
var numberFormats = map[string]struct {
	dtype  transformer.Dtype
	bytes  int64 // of a number
	unpack func(numbers []float32, in []byte)
}{
	"F32":  {transformer.F32, 4, transformer.UnpackF32},
	"BF16": {transformer.BF16, 2, transformer.UnpackBF16},
	"F16":  {"f16", 2, transformer.UnpackF16},
}

// check compares a tensor's shape with its bytes.
func (s span) check() error {
	format, ok := numberFormats[s.Dtype]
	if !ok {
		return fmt.Errorf("dtype %s is not supported; convert it to BF16, F16 or F32", s.Dtype)
	}
	n := format.bytes
	for _, d := range s.Shape {
		if d < 1 || n > math.MaxInt64/2/int64(d) {
			return fmt.Errorf("bad shape %v", s.Shape)
		}
		n *= int64(d)
	}
	if s.Offsets[0] < 0 || s.Offsets[1]-s.Offsets[0] != n {
		return fmt.Errorf("shape %v of %s takes %d bytes, its offsets %v do not", s.Shape, s.Dtype, n, s.Offsets)
	}
	return nil
}

// addTensors adds the tensors of a file to all, as parts of its bytes.
func addTensors(all map[string]tensor, name string, data []byte) error {
	spans, order, begin, err := parseHeader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return err
	}
	for _, tensorName := range order {
		if _, twice := all[tensorName]; twice {
			return fmt.Errorf("tensor %q is in two files", tensorName)
		}
		s := spans[tensorName]
		format := numberFormats[s.Dtype]
		stored := transformer.Stored{Format: format.dtype, Data: data[begin+s.Offsets[0] : begin+s.Offsets[1]], Unpack: format.unpack}
		all[tensorName] = tensor{stored, fmt.Sprintf("%s: tensor %q", name, tensorName), s.Shape}
	}
	return nil
}

// storedDtype is bf16 where all matrices are stored so, else f32.
func storedDtype(tensors map[string]tensor) transformer.Dtype {
	for _, t := range tensors {
		if len(t.shape) == 2 && t.Format != transformer.BF16 {
			return transformer.F32
		}
	}
	return transformer.BF16
}
