package transformer

// A Card is what a model costs in principle: the bytes that a forward must read and the operations that it must do. Both
// follow from the geometry alone. With measured ceilings of a machine it gives the least time that a forward can take there
// (the roofline of Williams, Waterman, Patterson, 2009), and so the share of the machine's ceiling that an engine reaches.
type Card struct {
	Config Config
	Dtype  Dtype // of the weights
}

// A Shape is the size of a forward.
type Shape struct {
	Sequences int // of the batch
	Rows      int // positions of each sequence
	Guesses   int // of these, the rows that are guessed for: those that go through the output head
	Reach     int // K/V slots that the last row attends to
}

// layerNumbers is how many numbers the matrices of all layers hold.
func (c Card) layerNumbers() int64 {
	q, kv := int64(c.Config.Heads*c.Config.HeadDim), int64(c.Config.KVHeads*c.Config.HeadDim)
	hidden, wide := int64(c.Config.Hidden), int64(c.Config.Intermediate)
	return int64(c.Config.Layers) * hidden * (2*q + 2*kv + 3*wide)
}

// headNumbers is how many numbers the output head holds.
func (c Card) headNumbers() int64 { return int64(c.Config.Vocab) * int64(c.Config.Hidden) }

// Bytes is what a forward must read: each matrix once, whatever the number of rows, and the K/V of each sequence's windows. The
// embeddings of the rows, norms and biases are left out: they are less than a thousandth.
func (c Card) Bytes(s Shape) int64 {
	numbers, slots := c.layerNumbers(), int64(0)
	if s.Guesses > 0 {
		numbers += c.headNumbers()
	}
	for layer := range c.Config.Layers {
		slots += int64(s.Reach - c.Config.Kind(layer).Floor(s.Reach-s.Rows))
	}
	return c.Dtype.bytes(numbers) + c.Dtype.Activations().bytes(c.slotNumbers()*int64(s.Sequences)*slots)
}

// slotNumbers is how many numbers a K/V slot of a layer holds.
func (c Card) slotNumbers() int64 { return 2 * int64(c.Config.KVHeads*c.Config.HeadDim) }

// Weights is what the model's numbers take in the dtype, in bytes. Backends keep norms and biases, less than a thousandth of them,
// in f32.
func (c Card) Weights() int64 { return c.Dtype.bytes(Parameters(c.Config)) }

// KV is what the keys and values of so many positions take in a session, in bytes.
func (c Card) KV(positions int64) int64 {
	return c.Dtype.Activations().bytes(c.slotNumbers() * int64(c.Config.Layers) * positions)
}

// FLOPs is what a forward must compute, a multiplication and an addition for each number of a matrix and row, and the
// scores and sums of attention. Rows are counted as causal ones, which attend to half of each other on average: for
// rows that see each other in both directions that is a lower bound.
func (c Card) FLOPs(s Shape) float64 {
	rows, reached := float64(s.Sequences)*float64(s.Rows), 0.0
	for layer := range c.Config.Layers {
		reached += s.reached(c.Config.Kind(layer).Window)
	}
	attention := 4 * float64(s.Sequences) * reached * float64(c.Config.Heads*c.Config.HeadDim)
	return 2*rows*float64(c.layerNumbers()) + 2*float64(s.Sequences*s.Guesses)*float64(c.headNumbers()) + attention
}

// reached is how many slots the causal rows of a sequence attend to in a layer, added up over the rows.
func (s Shape) reached(window int) float64 {
	before, rows := s.Reach-s.Rows, s.Rows
	whole := rows // the first rows, which attend to all that is before them
	if window > 0 {
		whole = min(max(window-before, 0), rows)
	}
	return float64(whole)*float64(before) + float64(whole)*float64(whole+1)/2 + float64(rows-whole)*float64(window)
}

// The ceilings of a machine, by name: what Ideal and the speed tests look up.
const (
	ReadCeiling    = "read_gb_per_second"    // GB/s, of a working set as large as the weights
	F32Ceiling     = "f32_gflop_per_second"  // GFLOP/s
	BF16Ceiling    = "bf16_gflop_per_second" // GFLOP/s, of the fastest instructions there are
	BF16DotCeiling = "bf16_dot_gflop_per_second"
)

// ComputeCeiling is the name of the ceiling of matrix products of a dtype. Where the machine has no instructions for the
// dtype, its weights are multiplied as f32.
func ComputeCeiling(d Dtype, ceilings map[string]float64) string {
	if own := d.format().ceiling; ceilings[own] > 0 {
		return own
	}
	return F32Ceiling
}

// Ideal is the least time in seconds that a forward takes at the ceilings: see Roof.
func (c Card) Ideal(s Shape, ceilings map[string]float64) float64 {
	return Roof(float64(c.Bytes(s)), c.FLOPs(s), c.Dtype, ceilings)
}

// Roof is the least time, in seconds, of work that reads so many bytes and does so many operations: reading and computing
// overlap, so it is the longer of the two at their ceilings. It is 0 where a ceiling is unknown.
func Roof(bytes, flops float64, dtype Dtype, ceilings map[string]float64) float64 {
	read, compute := ceilings[ReadCeiling], ceilings[ComputeCeiling(dtype, ceilings)]
	if read <= 0 || compute <= 0 {
		return 0
	}
	return max(bytes/read, flops/compute) / 1e9
}
