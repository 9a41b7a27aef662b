package tokenizer

// Byte-level BPE writes bytes as printable characters (Radford et al., 2019): printable Latin-1 stands for itself,
// the other 68 bytes are moved to U+0100 and up, in order. A space is Ġ, a newline is Ċ.

// byteOf maps such a character to its byte.
var byteOf = func() map[rune]byte {
	m := make(map[rune]byte, 256)
	moved := rune(0x100)
	for b := range 256 {
		if b >= '!' && b <= '~' || b >= 0xa1 && b <= 0xac || b >= 0xae {
			m[rune(b)] = byte(b)
		} else {
			m[moved] = byte(b)
			moved++
		}
	}
	return m
}()

// rawBytes turns a vocabulary entry into the bytes it stands for; ok is false when a character stands for none.
func rawBytes(entry string) (raw []byte, ok bool) {
	raw = make([]byte, 0, len(entry))
	for _, r := range entry {
		if r > ' ' && r <= '~' {
			raw = append(raw, byte(r))
			continue
		}
		b, ok := byteOf[r]
		if !ok {
			return nil, false
		}
		raw = append(raw, b)
	}
	return raw, true
}
