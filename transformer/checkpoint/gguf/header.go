package gguf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
)

// The format's bounds, and the most of each count that a file may have; the largest published ones have some thousands.
const (
	magic       = "GGUF"
	maxName     = 1<<16 - 1
	maxKeys     = 1 << 16
	maxTensors  = 1 << 20
	maxDims     = 4
	maxAlign    = 1 << 16
	defaultWord = 32 // alignment of the tensors' bytes where the file does not say
)

// A Tensor is a named array of a file.
type Tensor struct {
	Name  string
	Type  Type
	Shape []int  // as the core and checkpoints write it, [rows, cols]; the file has it the other way round
	Data  []byte // packed, within the mapping: rows one after another, each of whole blocks bytes
}

// A cursor reads little-endian numbers. After the first error it reads zeros.
type cursor struct {
	data []byte
	at   int
	err  error
}

// errTruncated ends every reading beyond the file.
var errTruncated = errors.New("truncated, or damaged: the header goes on beyond the end of the file; fetch it again")

// take returns the next n bytes.
func (c *cursor) take(n uint64) []byte {
	if c.err == nil && n > uint64(len(c.data)-c.at) {
		c.err = errTruncated
	}
	if c.err != nil {
		return nil
	}
	at := c.at
	c.at += int(n)
	return c.data[at:c.at]
}

func (c *cursor) u32() uint32 {
	if b := c.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (c *cursor) u64() uint64 {
	if b := c.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

func (c *cursor) text() string { return string(c.take(c.u64())) }

// name reads the name of a key or a tensor.
func (c *cursor) name() string {
	n := c.u64()
	if n > maxName && c.err == nil {
		c.err = fmt.Errorf("a name of %d bytes, above %d: the file is damaged; fetch it again", n, maxName)
	}
	return string(c.take(n))
}

// count reads the number of things that take at least so many bytes each, and at most many of them.
func (c *cursor) count(of string, size int, most uint64) int {
	n := c.u64()
	if c.err == nil && (n > most || n > uint64((len(c.data)-c.at)/size)) {
		c.err = fmt.Errorf("%d %s are more than the file can hold: it is truncated or damaged; fetch it again", n, of)
	}
	if c.err != nil {
		return 0
	}
	return int(n)
}

// readHeader reads all but the tensors' bytes.
func (f *File) readHeader() error {
	c := &cursor{data: f.data}
	if string(c.take(4)) != magic {
		return errors.New("not a GGUF file: it does not begin with GGUF")
	}
	switch f.Version = c.u32(); {
	case f.Version != 0 && f.Version&0xffff == 0:
		return errors.New("a big-endian GGUF file is not supported: convert it to little-endian")
	case f.Version != 2 && f.Version != 3:
		return fmt.Errorf("GGUF version %d is not supported, 2 and 3 are: convert the model again", f.Version)
	}
	tensors := c.count("tensors", 24, maxTensors)
	keys := c.count("keys", 13, maxKeys)
	if c.err != nil {
		return c.err
	}
	f.metadata = make(metadata, keys)
	for range keys {
		if err := f.metadata.read(c); err != nil {
			return err
		}
	}
	align, err := f.alignment()
	if err != nil {
		return err
	}
	f.Architecture, err = f.metadata.text("general.architecture", "")
	if err != nil {
		return err
	}
	offsets := make([]uint64, tensors)
	f.Tensors, f.byName = make([]Tensor, tensors), make(map[string]int, tensors)
	for i := range f.Tensors {
		t := &f.Tensors[i]
		if *t, offsets[i], err = readTensor(c); err != nil {
			return err
		}
		if _, twice := f.byName[t.Name]; twice {
			return fmt.Errorf("tensor %q stands twice: the file is damaged; fetch it again", t.Name)
		}
		f.byName[t.Name] = i
	}
	return f.place(offsets, alignUp(uint64(c.at), align), align)
}

// alignment is what the offsets of the tensors are multiples of.
func (f *File) alignment() (uint64, error) {
	align, err := f.metadata.integer("general.alignment", defaultWord)
	if err != nil {
		return 0, err
	}
	if align < 1 || align > maxAlign || align&(align-1) != 0 {
		return 0, fmt.Errorf("general.alignment is %d; it must be a power of two, up to %d", align, maxAlign)
	}
	return uint64(align), nil
}

func alignUp(n, align uint64) uint64 { return (n + align - 1) &^ (align - 1) }

// readTensor reads a tensor's line in the header. offset counts from the end of the header.
func readTensor(c *cursor) (t Tensor, offset uint64, err error) {
	t.Name = c.name()
	dims := c.u32()
	if c.err == nil && (dims < 1 || dims > maxDims) {
		return t, 0, fmt.Errorf("tensor %q has %d dimensions; 1 to %d are possible", t.Name, dims, maxDims)
	}
	numbers := uint64(1)
	for range dims {
		n := c.u64()
		if c.err == nil && (n < 1 || n > math.MaxInt32 || numbers > math.MaxInt64/16/n) {
			return t, 0, fmt.Errorf("tensor %q has a dimension of %d: the file is damaged; fetch it again", t.Name, n)
		}
		numbers *= max(n, 1)
		t.Shape = append(t.Shape, int(n))
	}
	t.Type = Type(c.u32())
	offset = c.u64()
	if c.err != nil {
		return t, 0, c.err
	}
	slices.Reverse(t.Shape)
	format, ok := formats[t.Type]
	if !ok {
		return t, 0, fmt.Errorf("tensor %q has type %s, which is not supported: quantise the model to one of %s", t.Name, t.Type, supported())
	}
	if cols := t.Shape[len(t.Shape)-1]; cols%format.block != 0 {
		return t, 0, fmt.Errorf("tensor %q has rows of %d numbers, no multiple of the %d of a block of %s", t.Name, cols, format.block, t.Type)
	}
	return t, offset, nil
}

// numbers is how many numbers the tensor has.
func (t Tensor) numbers() int {
	n := 1
	for _, d := range t.Shape {
		n *= d
	}
	return n
}

// place gives the tensors their bytes, which begin at a place of the file. They must follow each other without a hole or an
// overlap, but for the padding, and end with the file.
func (f *File) place(offsets []uint64, begin, align uint64) error {
	order := make([]int, len(offsets))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		if offsets[a] < offsets[b] {
			return -1
		}
		return int(min(1, offsets[a]-offsets[b]))
	})
	at, size := begin, uint64(len(f.data))
	for _, i := range order {
		t := &f.Tensors[i]
		bytes := uint64(t.Type.size(t.numbers()))
		want := alignUp(at, align)
		if offsets[i] != want-begin {
			return fmt.Errorf("tensor %q begins at byte %d of the tensors, not at %d: a hole or an overlap; fetch the file again",
				t.Name, offsets[i], want-begin)
		}
		if want > size || bytes > size-want {
			return fmt.Errorf("truncated: tensor %q ends at byte %d, the file has %d; fetch it again", t.Name, want+bytes, size)
		}
		at = want + bytes
		t.Data = f.data[want:at:at]
	}
	if size > alignUp(at, align) {
		return fmt.Errorf("too long: the tensors end at byte %d, the file has %d; fetch it again", at, size)
	}
	return nil
}
