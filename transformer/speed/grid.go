package speed

import "slices"

// A Grid is which tests to make: rows x batch.
type Grid struct {
	Prefill int   // rows of the prefill; 0 leaves it out
	Decode  int   // tokens that are decoded one by one; 0 leaves it out
	Blocks  []int // rows of the block forwards, for each batch
	Batches []int // sequences decoded at once
	Context int   // positions cached before a decode or a block
}

// Tests are those of the grid, each once, in ascending order. A block of one sequence stands beside the prefill of as many rows. A
// forward of many rows lasts long enough by itself.
func (g Grid) Tests() (tests []Test) {
	batches, blocks := distinct(g.Batches), distinct(g.Blocks)
	if g.Prefill > 0 {
		tests = append(tests, Test{Kind: Prefill, Rows: g.Prefill, Batch: 1, Repeat: 1})
	}
	if g.Decode > 0 {
		for _, batch := range batches {
			tests = append(tests, Test{Kind: Decode, Rows: 1, Batch: batch, Context: g.Context, Repeat: g.Decode})
		}
	}
	for _, rows := range blocks {
		if slices.Contains(batches, 1) {
			tests = append(tests, Test{Kind: Prefill, Rows: rows, Batch: 1, Repeat: 4})
		}
		for _, batch := range batches {
			repeat := 4
			if rows*batch > 512 {
				repeat = 1
			}
			tests = append(tests, Test{Kind: Block, Rows: rows, Batch: batch, Context: g.Context, Repeat: repeat})
		}
	}
	return tests
}

// distinct are the values in ascending order, each once.
func distinct(values []int) []int { return slices.Compact(slices.Sorted(slices.Values(values))) }
