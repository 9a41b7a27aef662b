package jinja

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"
)

// unsupportedHere are sources that Jinja renders and this package refuses, with what the refusal names.
var unsupportedHere = map[string]string{
	"{{ items.index(1) }}":          "index",
	"{{ text.zfill(3) }}":           "zfill",
	"{{ '%s' % n }}":                "%",
	"{{ f // 1 }}":                  "//",
	"{{ f % 2 }}":                   "%",
	"{{ 10 ** 20 }}":                "too large",
	"{{ 9223372036854775807 + 1 }}": "too large",
	"{{ self is defined }}":         "self",
	"{{ range(3) }}":                "has no text",
}

// TestGolden: small templates give what Jinja gives in transformers' environment, and fail where it fails. testdata/golden.py wrote
// the file.
func TestGolden(t *testing.T) {
	data, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Variables map[string]json.RawMessage
		Cases     []struct {
			Source string
			Want   *string
			Error  string
		}
	}
	if err := json.Unmarshal(data, &golden); err != nil {
		t.Fatal(err)
	}
	variables := map[string]any{}
	for name, text := range golden.Variables {
		if variables[name], err = FromJSON(text); err != nil {
			t.Fatal(err)
		}
	}
	if len(golden.Cases) < 350 {
		t.Fatalf("%d cases", len(golden.Cases))
	}
	for _, c := range golden.Cases {
		got, err := render(c.Source, variables)
		word, refused := unsupportedHere[c.Source]
		switch {
		case refused && (err == nil || !strings.Contains(err.Error(), word)):
			t.Errorf("%q gives %q, error %v; want an error that names %q", c.Source, got, err, word)
		case refused:
		case c.Want == nil && err == nil:
			t.Errorf("%q gives %q; Jinja fails: %s", c.Source, got, c.Error)
		case c.Want != nil && err != nil:
			t.Errorf("%q: %v; want %q", c.Source, err, *c.Want)
		case c.Want != nil && got != *c.Want:
			t.Errorf("%q gives %q, want %q", c.Source, got, *c.Want)
		}
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: the error has several lines: %v", c.Source, err)
		}
	}
}

func render(source string, variables map[string]any) (string, error) {
	t, err := Parse(source)
	if err != nil {
		return "", err
	}
	return t.Render(variables, time.Date(2025, 3, 7, 9, 5, 1, 0, time.UTC))
}

// What is not supported is an error that names it and its line.
func TestRefusals(t *testing.T) {
	for source, want := range map[string]string{
		"a\n{% raw %}{{ x }}{% endraw %}":        "line 2: raw blocks",
		"{% include 'x' %}":                      "include",
		"{% call m() %}{% endcall %}":            "call",
		"{% for i in x recursive %}{% endfor %}": "recursive",
		"{% if x %}\n\nb":                        "endif",
		"{{ x":                                   "}}",
		"{# x":                                   "comment",
		"{{ 'x }}":                               "string",
		"{{ x ] }}":                              "]",
		"{{ 1 2 }}":                              `"2"`,
		"{{ joiner() }}":                         "joiner",
		"{% break %}":                            "loop",
		"{{ '\\N{DASH}' }}":                      `\N`,
		"{% set ns = 1 %}{% set ns.a = 2 %}":     "namespace",
		"{{ " + strings.Repeat("(", 500) + "1" + strings.Repeat(")", 500) + " }}": "within each other",
		"{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}":                         "calls itself",
		"{{ 'a' * 99999999 }}": "too long",
		"{% for i in range(99999) %}{% for j in range(99999) %}{% set x = 1 %}{% endfor %}{% endfor %}": "steps",
		"{{ range(1000000) }}": "range",
		"{{ x.__class__ }}":    "__class__",
	} {
		if got, err := render(source, map[string]any{"x": 5}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q gives %q, error %v; want one with %q", source, got, err, want)
		}
	}
}

// TestGrowth: values that double or nest with each step of a loop end the rendering before they fill the memory or the stack.
func TestGrowth(t *testing.T) {
	for _, step := range []string{"n.x ~ n.x", "n.x + n.x", "[n.x, n.x] | join", "''.join([n.x, n.x])", "n.x.replace('', n.x)",
		"n.x | replace('a', n.x ~ 'a')", "(n.x ~ '\\n' ~ n.x) | indent(n.x)", "'{0}{0}'.format(n.x)", "[n.x, n.x]"} {
		source := "{% set n = namespace(x='a' * 1000) %}{% for i in range(50) %}{% set n.x = " + step + " %}{% endfor %}{{ n.x }}"
		if _, err := render(source, nil); err == nil || !strings.Contains(err.Error(), "text is too long") {
			t.Errorf("%s: %v", step, err)
		}
	}
	const nest = "{% set n = namespace(x=[], y=[]) %}{% for i in range(2000) %}{% set n.x = [n.x] %}{% set n.y = [n.y] %}{% endfor %}"
	for _, use := range []string{"{{ n.x }}", "{{ n.x | tojson }}", "{{ n.x == n.y }}"} {
		if _, err := render(nest+use, nil); err == nil || !strings.Contains(err.Error(), "more than 1000 deep") {
			t.Errorf("%s: %v", use, err)
		}
	}
	const double = "{% set n = namespace(x=[1]) %}{% for i in range(50) %}{% set n.x = n.x + n.x %}{% endfor %}"
	if _, err := render(double, nil); err == nil || !strings.Contains(err.Error(), "list is too long") {
		t.Errorf("a list: %v", err)
	}
}

// TestLines: a line's end may have several bytes, none of which begins the next line.
func TestLines(t *testing.T) {
	for text, want := range map[string]string{"a\nb\r\nc\n\n": "a|b|c|", "a\u2028b\u2029\u0085c\v": "a|b||c", "": "", "\u2028": ""} {
		if got := strings.Join(lines(text), "|"); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

// FuzzRender: no template panics or runs for ever.
func FuzzRender(f *testing.F) {
	for _, seed := range []string{"{{ x }}", "{% for i in x %}{{ i }}{% endfor %}", "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1) }}", "{{ 'a\\x41'[::-1] | upper }}",
		"{{ (1, 2)[-1] if x is defined else {} }}", "{%- set x = [1] -%}\n{#- c -#} {{ x | tojson(indent=1) }}"} {
		f.Add(seed)
	}
	x, err := FromJSON([]byte(`{"a": [1, 2.5, null, "é"], "b": {"c": true}}`))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, source string) {
		if len(source) < 1000 {
			render(source, map[string]any{"x": x})
		}
	})
}
