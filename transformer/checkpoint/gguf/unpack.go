package gguf

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"

	"tandem/transformer"
)

// A Type is how a tensor's numbers are packed, by ggml's number for it.
type Type uint32

// The types that can be read.
const (
	F32  Type = 0
	F16  Type = 1
	Q4_0 Type = 2
	Q4_1 Type = 3
	Q5_0 Type = 6
	Q8_0 Type = 8
	Q4_K Type = 12
	Q6_K Type = 14
	BF16 Type = 30
)

// A format says how blocks of numbers become bytes.
type format struct {
	name   string
	block  int                            // numbers in a block
	bytes  int                            // bytes of a block
	unpack func(out []float32, in []byte) // any number of blocks
}

var formats = map[Type]format{
	F32:  {"F32", 1, 4, transformer.UnpackF32},
	F16:  {"F16", 1, 2, transformer.UnpackF16},
	BF16: {"BF16", 1, 2, transformer.UnpackBF16},
	Q8_0: {"Q8_0", 32, 34, unpackQ8_0},
	Q4_0: {"Q4_0", 32, 18, unpackQ4_0},
	Q4_1: {"Q4_1", 32, 20, unpackQ4_1},
	Q5_0: {"Q5_0", 32, 22, unpackQ5_0},
	Q4_K: {"Q4_K", 256, 144, unpackQ4_K},
	Q6_K: {"Q6_K", 256, 210, unpackQ6_K},
}

// others are the names of published types that cannot be read.
var others = map[Type]string{7: "Q5_1", 9: "Q8_1", 10: "Q2_K", 11: "Q3_K", 13: "Q5_K", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS",
	19: "IQ1_S", 20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS", 24: "I8", 25: "I16", 26: "I32", 27: "I64", 28: "F64", 29: "IQ1_M",
	34: "TQ1_0", 35: "TQ2_0", 39: "MXFP4"}

func (t Type) String() string {
	if f, ok := formats[t]; ok {
		return f.name
	}
	if name, ok := others[t]; ok {
		return name
	}
	return fmt.Sprintf("number %d", uint32(t))
}

// size is the bytes of so many numbers, which must be whole blocks.
func (t Type) size(numbers int) int { return numbers / formats[t].block * formats[t].bytes }

func supported() string {
	var names []string
	for _, t := range slices.Sorted(maps.Keys(formats)) {
		names = append(names, formats[t].name)
	}
	return strings.Join(names, ", ")
}

// unpack writes the numbers of whole rows of a tensor, as llama.cpp and gguf-py compute them, bit for bit: out has
// len(in)/formats[t].bytes blocks.
//
// Note: products are rounded to float32 before they are added, float32(x*y)+z; without it a compiler may fuse them.
func (t Type) unpack(out []float32, in []byte) { formats[t].unpack(out, in) }

func half(b []byte) float32 { return transformer.FromF16(binary.LittleEndian.Uint16(b)) }

// unpackQ8_0: scale d, 32 signed bytes q; d*q.
func unpackQ8_0(out []float32, in []byte) {
	for ; len(out) > 0; out, in = out[32:], in[34:] {
		d, q := half(in), in[2:34]
		for i := range 32 {
			out[i] = d * float32(int8(q[i]))
		}
	}
}

// unpackQ4_0: scale d, 32 nibbles q, of which the low ones come first; d*(q-8).
func unpackQ4_0(out []float32, in []byte) {
	for ; len(out) > 0; out, in = out[32:], in[18:] {
		d, q := half(in), in[2:18]
		for i := range 16 {
			out[i] = d * float32(int(q[i]&15)-8)
			out[i+16] = d * float32(int(q[i]>>4)-8)
		}
	}
}

// unpackQ4_1: scale d, least m, 32 nibbles q; d*q+m.
func unpackQ4_1(out []float32, in []byte) {
	for ; len(out) > 0; out, in = out[32:], in[20:] {
		d, m, q := half(in), half(in[2:]), in[4:20]
		for i := range 16 {
			out[i] = float32(d*float32(q[i]&15)) + m
			out[i+16] = float32(d*float32(q[i]>>4)) + m
		}
	}
}

// unpackQ5_0: scale d, 32 fifth bits, 32 nibbles; d*(q-16).
func unpackQ5_0(out []float32, in []byte) {
	for ; len(out) > 0; out, in = out[32:], in[22:] {
		d, high, q := half(in), binary.LittleEndian.Uint32(in[2:]), in[6:22]
		for i := range 16 {
			out[i] = d * float32(int(q[i]&15)|int(high>>i&1)<<4-16)
			out[i+16] = d * float32(int(q[i]>>4)|int(high>>(i+16)&1)<<4-16)
		}
	}
}

// unpackQ4_K: scales d and dmin, eight 6-bit scales s and mins m, 256 nibbles q in eight groups; (d*s)*q - dmin*m. Of each
// 32 bytes the low nibbles are a group, the high ones the next.
func unpackQ4_K(out []float32, in []byte) {
	for ; len(out) > 0; out, in = out[256:], in[144:] {
		d, dmin, packed, q := half(in), half(in[2:]), in[4:16], in[16:144]
		for g := range 8 {
			s, m := scaleMin(packed, g)
			scale, least := d*float32(s), dmin*float32(m)
			from, to, shift := q[g/2*32:][:32], out[g*32:][:32], g%2*4
			for i := range 32 {
				to[i] = float32(scale*float32(from[i]>>shift&15)) - least
			}
		}
	}
}

// scaleMin unpacks the 6-bit scale and min of group g from 12 bytes: four scales and four mins in the lower six bits, and the
// other eight with their lower halves in the last four bytes and their upper two bits above the first ones.
func scaleMin(packed []byte, g int) (scale, least byte) {
	if g < 4 {
		return packed[g] & 63, packed[g+4] & 63
	}
	low := packed[g+4]
	return low&15 | packed[g-4]>>6<<4, low>>4 | packed[g]>>6<<4
}

// unpackQ6_K: 256 lower nibbles, 256 upper pairs of bits, 16 signed scales s, scale d; (d*s)*(q-32). Of each half of the block
// the low nibbles of 64 bytes come first, and each of the four pairs of a byte belongs to a group of 32.
func unpackQ6_K(out []float32, in []byte) {
	for ; len(out) > 0; out, in = out[256:], in[210:] {
		low, high, scales, d := in[:128], in[128:192], in[192:208], half(in[208:])
		for g := range 8 {
			l, h, part := low[g/4*64+g%2*32:][:32], high[g/4*32:][:32], g%4
			to := out[g*32:][:32]
			for i := range 32 {
				q := int(l[i]>>(part/2*4)&15|h[i]>>(part*2)&3<<4) - 32
				to[i] = float32(d*float32(int8(scales[g*2+i/16]))) * float32(q)
			}
		}
	}
}
