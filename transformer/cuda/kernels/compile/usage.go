//go:build unix

package main

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"strings"

	"tandem/transformer/cuda/kernels"
)

// Attributes of a cubin's section .nv.info, as nvdisasm and cuobjdump name them, and the format of those that have a size.
const (
	frameSize = 0x11 // EIATTR_FRAME_SIZE
	registers = 0x2f // EIATTR_REGCOUNT
	sized     = 0x04 // EIFMT_SVAL
)

// usage reads what the kernels of a cubin take. The section .nv.info is a list of a format, an attribute and 16 bits, which
// are the value's size where the format says so; a value is the number of a symbol and what the attribute is of it.
func usage(cubin []byte) (u kernels.Usage, err error) {
	f, err := elf.NewFile(bytes.NewReader(cubin))
	if err != nil {
		return u, err
	}
	symbols, err := f.Symbols() // without the first, which is none
	if err != nil {
		return u, err
	}
	info := f.Section(".nv.info")
	if info == nil {
		return u, fmt.Errorf("the cubin has no section .nv.info")
	}
	data, err := info.Data()
	if err != nil {
		return u, err
	}
	u = kernels.Usage{Registers: map[string]int{}, Local: map[string]int{}, Shared: map[string]int{}}
	for order := binary.LittleEndian; len(data) >= 4; {
		format, attribute, size := data[0], data[1], int(order.Uint16(data[2:]))
		if data = data[4:]; format != sized {
			continue
		}
		if size > len(data) {
			return u, fmt.Errorf("the cubin's section .nv.info ends within a value")
		}
		value := data[:size]
		data = data[size:]
		if size != 8 || attribute != frameSize && attribute != registers {
			continue
		}
		at, n := int(order.Uint32(value))-1, int(order.Uint32(value[4:]))
		if at < 0 || at >= len(symbols) {
			return u, fmt.Errorf("the cubin's section .nv.info speaks of symbol %d of %d", at+1, len(symbols))
		}
		switch name := symbols[at].Name; {
		case elf.ST_BIND(symbols[at].Info) != elf.STB_GLOBAL: // a function of the compiler's own, which a kernel's frame holds
		case attribute == registers:
			u.Registers[name] = n
		case n > 0:
			u.Local[name] = n
		}
	}
	for _, s := range f.Sections {
		if name, ok := strings.CutPrefix(s.Name, ".nv.shared."); ok && s.Size > 0 && u.Registers[name] > 0 {
			u.Shared[name] = int(s.Size)
		}
	}
	return u, nil
}
