package compare

import (
	"maps"
	"slices"
)

// A Difference is a task whose greedy output is not the same on both sides.
type Difference struct {
	Head      int    `json:"run"`
	Decoder   string `json:"decoder"`
	Task      string `json:"task"`
	Token     int    `json:"token"`       // index of the first useful token that differs
	Base      string `json:"base"`        // its text; empty where the output has ended
	HeadPiece string `json:"head"`        // likewise
	BaseLen   int    `json:"base_tokens"` // useful tokens
	HeadLen   int    `json:"head_tokens"`
}

// differences are the tasks, by decoder, whose greedy outputs differ, of the first run of each side.
func differences(base, head Side, index int) (out []Difference) {
	b, h := base.Runs[0], head.Runs[0]
	for _, g := range b.Groups {
		for _, task := range slices.Sorted(maps.Keys(b.outputs[g.Name])) {
			one := b.outputs[g.Name][task]
			other, ok := h.outputs[g.Name][task]
			if !ok || slices.Equal(one.tokens, other.tokens) {
				continue
			}
			at := firstDifference(one.tokens, other.tokens)
			out = append(out, Difference{Head: index, Decoder: g.Name, Task: task, Token: at, Base: one.piece(at), HeadPiece: other.piece(at),
				BaseLen: len(one.tokens), HeadLen: len(other.tokens)})
		}
	}
	return out
}

func firstDifference(a, b []int32) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// piece is the text of a useful token.
func (o output) piece(at int) string {
	if at < len(o.tokens) && at < len(o.pieces) {
		return o.pieces[at]
	}
	return ""
}
