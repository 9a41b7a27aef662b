package jinja

import (
	"strings"
	"unicode/utf8"
)

// iterate gives the items of a value as a loop over it does: the characters of a text, the keys of a dict.
func iterate(v any) []any {
	switch v := v.(type) {
	case undefined:
		return nil
	case []any:
		return v
	case tuple:
		return v
	case series:
		return v
	case string:
		items := make([]any, 0, len(v))
		for _, r := range v {
			items = append(items, string(r))
		}
		return items
	case *dict:
		return v.keys
	case *generator:
		items := v.items
		v.items = nil
		return items
	}
	fail("%s has no items", describe(v))
	return nil
}

// length is Python's len(v).
func length(v any) int64 {
	switch v := v.(type) {
	case string:
		return int64(utf8.RuneCountInString(v))
	case undefined, []any, tuple, series, *dict:
		return int64(len(iterate(v)))
	}
	fail("%s has no length", describe(v))
	return 0
}

// attribute is v.name: a method or an attribute, else the item of that name.
func attribute(v any, name string) any {
	if strings.HasPrefix(name, "__") {
		fail("attribute %s is not allowed", name)
	}
	switch of := v.(type) {
	case undefined:
		fail("%s is undefined, so it has no %s", of.name, name)
	case *loop:
		return of.attribute(name)
	case *namespace:
		if value, ok := of.attributes.get(name); ok {
			return value
		}
	case *dict:
		if m := method(v, name); m != nil {
			return m
		}
		if value, ok := of.get(name); ok {
			return value
		}
	default:
		if m := method(v, name); m != nil {
			return m
		}
	}
	return undefined{name}
}

// item is v[key]: an item, else the attribute of that name.
func item(v, key any) any {
	name, named := key.(string)
	if u, ok := v.(undefined); ok {
		fail("%s is undefined, so it has no item %s", u.name, str(key))
	}
	if d, ok := v.(*dict); ok {
		if value, ok := d.get(key); ok {
			return value
		}
	}
	_, isWhole, isNumber := numeric(key)
	switch {
	case named:
		if d, ok := v.(*dict); ok && method(d, name) == nil {
			return undefined{name}
		}
		return attribute(v, name)
	case !isNumber || !isWhole:
		return undefined{describe(v) + "[" + describe(key) + "]"}
	}
	switch v.(type) {
	case string, []any, tuple, series:
		items, at := iterate(v), whole(key)
		if at < 0 {
			at += int64(len(items))
		}
		if at >= 0 && at < int64(len(items)) {
			return items[at]
		}
	}
	return undefined{describe(v) + "[" + str(key) + "]"}
}

// slice is v[start:stop:step]; nil is a bound that is not given.
func slice(v, start, stop, step any) any {
	by := int64(1)
	if step != nil {
		if by = index(step); by == 0 {
			fail("a slice's step is 0")
		}
	}
	switch of := v.(type) {
	case string:
		var b strings.Builder
		for _, c := range picked(iterate(of), start, stop, by) {
			b.WriteString(c.(string))
		}
		return b.String()
	case []any:
		return picked(of, start, stop, by)
	case tuple:
		return tuple(picked(of, start, stop, by))
	case undefined:
		fail("%s is undefined, so it has no slice", of.name)
	}
	return undefined{"a slice of " + describe(v)}
}

func index(v any) int64 {
	if _, isWhole, ok := numeric(v); !ok || !isWhole {
		fail("a slice's bound is %s", describe(v))
	}
	return whole(v)
}

// picked are the items of a slice [Python's PySlice_AdjustIndices].
func picked(items []any, start, stop any, by int64) []any {
	n := int64(len(items))
	by = min(max(by, -n-1), n+1)
	low, high := int64(0), n // of a bound
	from, to := low, high
	if by < 0 {
		low, high = -1, n-1
		from, to = high, low
	}
	bound := func(v any, missing int64) int64 {
		if v == nil {
			return missing
		}
		at := index(v)
		if at < 0 {
			at += n
		}
		return min(max(at, low), high)
	}
	out := []any{}
	to = bound(stop, to)
	for i := bound(start, from); by > 0 && i < to || by < 0 && i > to; i += by {
		out = append(out, items[i])
	}
	return out
}
