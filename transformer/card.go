package transformer

// The keys of measured ceilings. A backend measures them in the run whose speeds they judge; one that does not apply
// is left out.
const (
	ReadCeiling    = "read_gb_per_second"        // 1e9 bytes of weights streamed a second, from wherever a set of their size stays
	F32Ceiling     = "f32_gflop_per_second"      // 1e9 f32 multiplications and additions a second
	BF16Ceiling    = "bf16_gflop_per_second"     // the same of bf16 inputs, by the fastest instruction there is
	BF16DotCeiling = "bf16_dot_gflop_per_second" // by the dot-product instruction, where a matrix unit is faster
)

// PeakCeiling is the key of the arithmetic that a dtype is multiplied with.
func PeakCeiling(d Dtype) string {
	if d == BF16 {
		return BF16Ceiling
	}
	return F32Ceiling
}

// A Card says what forwards of a model cost: the bytes and operations that no implementation can avoid. Activations,
// padding, norms and the softmax are left out, so what follows from it is a lower bound of the time.
type Card struct {
	Config Config
	Dtype  Dtype // of the weights and of the keys and values
}

// A Shape is one Forward: equal passes of Batch sequences.
type Shape struct {
	Batch  int  // sequences; 0 means 1
	Rows   int  // positions computed of each
	Reach  int  // K/V slots that the last row attends to, its own included
	Want   int  // rows of each that go through the head
	Causal bool // each row attends to one slot more than the row before; otherwise all attend to Reach slots
}

// Parameters counts the model's numbers; a tied head counts once.
func (c Card) Parameters() int64 { return Parameters(c.Config) }

// WeightBytes is what a forward reads of the weights, once for all its rows: layers, final norm and, where rows are
// wanted, the head. Of the embedding it reads single rows, which Bytes adds. Norms and biases are f32.
func (c Card) WeightBytes(head bool) int64 {
	matrices, all := c.layerMatrices(), c.Parameters()
	embeddings := int64(c.Config.Vocab) * int64(c.Config.Hidden)
	vectors := all - matrices - embeddings
	if !c.Config.Tied {
		vectors -= embeddings
	}
	if head {
		matrices += embeddings
	}
	return matrices*int64(c.Dtype.Size()) + vectors*4
}

// KVBytes is the keys and values of one slot, all layers.
func (c Card) KVBytes() int64 {
	return 2 * int64(c.Config.Layers*c.Config.KVHeads*c.Config.HeadDim*c.Dtype.Size())
}

// Bytes is what a forward reads: the weights once, the rows' embeddings, and each sequence's reached slots.
func (c Card) Bytes(s Shape) int64 {
	batch := int64(max(s.Batch, 1))
	rows := batch * int64(s.Rows) * int64(c.Config.Hidden*c.Dtype.Size())
	return c.WeightBytes(s.Want > 0) + rows + batch*int64(s.Reach)*c.KVBytes()
}

// FLOPs is the multiplications and additions of a forward: two for each row and number of a matrix, and four for
// each query head, dimension, row and slot that the row attends to.
func (c Card) FLOPs(s Shape) int64 {
	batch, rows, reach := int64(max(s.Batch, 1)), int64(s.Rows), int64(s.Reach)
	pairs := rows * reach
	if s.Causal {
		pairs -= rows * (rows - 1) / 2
	}
	head := int64(s.Want) * int64(c.Config.Vocab) * int64(c.Config.Hidden)
	attention := 4 * int64(c.Config.Layers*c.Config.Heads*c.Config.HeadDim) * pairs
	return batch * (2*rows*c.layerMatrices() + 2*head + attention)
}

// layerMatrices counts the numbers of all layers' matrices.
func (c Card) layerMatrices() int64 {
	d, q, kv, f := int64(c.Config.Hidden), int64(c.Config.Heads*c.Config.HeadDim), int64(c.Config.KVHeads*c.Config.HeadDim), int64(c.Config.Intermediate)
	return int64(c.Config.Layers) * (2*d*q + 2*d*kv + 3*d*f)
}

// Limits are the seconds that a forward's reads and its arithmetic take at the ceilings (see ReadCeiling); a ceiling
// that was not measured gives 0. The larger one binds: this is the roofline model (Williams, Waterman and
// Patterson, 2009).
func (c Card) Limits(s Shape, ceilings map[string]float64) (read, compute float64) {
	if gb := ceilings[ReadCeiling]; gb > 0 {
		read = float64(c.Bytes(s)) / (gb * 1e9)
	}
	if gflop := ceilings[PeakCeiling(c.Dtype)]; gflop > 0 {
		compute = float64(c.FLOPs(s)) / (gflop * 1e9)
	}
	return read, compute
}

// Ideal is the least number of seconds that a pass of rows, whose last attends to reach slots, takes at the
// ceilings: one sequence, causal, and one row through the head, which all passes but the K/V-storing ones do at
// least. Without a measured ceiling it is 0.
func (c Card) Ideal(rows, reach int, ceilings map[string]float64) float64 {
	read, compute := c.Limits(Shape{Rows: rows, Reach: reach, Want: 1, Causal: true}, ceilings)
	return max(read, compute)
}
