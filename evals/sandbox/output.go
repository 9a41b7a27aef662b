package sandbox

// keptOutput is how many bytes are kept of each end of a program's output.
const keptOutput = 64 << 10

// bothEnds is a writer that keeps the beginning and the end of what it is given.
type bothEnds struct {
	first, last []byte
	dropped     bool // something between the two
}

// Write takes all of p.
func (b *bothEnds) Write(p []byte) (int, error) {
	n := min(len(p), keptOutput-len(b.first))
	b.first = append(b.first, p[:n]...)
	b.last = append(b.last, p[n:]...)
	if more := len(b.last) - keptOutput; more > 0 {
		b.last = append(b.last[:0], b.last[more:]...)
		b.dropped = true
	}
	return len(p), nil
}

// String is what was kept, with a line of dots for what was not.
func (b *bothEnds) String() string {
	if b.dropped {
		return string(b.first) + "\n...\n" + string(b.last)
	}
	return string(b.first) + string(b.last)
}
