package reports

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Decoders' names are "family/key=value/…", settings in a fixed order. The reports read from them what varies.

// settings are the parts of a name after its family.
func settings(name string) (family string, parts []string) {
	all := strings.Split(name, "/")
	return all[0], all[1:]
}

// without is a name without one of its settings.
func without(name, key string) string {
	return strings.Join(slices.DeleteFunc(strings.Split(name, "/"), func(part string) bool {
		return strings.HasPrefix(part, key+"=")
	}), "/")
}

// shorten drops from decoders' names the settings that all of their family share.
func shorten(names []string) map[string]string {
	families := map[string][]string{}
	for _, name := range names {
		family, _ := settings(name)
		families[family] = append(families[family], name)
	}
	short := map[string]string{}
	for _, name := range names {
		family, parts := settings(name)
		text := family
		for _, part := range parts {
			shared := !slices.ContainsFunc(families[family], func(other string) bool {
				_, theirs := settings(other)
				return !slices.Contains(theirs, part)
			})
			if !shared || len(families[family]) == 1 {
				text += " " + part
			}
		}
		short[name] = text
	}
	return short
}

// names are the decoders' names, in their order.
func (s Summary) names() (names []string) {
	for _, d := range s.Decoders {
		names = append(names, d.Name)
	}
	return names
}

// numbers are those in a name.
var numbers = regexp.MustCompile(`\d+(\.\d+)?`)

// naturally compares names, numbers in them by their value: block=4 stands before block=16.
func naturally(a, b string) int {
	x, y := numbers.FindAllString(a, -1), numbers.FindAllString(b, -1)
	if order := strings.Compare(numbers.ReplaceAllString(a, "0"), numbers.ReplaceAllString(b, "0")); order != 0 {
		return order
	}
	for i := range x {
		v, _ := strconv.ParseFloat(x[i], 64)
		w, _ := strconv.ParseFloat(y[i], 64)
		if v != w {
			return cmp.Compare(v, w)
		}
	}
	return strings.Compare(a, b)
}
