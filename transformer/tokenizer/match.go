package tokenizer

import (
	"fmt"
	"unicode/utf8"
)

// A matcher returns the end of the match that begins at i, -1 where there is none.
type matcher func(s string, i int) int

// A regex finds the matches of a pattern. It backtracks as Oniguruma does, so that of several matches it takes the same one.
//
// Note: Go's regexp cannot look ahead, and takes another of several matches. Libraries that can know letters of one Unicode
// version alone, which is not Hugging Face's, and are an order of magnitude slower.
type regex struct {
	match matcher
	first first
}

// compile makes a regex of a pattern.
func compile(pattern string) (*regex, error) {
	n, err := parsePattern(pattern)
	if err != nil {
		return nil, err
	}
	match, err := n.compile(func(_ string, i int) int { return i })
	if err != nil {
		return nil, fmt.Errorf("pattern %q: %w", pattern, err)
	}
	return &regex{match: match, first: n.first()}, nil
}

// find returns the first match of s that begins at from or behind; start is -1 where there is none. An empty match right
// behind the match that ends at last does not count.
func (r *regex) find(s string, from, last int) (start, end int) {
	for i := from; i < len(s); {
		if !r.first.empty && s[i] < utf8.RuneSelf && !r.first.begins(s[i]) {
			i++
			continue
		}
		if end := r.match(s, i); end >= 0 && (end > i || i != last) {
			return i, end
		}
		_, width := utf8.DecodeRuneInString(s[i:])
		i += width
	}
	if end := r.match(s, len(s)); end >= 0 && last != len(s) && from <= len(s) {
		return len(s), end
	}
	return -1, -1
}

// compile makes a matcher of a part and of what follows it.
func (n node) compile(next matcher) (matcher, error) {
	switch n.op {
	case one:
		return func(s string, i int) int {
			if w := n.set.width(s, i); w > 0 {
				return next(s, i+w)
			}
			return -1
		}, nil
	case sequence:
		var err error
		for i := len(n.parts) - 1; i >= 0 && err == nil; i-- {
			next, err = n.parts[i].compile(next)
		}
		return next, err
	case choice:
		return n.choice(next)
	case repeat:
		return n.repeat(next)
	case possessive, ahead:
		inside, err := n.parts[0].compile(func(_ string, i int) int { return i })
		return n.around(inside, next), err
	case lineEnd:
		return func(s string, i int) int {
			if i == len(s) || s[i] == '\n' {
				return next(s, i)
			}
			return -1
		}, nil
	}
	return func(s string, i int) int { // lineStart
		if i == 0 || s[i-1] == '\n' && i < len(s) {
			return next(s, i)
		}
		return -1
	}, nil
}

// around is a part that is matched without regard to what follows.
func (n node) around(inside, next matcher) matcher {
	if n.op == possessive {
		return func(s string, i int) int {
			if end := inside(s, i); end >= 0 {
				return next(s, end)
			}
			return -1
		}
	}
	return func(s string, i int) int {
		if inside(s, i) >= 0 != n.negative {
			return next(s, i)
		}
		return -1
	}
}

// choice tries the parts that can begin with the next byte.
func (n node) choice(next matcher) (matcher, error) {
	var by [utf8.RuneSelf + 1][]matcher // the last are those that can begin with another character
	var empty []matcher                 // what can match at the end of a text
	for _, part := range n.parts {
		m, err := part.compile(next)
		if err != nil {
			return nil, err
		}
		first := part.first()
		for b := range by {
			if first.empty || b == utf8.RuneSelf && first.wide || b < utf8.RuneSelf && first.begins(byte(b)) {
				by[b] = append(by[b], m)
			}
		}
		if first.empty {
			empty = append(empty, m)
		}
	}
	return func(s string, i int) int {
		list := empty
		if i < len(s) {
			list = by[min(s[i], utf8.RuneSelf)]
		}
		for _, m := range list {
			if end := m(s, i); end >= 0 {
				return end
			}
		}
		return -1
	}, nil
}
