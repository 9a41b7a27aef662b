package jinja

import (
	"fmt"
	"strings"
	"time"
)

// functions is the table of those that every template knows.
var functions = map[string]func(r *run, a arguments) any{
	"namespace": func(_ *run, a arguments) any {
		n := &namespace{}
		for i, key := range merged(a).keys {
			n.set(str(key), merged(a).values[i])
		}
		return n
	},
	"dict":  func(_ *run, a arguments) any { return merged(a) },
	"range": func(_ *run, a arguments) any { return counted(&call{what: "range", arguments: a}) },
	"raise_exception": func(_ *run, a arguments) any {
		fail("%s", strings.ReplaceAll(str(end(a.values, 0)), "\n", " "))
		return nil
	},
	"strftime_now": func(r *run, a arguments) any { return dated(r.now, &call{what: "strftime_now", arguments: a}) },
	"joiner":       unsupported("joiner"),
	"cycler":       unsupported("cycler"),
	"lipsum":       unsupported("lipsum"),
}

func unsupported(name string) func(r *run, a arguments) any {
	return func(*run, arguments) any { fail("function %s is not supported", name); return nil }
}

// merged is the dict of a call: one that it may begin with, and the named arguments.
func merged(a arguments) *dict {
	d := &dict{}
	if len(a.values) > 0 {
		from, ok := a.values[0].(*dict)
		if !ok || len(a.values) > 1 {
			fail("a dict is made of one other and of named arguments alone")
		}
		for i, key := range from.keys {
			d.set(key, from.values[i])
		}
	}
	for i, key := range a.named.keys {
		d.set(key, a.named.values[i])
	}
	return d
}

// counted is range(stop), range(start, stop) or range(start, stop, step).
func counted(c *call) any {
	start, stop, step := int64(0), int64(c.integer("start", 0)), int64(1)
	if len(c.values) > 1 {
		start, stop = stop, int64(c.integer("stop", 0))
	}
	if len(c.values) > 2 {
		step = int64(c.integer("step", 1))
	}
	if step == 0 || len(c.values) == 0 || len(c.values) > 3 {
		fail("range takes one to three numbers, and its step is not 0")
	}
	out := series{}
	for i := start; step > 0 && i < stop || step < 0 && i > stop; i += step {
		if out = append(out, i); len(out) > maxRange {
			fail("range has more than %d numbers", maxRange)
		}
	}
	return out
}

// dateParts are the directives of strftime, in the C locale.
var dateParts = map[byte]string{'Y': "2006", 'm': "01", 'd': "02", 'H': "15", 'M': "04", 'S': "05", 'B': "January", 'b': "Jan", 'A': "Monday",
	'a': "Mon", 'y': "06", 'p': "PM", 'I': "03"}

// dated is Python's strftime.
func dated(now time.Time, c *call) string {
	text := c.text("format")
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '%' {
			b.WriteByte(text[i])
			continue
		}
		if i++; i == len(text) {
			fail("strftime_now: the format ends in %%")
		}
		layout, ok := dateParts[text[i]]
		switch {
		case text[i] == '%':
			b.WriteByte('%')
		case text[i] == 'j':
			fmt.Fprintf(&b, "%03d", now.YearDay())
		case !ok:
			fail("strftime_now: %%%c is not supported", text[i])
		default:
			b.WriteString(now.Format(layout))
		}
	}
	return b.String()
}
