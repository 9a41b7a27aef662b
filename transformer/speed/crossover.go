package speed

import (
	"cmp"
	"math"
	"slices"

	"tandem/transformer"
)

// A Point is the throughput of a batch.
type Point struct {
	Batch           float64
	TokensPerSecond float64
}

// A Curve is throughput against the batch size, in ascending order: as measured, and at the roof of the machine.
type Curve struct {
	Measured []Point
	Roof     []Point // empty where a ceiling is unknown
}

// A Catch is where the autoregressive decoder catches up with a diffusion decoder.
type Catch struct {
	At   Point // from here on it is ahead, as far as it was measured
	From bool  // it is ahead from the smallest batch on, which At is
	Not  bool  // it never is; At is the largest batch
}

// Sizes are the block sizes that were measured over the same context as a decode, at two batch sizes or more that both
// have: those whose crossover can be told.
func Sizes(rows []Row) (sizes []int) {
	for _, r := range rows {
		if r.Kind != Block || slices.Contains(sizes, r.Rows) {
			continue
		}
		if ar, block := Curves(rows, r.Rows, 1, nil); len(both(ar, block)) > 1 {
			sizes = append(sizes, r.Rows)
		}
	}
	slices.Sort(sizes)
	return sizes
}

// Curves are those of an autoregressive decoder and of a diffusion decoder that commits so many tokens per forward of a block
// and sequence. Tokens per forward are an assumption: what a model commits has to be measured with a model.
func Curves(rows []Row, size int, tokens float64, ceilings map[string]float64) (ar, block Curve) {
	context := -1
	for _, r := range rows {
		if r.Kind == Block && r.Rows == size {
			context = r.Context
			break
		}
	}
	of := func(kind string, count int, tokens float64) Curve {
		var kept []Row
		for _, r := range rows {
			if r.Kind == kind && r.Rows == count && r.Context == context && r.ForwardsPerSecond > 0 {
				kept = append(kept, r)
			}
		}
		slices.SortFunc(kept, func(a, b Row) int { return cmp.Compare(a.Batch, b.Batch) })
		kept = slices.CompactFunc(kept, func(a, b Row) bool { return a.Batch == b.Batch })
		return curve(kept, tokens, ceilings)
	}
	return of(Decode, 1, 1), of(Block, size, tokens)
}

// curve is the throughput of rows at so many tokens per forward and sequence.
func curve(rows []Row, tokens float64, ceilings map[string]float64) (c Curve) {
	for i, r := range rows {
		c.Measured = append(c.Measured, Point{float64(r.Batch), tokens * float64(r.Batch) * r.ForwardsPerSecond})
		if i > 0 {
			c.Roof = append(c.Roof, roof(rows[i-1], r, tokens, ceilings)...)
		}
	}
	return c
}

// roof is the throughput that the ceilings allow between two batch sizes. The bytes and the operations of a forward grow
// with the batch by the same amount for each sequence, so that those of the two give all between them.
func roof(a, b Row, tokens float64, ceilings map[string]float64) (points []Point) {
	const pieces = 24
	for i := range pieces + 1 {
		batch := float64(a.Batch) * math.Pow(float64(b.Batch)/float64(a.Batch), float64(i)/pieces)
		f := (batch - float64(a.Batch)) / float64(b.Batch-a.Batch)
		between := func(of func(Row) float64) float64 {
			return 1e9 * ((1-f)*of(a)/a.ForwardsPerSecond + f*of(b)/b.ForwardsPerSecond)
		}
		seconds := transformer.Roof(between(func(r Row) float64 { return r.GBPerSecond }), between(func(r Row) float64 { return r.GFLOPPerSecond }),
			transformer.Dtype(a.Dtype), ceilings)
		if seconds > 0 {
			points = append(points, Point{batch, tokens * batch / seconds})
		}
	}
	return points
}

// both are the points of two curves at the batch sizes that both have.
func both(a, b Curve) (pairs [][2]Point) {
	for _, p := range a.Measured {
		for _, q := range b.Measured {
			if p.Batch == q.Batch {
				pairs = append(pairs, [2]Point{p, q})
			}
		}
	}
	return pairs
}

// A Need is the tokens that a forward has to commit at a batch size to be as fast as the autoregressive decoder.
type Need struct{ Batch, TokensPerForward float64 }

// Needed compares two curves of one token per forward, at the batch sizes that both have.
func Needed(ar, block Curve) (needs []Need) {
	for _, p := range both(ar, block) {
		needs = append(needs, Need{p[0].Batch, p[0].TokensPerSecond / p[1].TokensPerSecond})
	}
	return needs
}

// Crossover is where ar catches up with block for good, as far as they were measured: between two batch sizes both are
// straight lines on logarithmic axes. They must have two batch sizes in common, see Sizes.
func Crossover(ar, block Curve) Catch {
	pairs := both(ar, block)
	lead := func(i int) float64 { return math.Log(pairs[i][0].TokensPerSecond / pairs[i][1].TokensPerSecond) }
	last := len(pairs) - 1
	if lead(last) < 0 {
		return Catch{At: pairs[last][0], Not: true}
	}
	for i := last; i > 0; i-- {
		if behind, ahead := lead(i-1), lead(i); behind < 0 {
			f := behind / (behind - ahead)
			between := func(a, b float64) float64 { return a * math.Pow(b/a, f) }
			return Catch{At: Point{between(pairs[i-1][0].Batch, pairs[i][0].Batch), between(pairs[i-1][0].TokensPerSecond, pairs[i][0].TokensPerSecond)}}
		}
	}
	return Catch{At: pairs[0][0], From: true}
}
