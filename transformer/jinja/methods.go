package jinja

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
)

// A call of a method, filter or test takes its arguments one after another; what it does not take is an error.
type call struct {
	what string
	arguments
	taken int
}

// called runs a filter or test of the tables on a value.
func called(what string, f func(v any, c *call) any, v any, a arguments) any {
	c := &call{what: what, arguments: a}
	out := f(v, c)
	if c.taken < len(c.values) {
		fail("%s takes %d arguments, not %d", what, c.taken, len(c.values))
	}
	if len(c.named.keys) > 0 {
		fail("%s takes no argument %s", what, str(c.named.keys[0]))
	}
	return out
}

// optional is the next argument, which may have a name, or what to take without it.
func (c *call) optional(name string, missing any) any {
	v, named := c.named.take(name)
	if c.taken++; c.taken <= len(c.values) {
		if named {
			fail("%s gets %s twice", c.what, name)
		}
		return c.values[c.taken-1]
	}
	c.taken = len(c.values)
	if named {
		return v
	}
	return missing
}

// text is the next argument, which must be one.
func (c *call) text(name string) string {
	v := c.optional(name, undefined{name})
	text, ok := v.(string)
	if !ok {
		fail("%s wants a text as %s, not %s", c.what, name, describe(v))
	}
	return text
}

// integer is the next argument, a whole number.
func (c *call) integer(name string, missing int64) int {
	v := c.optional(name, missing)
	if _, isWhole, ok := numeric(v); !ok || !isWhole {
		fail("%s wants a whole number as %s, not %s", c.what, name, describe(v))
	}
	return int(min(max(whole(v), -maxOutput), maxOutput))
}

// rest are all arguments that are left.
func (c *call) rest() []any {
	out := c.values[min(c.taken, len(c.values)):]
	c.taken = len(c.values)
	return out
}

// Names of Python's methods. Those that the tables lack are an error and not undefined.
var (
	stringNames = strings.Fields("capitalize casefold center count encode endswith expandtabs find format format_map index isalnum isalpha " +
		"isascii isdecimal isdigit isidentifier islower isnumeric isprintable isspace istitle isupper join ljust lower lstrip maketrans " +
		"partition removeprefix removesuffix replace rfind rindex rjust rpartition rsplit rstrip split splitlines startswith strip " +
		"swapcase title translate upper zfill")
	listNames = strings.Fields("append clear copy count extend index insert pop remove reverse sort")
	dictNames = strings.Fields("clear copy fromkeys get items keys pop popitem setdefault update values")
)

// changing are the methods that would change a value, which the sandbox of transformers forbids.
var changing = strings.Fields("append clear extend insert pop popitem remove reverse setdefault sort update")

// method is a value's method as a function, nil where it has none of that name.
func method(v any, name string) any {
	var found func(v any, c *call) any
	var known []string
	switch v.(type) {
	case string:
		found, known = stringMethods[name], stringNames
	case *dict:
		found, known = dictMethods[name], dictNames
	case []any, tuple:
		known = listNames
	}
	if !slices.Contains(known, name) {
		return nil
	}
	return function(func(a arguments) any {
		switch {
		case slices.Contains(changing, name):
			fail("%s would change %s, which a template may not", name, describe(v))
		case found == nil:
			fail("method %s of %s is not supported", name, describe(v))
		}
		return called("method "+name, found, v, a)
	})
}

var dictMethods = map[string]func(v any, c *call) any{
	"get": func(v any, c *call) any {
		value, ok := v.(*dict).get(c.optional("key", nil))
		if missing := c.optional("default", nil); !ok {
			return missing
		}
		return value
	},
	"items":  func(v any, _ *call) any { return v.(*dict).items() },
	"keys":   func(v any, _ *call) any { return v.(*dict).keys },
	"values": func(v any, _ *call) any { return v.(*dict).values },
}

var stringMethods = map[string]func(v any, c *call) any{
	"strip":        func(v any, c *call) any { return stripped(v.(string), c, true, true) },
	"lstrip":       func(v any, c *call) any { return stripped(v.(string), c, true, false) },
	"rstrip":       func(v any, c *call) any { return stripped(v.(string), c, false, true) },
	"lower":        func(v any, _ *call) any { return cases.Lower(language.Und).String(v.(string)) },
	"upper":        func(v any, _ *call) any { return cases.Upper(language.Und).String(v.(string)) },
	"capitalize":   func(v any, _ *call) any { return capitalized(v.(string)) },
	"startswith":   func(v any, c *call) any { return affix(v.(string), c, strings.HasPrefix) },
	"endswith":     func(v any, c *call) any { return affix(v.(string), c, strings.HasSuffix) },
	"removeprefix": func(v any, c *call) any { return strings.TrimPrefix(v.(string), c.text("prefix")) },
	"removesuffix": func(v any, c *call) any { return strings.TrimSuffix(v.(string), c.text("suffix")) },
	"replace": func(v any, c *call) any {
		old, with := c.text("old"), c.text("new")
		return replaced(v.(string), old, with, c.integer("count", -1))
	},
	"count":      func(v any, c *call) any { return int64(strings.Count(v.(string), c.text("sub"))) },
	"find":       func(v any, c *call) any { return characterAt(v.(string), strings.Index(v.(string), c.text("sub"))) },
	"rfind":      func(v any, c *call) any { return characterAt(v.(string), strings.LastIndex(v.(string), c.text("sub"))) },
	"split":      split,
	"rsplit":     rsplit,
	"splitlines": func(v any, _ *call) any { return list(lines(v.(string))) },
	"join": func(v any, c *call) any {
		var parts []string
		for i, part := range iterate(c.optional("iterable", undefined{"iterable"})) {
			text, ok := part.(string)
			if !ok {
				fail("method join: item %d is %s", i, describe(part))
			}
			parts = append(parts, text)
		}
		return strung(parts, v.(string))
	},
	"partition": func(v any, c *call) any {
		separator := c.text("sep")
		before, after, ok := strings.Cut(v.(string), separator)
		if !ok {
			separator = ""
		}
		return tuple{before, separator, after}
	},
	"isdigit": func(v any, _ *call) any { return all(v.(string), unicode.IsDigit) },
	"isspace": func(v any, _ *call) any { return all(v.(string), isSpace) },
	"isalpha": func(v any, _ *call) any { return all(v.(string), unicode.IsLetter) },
	"isupper": func(v any, _ *call) any { return oneCase(v.(string), unicode.IsUpper, unicode.IsLower) },
	"islower": func(v any, _ *call) any { return oneCase(v.(string), unicode.IsLower, unicode.IsUpper) },
	"format":  format,
}

