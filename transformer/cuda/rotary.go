package cuda

import (
	"errors"
	"math"
	"slices"

	"tandem/transformer"
)

// longest is the longest sequence in which no window ends and no query is scaled.
func (b *backend) longest() int {
	n := math.MaxInt
	if b.config.Rope.QueryBeta != 0 {
		n = b.config.Rope.QueryFrom
	}
	for _, k := range b.config.Kinds {
		if k.Window > 0 {
			n = min(n, k.Window)
		}
	}
	return n
}

// unrotated says whether a layer is a NoPE layer.
func (b *backend) unrotated() bool {
	return slices.ContainsFunc(b.config.Kinds, func(k transformer.LayerKind) bool { return k.NoRope })
}

// rotary copies the tables of the rotary embedding to the device.
func (s *session) rotary() error {
	half := s.config.HeadDim / 2
	cos, sin := make([]float32, s.slots*half), make([]float32, s.slots*half)
	s.config.Rotary(cos, sin)
	tables := map[*pointer][]float32{&s.cos: cos, &s.sin: sin}
	if s.backend.unrotated() {
		tables[&s.ones], tables[&s.zeros] = slices.Repeat([]float32{1}, s.slots*half), make([]float32, s.slots*half)
	}
	d := s.backend.device
	st := stager{device: d}
	err := st.open(min(halfSize, roundUp(s.slots, 16)*half*4))
	if err == nil {
		for to, table := range tables {
			err = errors.Join(err, st.send(transfer{to: to, data: raw(table), rows: s.slots, cols: half, size: 4}))
		}
	}
	return errors.Join(err, st.close())
}
