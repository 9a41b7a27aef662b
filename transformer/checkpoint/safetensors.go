package checkpoint

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"maps"
	"math"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"tandem/transformer"
	"tandem/transformer/strictjson"
)

// A tensor is a named array of a file. Exactly one of f32 and bf16 is set.
type tensor struct {
	shape []int
	f32   []float32
	bf16  []uint16
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

// sizes are the bytes of a number of the dtypes that can be read.
var sizes = map[string]int64{"F32": 4, "BF16": 2, "F16": 2}

// check compares a tensor's shape with its bytes.
func (s span) check() error {
	size, ok := sizes[s.Dtype]
	if !ok {
		return fmt.Errorf("dtype %s is not supported; convert it to BF16, F16 or F32", s.Dtype)
	}
	n := size
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

// readTensors adds a file's tensors to all, and its bytes to a hash. Numbers that are not finite, or will not be once they
// are converted to a dtype ("" is their own), are an error.
func readTensors(dir fs.FS, name string, dtype transformer.Dtype, all map[string]tensor, sum hash.Hash) error {
	f, size, err := open(dir, name)
	if err != nil {
		return err
	}
	defer f.Close()
	in := io.TeeReader(f, sum)
	spans, order, _, err := parseHeader(in, size)
	if err != nil {
		return err
	}
	for _, tensorName := range order {
		if _, twice := all[tensorName]; twice {
			return fmt.Errorf("tensor %q is in two files", tensorName)
		}
		s := spans[tensorName]
		data := make([]byte, s.Offsets[1]-s.Offsets[0])
		if _, err := io.ReadFull(in, data); err != nil {
			return fmt.Errorf("tensor %q: %w", tensorName, err)
		}
		t, largest := decode(s, data)
		if err := t.check(largest, dtype); err != nil {
			return fmt.Errorf("tensor %q: %w", tensorName, err)
		}
		all[tensorName] = t
	}
	return nil
}

// decode turns bytes into numbers; float16 becomes float32. largest are the bits, as a float32, of the largest magnitude.
// Those of infinity and NaN are above all others, so that looking for them costs next to nothing here.
func decode(s span, data []byte) (t tensor, largest uint32) {
	t = tensor{shape: s.Shape}
	switch s.Dtype {
	case "F32":
		t.f32 = make([]float32, len(data)/4)
		for i := range t.f32 {
			bits := binary.LittleEndian.Uint32(data[4*i:])
			t.f32[i] = math.Float32frombits(bits)
			largest = max(largest, bits&^sign)
		}
	case "BF16":
		t.bf16 = make([]uint16, len(data)/2)
		for i := range t.bf16 {
			bits := binary.LittleEndian.Uint16(data[2*i:])
			t.bf16[i] = bits
			largest = max(largest, uint32(bits)<<16&^sign)
		}
	case "F16":
		t.f32 = make([]float32, len(data)/2)
		for i := range t.f32 {
			t.f32[i] = transformer.FromF16(binary.LittleEndian.Uint16(data[2*i:]))
			largest = max(largest, math.Float32bits(t.f32[i])&^sign)
		}
	}
	return t, largest
}

// The bits of a float32.
const (
	sign     = 1 << 31
	infinity = 255 << 23
)

// check reports a number that is not finite, and one of a matrix that is not in the dtype.
func (t tensor) check(largest uint32, dtype transformer.Dtype) error {
	most := math.Float32frombits(largest)
	switch {
	case largest >= infinity:
		return fmt.Errorf("number %d of %d is %g: the weights are damaged, or their training diverged; fetch them again",
			t.notFinite()+1, max(len(t.f32), len(t.bf16)), most)
	case len(t.shape) == 2 && !dtype.Holds(most):
		return fmt.Errorf("it holds the magnitude %g, which %s cannot: load it as f32", most, dtype)
	}
	return nil
}

// notFinite is the index of the first number that is not finite.
func (t tensor) notFinite() int {
	if t.f32 != nil {
		return slices.IndexFunc(t.f32, func(f float32) bool { return math.Float32bits(f)&^sign >= infinity })
	}
	return slices.IndexFunc(t.bf16, func(b uint16) bool { return uint32(b)<<16&^sign >= infinity })
}

// weightFiles are the safetensors files of a folder.
func weightFiles(dir fs.FS) ([]string, error) {
	const single, index = "model.safetensors", "model.safetensors.index.json"
	if _, err := fs.Stat(dir, single); err == nil {
		return []string{single}, nil
	}
	if _, err := fs.Stat(dir, index); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("neither %s nor %s is there", single, index)
	}
	data, err := readFile(dir, index, maxIndex)
	if err != nil {
		return nil, err
	}
	var list struct {
		Map map[string]string `json:"weight_map"`
	}
	if err := strictjson.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("%s: %w", index, err)
	}
	names := slices.Compact(slices.Sorted(maps.Values(list.Map)))
	if len(names) == 0 {
		return nil, fmt.Errorf("%s: weight_map names no file", index)
	}
	for _, name := range names {
		if !fs.ValidPath(name) {
			return nil, fmt.Errorf("%s: bad file name %q", index, name)
		}
	}
	return names, nil
}

// storedDtype is bf16 where all matrices are stored so, else f32.
func storedDtype(tensors map[string]tensor) transformer.Dtype {
	for _, t := range tensors {
		if len(t.shape) == 2 && t.bf16 == nil {
			return transformer.F32
		}
	}
	return transformer.BF16
}
