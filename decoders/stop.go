package decoders

// A stopper asks a request's Stop about each token of the output once, when it stands and so does all before it.
type stopper struct {
	stop func(token int32) bool
	told int  // tokens that Stop knows
	over bool // it said so
}

// stopped tells Stop of the tokens that stand now, and says whether it ended the output. hole is what stands where none is
// committed yet.
func (s *stopper) stopped(output []int32, hole int32) bool {
	if s.stop == nil {
		return false
	}
	for s.told < len(output) && !s.over && output[s.told] != hole {
		s.over = s.stop(output[s.told])
		s.told++
	}
	return s.over
}
