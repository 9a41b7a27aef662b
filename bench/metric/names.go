package metric

import (
	"slices"
	"strings"
)

// Decoders' names are "family/key=value/…", settings in a fixed order. What reads records learns from them what varies.

// IsAR says whether a decoder's name is that of an autoregressive one.
func IsAR(name string) bool { return family(name) == "ar" }

// family is what a name begins with.
func family(name string) string {
	family, _, _ := strings.Cut(name, "/")
	return family
}

// IsUncached says whether a name is that of a control that computes everything anew in each forward.
func IsUncached(name string) bool { return slices.Contains(strings.Split(name, "/"), "uncached") }

// Setting is the value of a key in a name.
func Setting(name, key string) (value string, ok bool) {
	for _, part := range strings.Split(name, "/")[1:] {
		if value, ok = strings.CutPrefix(part, key+"="); ok {
			return value, true
		}
	}
	return "", false
}

// SamePrompt says whether two decoders are asked alike. Where they are not, they do different work, and the ratio of their times says
// nothing of decoding.
func SamePrompt(a, b string) bool {
	x, _ := Setting(a, "prompt")
	y, _ := Setting(b, "prompt")
	return x == y
}
