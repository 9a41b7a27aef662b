package basics

import (
	"math/rand/v2"
	"strconv"
	"strings"
)

// dice draws everything that is random in a task. The PCG stream is specified, so a seed gives the same
// tasks on every machine and with every version of Go.
type dice struct{ *rand.Rand }

func newDice(seed uint64) *dice {
	return &dice{rand.New(rand.NewPCG(seed, 0x7a6e64656d))}
}

// one returns a random element.
func one[T any](d *dice, from []T) T { return from[d.IntN(len(from))] }

// between returns a random integer in [lo, hi].
func (d *dice) between(lo, hi int) int { return lo + d.IntN(hi-lo+1) }

// expand replaces each {key} of the template by its value; kv lists keys and values in turn. Braces around
// anything else, such as Python's empty dictionary, stay as they are.
func expand(template string, kv ...string) string {
	var out strings.Builder
	for {
		open := strings.IndexByte(template, '{')
		if open < 0 {
			out.WriteString(template)
			return out.String()
		}
		out.WriteString(template[:open])
		end := open + strings.IndexByte(template[open:], '}')
		key, value := template[open+1:end], template[open:end+1]
		for i := 0; i < len(kv); i += 2 {
			if kv[i] == key {
				value = kv[i+1]
			}
		}
		out.WriteString(value)
		template = template[end+1:]
	}
}

// capital returns the sentence with its first letter in upper case.
func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// An op is one operation that tasks are composed of: how English says it, how Python writes it and what it
// computes. F is the type of the Go function that evaluates it; its last argument is the constant.
type op[F any] struct {
	name  string
	group string   // two conditions of one task come from different groups, so that neither decides the other
	says  []string // phrasings; {o} is what it is applied to, {k} the constant
	nouns []string // the same as noun phrases, for the ops that have both
	code  string   // Python; {x} is the operand, {k} the constant
	ks    []int    // the constants it is drawn with; none for an op without one
	eval  F
}

// A use is an op with the constant that one task drew for it. The constant is no part of the composition.
type use[F any] struct {
	*op[F]
	k string
	n int
}

// pick draws an op and its constant.
func pick[F any](d *dice, ops []op[F]) use[F] {
	u := use[F]{op: &ops[d.IntN(len(ops))]}
	if len(u.ks) > 0 {
		u.n = one(d, u.ks)
		u.k = strconv.Itoa(u.n)
	}
	return u
}

// pickOther draws an op of another group than that of the one given.
func pickOther[F any](d *dice, ops []op[F], than use[F]) use[F] {
	for {
		if u := pick(d, ops); u.group != than.group {
			return u
		}
	}
}

// in returns the op's Python with the operand in place.
func (u use[F]) in(x string) string { return expand(u.code, "x", x, "k", u.k) }

// say returns a phrasing that speaks of o.
func (u use[F]) say(d *dice, o string) string { return expand(one(d, u.says), "o", o, "k", u.k) }

// noun returns a noun phrase that speaks of o.
func (u use[F]) noun(d *dice, o string) string { return expand(one(d, u.nouns), "o", o, "k", u.k) }

// is phrases a condition about one thing: "is even", "leaves a remainder of 1 ...".
func (u use[F]) is(d *dice) string {
	single, _, _ := strings.Cut(one(d, u.says), "|")
	return expand(single, "be", "is", "have", "has", "leave", "leaves", "k", u.k)
}

// are phrases a condition about many things.
func (u use[F]) are(d *dice) string {
	single, plural, both := strings.Cut(one(d, u.says), "|")
	if !both {
		plural = single
	}
	return expand(plural, "be", "are", "have", "have", "leave", "leave", "k", u.k)
}
