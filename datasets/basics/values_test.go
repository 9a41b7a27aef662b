package basics

import "testing"

func TestDivAndModAreThoseOfPython(t *testing.T) {
	for _, c := range []struct{ x, k, div, mod int }{
		{7, 3, 2, 1}, {-7, 3, -3, 2}, {-9, 3, -3, 0}, {0, 5, 0, 0}, {-1, 9, -1, 8}, {20, 2, 10, 0},
	} {
		if div(c.x, c.k) != c.div || mod(c.x, c.k) != c.mod {
			t.Errorf("%d // %d = %d and %% %d, want %d and %d", c.x, c.k, div(c.x, c.k), mod(c.x, c.k), c.div, c.mod)
		}
	}
}

func TestReprIsThatOfPython(t *testing.T) {
	for _, c := range []struct {
		value any
		want  string
	}{
		{-3, "-3"}, {true, "True"}, {"a b", "'a b'"}, {[]int{}, "[]"}, {[]int{1, -2}, "[1, -2]"},
		{[]string{"x", "y"}, "['x', 'y']"}, {[][]int{{}, {4, 7}}, "[[], [4, 7]]"},
		{dict{{"ann", 1}, {"bob", -2}}, "{'ann': 1, 'bob': -2}"}, {dict{{false, 3}}, "{False: 3}"},
		{dict(nil), "{}"}, {keyList{2, true}, "[2, True]"}, {[]any{[]int{1}, "s"}, "[1], 's'"},
	} {
		if got := repr(c.value); got != c.want {
			t.Errorf("repr(%v) = %s, want %s", c.value, got, c.want)
		}
	}
}

func TestKeysByValueKeepsTiesInOrder(t *testing.T) {
	if got := repr(keysByValue(dict{{"b", 2}, {"a", 2}, {"c", 1}})); got != "['c', 'b', 'a']" {
		t.Errorf("got %s", got)
	}
}

func TestExpand(t *testing.T) {
	for _, c := range []struct{ template, want string }{
		{"{x} % {k} == 0", "n % 3 == 0"}, {"groups = {}", "groups = {}"}, {"none", "none"}, {"{other} {x}", "{other} n"},
	} {
		if got := expand(c.template, "x", "n", "k", "3"); got != c.want {
			t.Errorf("expand(%q) = %q, want %q", c.template, got, c.want)
		}
	}
}
