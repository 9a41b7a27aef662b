package gguf

import (
	"encoding/binary"
	"fmt"
	"math"
)

// The types of metadata values [ggml/include/gguf.h].
const (
	typeU8 = iota
	typeI8
	typeU16
	typeI16
	typeU32
	typeI32
	typeF32
	typeBool
	typeString
	typeArray
	typeU64
	typeI64
	typeF64
)

// scalarSizes are the bytes of a value of fixed size.
var scalarSizes = map[uint32]int{typeU8: 1, typeI8: 1, typeU16: 2, typeI16: 2, typeU32: 4, typeI32: 4, typeF32: 4, typeBool: 1,
	typeU64: 8, typeI64: 8, typeF64: 8}

// metadata are the values by key: int64, uint64 where an int64 is too small, float64, bool, string, []string, or an array.
type metadata map[string]any

// read reads a key and its value.
func (m metadata) read(c *cursor) error {
	key := c.name()
	kind := c.u32()
	value := c.value(key, kind)
	if c.err != nil {
		return c.err
	}
	if _, twice := m[key]; twice {
		return fmt.Errorf("key %q stands twice: the file is damaged; fetch it again", key)
	}
	m[key] = value
	return nil
}

// value reads a value of a type.
func (c *cursor) value(key string, kind uint32) any {
	switch kind {
	case typeString:
		return c.text()
	case typeArray:
		return c.list(key)
	}
	size, ok := scalarSizes[kind]
	if !ok && c.err == nil {
		c.err = fmt.Errorf("key %q has a value of type %d, which GGUF does not know: the file is damaged; fetch it again", key, kind)
	}
	raw := c.take(uint64(size))
	if c.err != nil {
		return nil
	}
	return scalar(kind, raw)
}

// list reads an array, whose elements may not be arrays.
func (c *cursor) list(key string) any {
	kind := c.u32()
	if kind == typeString {
		out := make([]string, c.count("strings", 8, math.MaxInt32))
		for i := range out {
			if out[i] = c.text(); c.err != nil {
				return nil
			}
		}
		return out
	}
	size, ok := scalarSizes[kind]
	if !ok && c.err == nil {
		c.err = fmt.Errorf("key %q is an array of type %d, which is not supported: fetch the file again", key, kind)
	}
	if c.err != nil {
		return nil
	}
	n := c.count("elements", size, math.MaxInt32)
	raw := c.take(uint64(n) * uint64(size))
	if c.err != nil {
		return nil
	}
	return array{kind, raw}
}

// An array has its scalars as they are in the file; they are read where they are needed.
type array struct {
	kind uint32
	raw  []byte
}

func (a array) len() int { return len(a.raw) / scalarSizes[a.kind] }

func (a array) at(i int) any {
	size := scalarSizes[a.kind]
	return scalar(a.kind, a.raw[i*size:][:size])
}

// scalar is a value of fixed size.
func scalar(kind uint32, raw []byte) any {
	var word [8]byte
	copy(word[:], raw)
	bits := binary.LittleEndian.Uint64(word[:])
	switch kind {
	case typeI8:
		return int64(int8(bits))
	case typeI16:
		return int64(int16(bits))
	case typeI32:
		return int64(int32(bits))
	case typeF32:
		return float64(math.Float32frombits(uint32(bits)))
	case typeF64:
		return math.Float64frombits(bits)
	case typeBool:
		return bits != 0
	}
	if kind == typeU64 && bits > math.MaxInt64 {
		return bits
	}
	return int64(bits)
}

// value is the value of a key, or else what to take where the file does not have it.
func value[T any](m metadata, key string, missing T) (T, error) {
	v, ok := m[key]
	if !ok {
		return missing, nil
	}
	out, ok := v.(T)
	if !ok {
		return missing, fmt.Errorf("key %q is %s, not %s: convert the model again", key, describe(v), describe(any(missing)))
	}
	return out, nil
}

func (m metadata) text(key, missing string) (string, error)           { return value(m, key, missing) }
func (m metadata) flag(key string, missing bool) (bool, error)        { return value(m, key, missing) }
func (m metadata) integer(key string, missing int64) (int64, error)   { return value(m, key, missing) }
func (m metadata) float(key string, missing float64) (float64, error) { return value(m, key, missing) }

// describe says what a value is.
func describe(v any) string {
	switch v.(type) {
	case int64:
		return "an integer"
	case uint64:
		return "a huge number"
	case float64:
		return "a fraction"
	case bool:
		return "true or false"
	case string:
		return "a text"
	case []string:
		return "a list of texts"
	}
	return "a list of numbers"
}
