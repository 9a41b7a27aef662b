package sandbox

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// frameLimit is the most that one answer of a candidate may hold, in bytes. Small values cost the referee up to 45 times
// as much memory as they take in a frame, so that its own limit, refereeMemory, is far above.
const frameLimit = 32 << 20

// errFrame says that a frame is longer than the limit.
var errFrame = errors.New("a frame that is too long")

// readFrame reads four bytes of length, the lowest first, and so many bytes, limit at most. What the length claims is
// not allocated before it has come.
func readFrame(r io.Reader, limit int64) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	size := int64(binary.LittleEndian.Uint32(head[:]))
	if size > limit {
		return nil, fmt.Errorf("%w: %d bytes", errFrame, size)
	}
	const chunk = 1 << 16
	frame := make([]byte, 0, min(size, chunk))
	for int64(len(frame)) < size {
		n := min(size-int64(len(frame)), max(chunk, int64(len(frame))))
		at := len(frame)
		frame = append(frame, make([]byte, n)...)
		if _, err := io.ReadFull(r, frame[at:]); err != nil {
			return nil, io.ErrUnexpectedEOF
		}
	}
	return frame, nil
}

// writeFrame writes data as a frame.
func writeFrame(w io.Writer, data []byte) error {
	frame := binary.LittleEndian.AppendUint32(make([]byte, 0, 4+len(data)), uint32(len(data)))
	_, err := w.Write(append(frame, data...))
	return err
}
