package metric

import "tandem/record"

// committedByStep is, for each step of the trace, how many useful tokens it committed for good.
func committedByStep(r record.Record) []int {
	counts := make([]int, len(r.Trace))
	for pos, step := range committedAt(r.Trace) {
		if pos < r.Tokens && step >= 0 {
			counts[step]++
		}
	}
	return counts
}

// committedAt is, for each output position, the index of the step after which its token never changed; -1 where
// nothing was committed. A commit of the token that stands there already changes nothing.
func committedAt(trace record.Trace) []int {
	var at []int
	var tokens []int32
	for i, step := range trace {
		for _, c := range step.Commits {
			for int(c.Pos) >= len(at) {
				at, tokens = append(at, -1), append(tokens, -1)
			}
			if tokens[c.Pos] != c.Token {
				at[c.Pos], tokens[c.Pos] = i, c.Token
			}
		}
	}
	return at
}

// A Block says how a decoder cuts its output.
type Block struct {
	Size       int  // positions
	FromPrompt bool // blocks are counted from the prompt's end, not from its beginning
}

// A Cell is a position of a block and a forward of the block, both from 0.
type Cell struct{ Position, Forward int }

// An Order counts in which forward of a block its positions were committed, over the first decoding of every task.
// Positions are counted from the block's start, so that the policy shows and not the length of the prompt; forwards are those
// that commit useful tokens of the block.
type Order struct {
	Block     Block
	Cells     map[Cell]int
	Decodings int
}

func (o *Order) add(r record.Record) {
	o.Decodings++
	begin := r.PromptTokens
	if o.Block.FromPrompt {
		begin = 0
	}
	forwards, last := map[int]int{}, map[int]int{} // by block: its forwards so far, and the step of the last one
	for i, step := range r.Trace {
		for _, c := range step.Commits {
			if int(c.Pos) >= r.Tokens {
				continue
			}
			at := begin + int(c.Pos)
			block := at / o.Block.Size
			if n, begun := last[block]; !begun || n != i {
				last[block] = i
				forwards[block]++
			}
			o.Cells[Cell{at % o.Block.Size, forwards[block] - 1}]++
		}
	}
}
