package changepoint

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// divide is E-divisive (Matteson and James, "A nonparametric approach for multiple change point analysis of multivariate data",
// JASA 2014, arXiv 1306.4933) for one dimension and distances to the power 1: the best cut of all pieces is a change if at most
// the share Significance of as many shuffles of the values within their pieces have a cut as good; then the pieces are cut
// again. The share counts the series itself (Phipson and Smyth 2010), so that the level is exact for any number of shuffles, and
// counting ends as soon as it is too large (Besag and Clifford 1991).
func divide(values []float64, o Options) (changes []Change) {
	source := rand.New(rand.NewPCG(o.Seed, uint64(len(values))))
	s := newSearch(len(values))
	for {
		at, q := s.best(values, bounds(changes, len(values)))
		if at == 0 {
			return changes
		}
		p := s.permute(values, bounds(changes, len(values)), q, o, source)
		if p > o.Significance {
			return changes
		}
		changes = insert(changes, Change{Index: at, P: p})
	}
}

// insert keeps changes in order.
func insert(changes []Change, c Change) []Change {
	i, _ := slices.BinarySearchFunc(changes, c, func(a, b Change) int { return cmp.Compare(a.Index, b.Index) })
	return slices.Insert(changes, i, c)
}

// permute is the share of shuffles within the pieces whose best cut is as good as q, the series itself counted; or a share
// above the significance, where it is known to be.
func (s *search) permute(values []float64, ends []int, q float64, o Options, source *rand.Rand) float64 {
	const rounding = 1e-9 // equal cuts may differ by it
	shuffled, reached := slices.Clone(values), 1
	for range o.Permutations {
		for i := 1; i < len(ends); i++ {
			piece := shuffled[ends[i-1]:ends[i]]
			source.Shuffle(len(piece), func(a, b int) { piece[a], piece[b] = piece[b], piece[a] })
		}
		if _, other := s.best(shuffled, ends); other >= q*(1-rounding) {
			reached++
		}
		if p := float64(reached) / float64(o.Permutations+1); p > o.Significance {
			return p
		}
	}
	return float64(reached) / float64(o.Permutations+1)
}

// A search finds best cuts; it holds what that needs, for series of a length.
type search struct {
	within  []float64 // [k]: sum of the distances between the first k values of a piece
	columns []float64 // [k]: sum of the distances between value k and those before it, from the cut on
	inverse []float64 // [k]: 1/k, and 0 for 0
}

func newSearch(n int) *search {
	s := &search{make([]float64, n+1), make([]float64, n), make([]float64, n+1)}
	for k := 1; k <= n; k++ {
		s.inverse[k] = 1 / float64(k)
	}
	return s
}

// best is the first value behind the best cut within any of the pieces, and how good it is; 0 where none can be cut.
func (s *search) best(values []float64, ends []int) (at int, q float64) {
	q = math.Inf(-1)
	for i := 1; i < len(ends); i++ {
		if ends[i]-ends[i-1] < 2 {
			continue
		}
		if cut, other := s.cut(values[ends[i-1]:ends[i]]); other > q {
			at, q = ends[i-1]+cut, other
		}
	}
	return at, q
}

// cut is the best cut of a piece of two values or more: of all cuts into x[:left] and x[left:end] the one with the greatest
//
//	q = 2/(l+r) sum|x-y| - 2r/((l+r)(l-1)) sum|x-x'| - 2l/((l+r)(r-1)) sum|y-y'|
//
// over the pairs between both sides and within each, l and r values long. Of equal ones it is the first. The distances
// between both sides are all but those within a side, so each of the n*n/2 cuts costs one distance.
func (s *search) cut(x []float64) (at int, q float64) {
	for k, v := range x {
		sum := 0.0
		for _, w := range x[:k] {
			sum += math.Abs(v - w)
		}
		s.within[k+1] = s.within[k] + sum
		s.columns[k] = 0
	}
	q = math.Inf(-1)
	for left := len(x) - 1; left >= 1; left-- {
		right := 0.0 // within x[left:end]
		rowAt, rowQ := 0, math.Inf(-1)
		for end := left + 1; end <= len(x); end++ {
			s.columns[end-1] += math.Abs(x[end-1] - x[left])
			right += s.columns[end-1]
			l, r, both := float64(left), float64(end-left), s.inverse[end]
			between := s.within[end] - s.within[left] - right
			if v := 2 * both * (between - r*s.inverse[left-1]*s.within[left] - l*s.inverse[end-left-1]*right); v > rowQ {
				rowAt, rowQ = left, v
			}
		}
		if rowQ >= q {
			at, q = rowAt, rowQ
		}
	}
	return at, q
}
