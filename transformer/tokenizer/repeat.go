package tokenizer

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// mostCopies is how often a quantifier may repeat a group, each time with matchers of its own.
const mostCopies = 8

// repeat matches a part several times.
func (n node) repeat(next matcher) (matcher, error) {
	part := n.parts[0]
	switch {
	case part.op == one && n.lazy:
		return part.set.fewest(n.min, n.max, next), nil
	case part.op == one:
		return part.set.most(n.min, n.max, next), nil
	case part.first().empty:
		return nil, errors.New("a quantifier behind a group that may be empty is not supported")
	case n.min > mostCopies || n.max > mostCopies:
		return nil, fmt.Errorf("a group more than %d times is not supported", mostCopies)
	}
	var err error
	if n.max < 0 {
		next, err = part.star(n.lazy, next)
	}
	for i := n.max; i > n.min && err == nil; i-- {
		next, err = part.optional(n.lazy, next)
	}
	for i := 0; i < n.min && err == nil; i++ {
		next, err = part.compile(next)
	}
	return next, err
}

// optional matches a part, or goes on without it.
func (n node) optional(lazy bool, next matcher) (matcher, error) {
	with, err := n.compile(next)
	return either(with, next, lazy), err
}

// star matches a part any number of times.
func (n node) star(lazy bool, next matcher) (matcher, error) {
	var loop matcher
	with, err := n.compile(func(s string, i int) int { return loop(s, i) })
	loop = either(with, next, lazy)
	return loop, err
}

// either tries two matchers in order, or the other way round.
func either(a, b matcher, swap bool) matcher {
	if swap {
		a, b = b, a
	}
	return func(s string, i int) int {
		if end := a(s, i); end >= 0 {
			return end
		}
		return b(s, i)
	}
}

// most matches as many characters as possible; low to high of them, any number for a high of -1.
func (c set) most(low, high int, next matcher) matcher {
	return func(s string, i int) int {
		n, end := 0, i
		for n != high {
			w := c.width(s, end)
			if w == 0 {
				break
			}
			end += w
			n++
		}
		for ; n >= low; n-- {
			if e := next(s, end); e >= 0 {
				return e
			}
			_, w := utf8.DecodeLastRuneInString(s[i:end])
			end -= w
		}
		return -1
	}
}

// fewest matches as few characters as possible.
func (c set) fewest(low, high int, next matcher) matcher {
	return func(s string, i int) int {
		for n := 0; ; n++ {
			if n >= low {
				if e := next(s, i); e >= 0 {
					return e
				}
			}
			w := c.width(s, i)
			if w == 0 || n == high {
				return -1
			}
			i += w
		}
	}
}

// A first is what a match can begin with.
type first struct {
	ascii [2]uint64
	wide  bool // any other character
	empty bool // the match can be empty
}

func (f *first) begins(b byte) bool { return f.ascii[b>>6]>>(b&63)&1 == 1 }

func (f *first) add(other first) {
	f.ascii[0] |= other.ascii[0]
	f.ascii[1] |= other.ascii[1]
	f.wide = f.wide || other.wide
}

// first is what a match of the part can begin with.
func (n node) first() first {
	switch n.op {
	case one:
		return first{ascii: n.set.ascii, wide: true}
	case sequence:
		f := first{empty: true}
		for i := 0; i < len(n.parts) && f.empty; i++ {
			part := n.parts[i].first()
			f.add(part)
			f.empty = part.empty
		}
		return f
	case choice:
		var f first
		for _, part := range n.parts {
			of := part.first()
			f.add(of)
			f.empty = f.empty || of.empty
		}
		return f
	case repeat, possessive:
		f := n.parts[0].first()
		f.empty = f.empty || n.op == repeat && n.min == 0
		return f
	}
	return first{empty: true}
}