func all(text string, is func(rune) bool) bool {
	return text != "" && strings.IndexFunc(text, func(r rune) bool { return !is(r) }) < 0
}

func oneCase(text string, is, other func(rune) bool) bool {
	return strings.ContainsFunc(text, is) && !strings.ContainsFunc(text, other)
}

func list(texts []string) []any {
	out := make([]any, len(texts))
	for i, text := range texts {
		out[i] = text
	}
	return out
}

// characterAt turns an offset in bytes into one in characters.
func characterAt(text string, at int) int64 {
	if at < 0 {
		return -1
	}
	return length(text[:at])
}

// stripped takes white space, or the characters of the argument, off a text's ends.
func stripped(text string, c *call, left, right bool) string {
	drop := isSpace
	switch chars := c.optional("chars", nil).(type) {
	case nil:
	case string:
		drop = func(r rune) bool { return strings.ContainsRune(chars, r) }
	default:
		fail("%s wants characters, not %s", c.what, describe(chars))
	}
	if left {
		text = strings.TrimLeftFunc(text, drop)
	}
	if right {
		text = strings.TrimRightFunc(text, drop)
	}
	return text
}

// affix looks for one of several beginnings or ends.
func affix(text string, c *call, has func(text, affix string) bool) bool {
	many, ok := c.optional("affix", undefined{"affix"}).(tuple)
	if !ok {
		c.taken = 0
		return has(text, c.text("affix"))
	}
	return slices.ContainsFunc(many, func(one any) bool {
		s, ok := one.(string)
		return ok && has(text, s)
	})
}

func capitalized(text string) string {
	for i, r := range text {
		if i == 0 && r > unicode.MaxASCII {
			fail("capitalize is not supported for %q", r)
		}
		if i == 0 {
			text = strings.ToUpper(text[:1]) + cases.Lower(language.Und).String(text[1:])
		}
	}
	return text
}

// lines are the lines of a text without their ends [Python's str.splitlines].
func lines(text string) (out []string) {
	for text != "" {
		i := strings.IndexFunc(text, func(r rune) bool { return strings.ContainsRune("\n\r\v\f\x1c\x1d\x1e\u0085\u2028\u2029", r) })
		if i < 0 {
			return append(out, text)
		}
		out = append(out, text[:i])
		if rest, crlf := strings.CutPrefix(text[i:], "\r\n"); crlf {
			text = rest
			continue
		}
		_, width := utf8.DecodeRuneInString(text[i:])
		text = text[i+width:]
	}
	return out
}

func split(v any, c *call) any {
	text, separator, most := v.(string), c.optional("sep", nil), c.integer("maxsplit", -1)
	if separator == nil {
		return list(fields(text, most))
	}
	by, ok := separator.(string)
	if !ok || by == "" {
		fail("method split wants a text that is not empty as sep")
	}
	if most >= 0 {
		most++
	}
	return list(strings.SplitN(text, by, most))
}

// fields splits at white space, so many times at the most.
func fields(text string, most int) (out []string) {
	for text = strings.TrimLeftFunc(text, isSpace); text != ""; text = strings.TrimLeftFunc(text, isSpace) {
		i := strings.IndexFunc(text, isSpace)
		if i < 0 || len(out) == most {
			return append(out, text)
		}
		out, text = append(out, text[:i]), text[i:]
	}
	return out
}

func rsplit(v any, c *call) any {
	text, by, most := v.(string), c.text("sep"), c.integer("maxsplit", -1)
	var out []any
	for by != "" && (most < 0 || len(out) < most) {
		i := strings.LastIndex(text, by)
		if i < 0 {
			break
		}
		out, text = append(out, text[i+len(by):]), text[:i]
	}
	out = append(out, text)
	slices.Reverse(out)
	return out
}

var replacementField = regexp.MustCompile(`\{\{|\}\}|\{(\w*)\}|[{}]`)

// format is str.format for fields without attributes and formats: {}, {0} and {name}.
func format(v any, c *call) any {
	values, next, bytes := c.rest(), 0, 0
	show := func(value any) string {
		text := str(value)
		bytes += len(text)
		fits(bytes, 1)
		return text
	}
	named := *c.named
	*c.named = dict{}
	return replacementField.ReplaceAllStringFunc(v.(string), func(field string) string {
		name := strings.Trim(field, "{}")
		switch {
		case field == "{{" || field == "}}":
			return field[:1]
		case len(field) < 2:
			fail("method format: fields other than {}, {0} and {name} are not supported")
		}
		if value, ok := named.get(name); ok {
			return show(value)
		}
		at, err := strconv.Atoi(name)
		if name == "" {
			at, err = next, nil
			next++
		}
		if err != nil || at < 0 || at >= len(values) {
			fail("method format has no value for %s", field)
		}
		return show(values[at])
	})
}
