package tokenizer

import (
	"slices"
	"strings"
	"sync"
	"testing"
)

// FuzzRoundTrip: byte-level tokens without a normalizer decode to the text that they are of, be it UTF-8 or not.
func FuzzRoundTrip(f *testing.F) {
	tok, err := Parse([]byte(file257(byteLevel, "")))
	if err != nil {
		f.Fatal(err)
	}
	f.Add("hell <|end|> é\xff\xe2\x82 ", true)
	f.Fuzz(func(t *testing.T, text string, twice bool) {
		if twice {
			text += text
		}
		if back := tok.Decode(tok.Encode(text)); back != text {
			t.Errorf("%q becomes %q", text, back)
		}
	})
}

// TestInvalid: a byte that is no UTF-8 is split as U+FFFD is, and is kept.
func TestInvalid(t *testing.T) {
	pattern_ := `[^\s\p{L}]+|\p{L}+|\s+`
	for text, want := range map[string][]string{
		"a\xff\xfe b":  {"a", "\xff\xfe", " ", "b"},
		"a\uFFFD b":    {"a", "\uFFFD", " ", "b"},
		"\xe4\xb8x":    {"\xe4\xb8", "x"},
		"中\xb8\xadx":   {"中", "\xb8\xad", "x"},
		"\xf0\x9f\x99": {"\xf0\x9f\x99"},
	} {
		if got := pieces(t, component{Behavior: "Isolated", Pattern: pattern{Regex: &pattern_}}, text); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got := (form{forms["NFC"], true}).normalize("e\u0301\xff\u0301\u1ac1"); got != "é\xff\u0301\u1ac1" {
		t.Errorf("%q", got)
	}
}

// TestConcurrent: goroutines that share a tokenizer, and so what it remembers, get the same tokens as one alone.
func TestConcurrent(t *testing.T) {
	tok, err := Parse([]byte(file257(byteLevel, "")))
	if err != nil {
		t.Fatal(err)
	}
	texts := make([]string, 200)
	for i := range texts {
		texts[i] = strings.Repeat("hell ", i%7) + strings.Repeat("he", i) + " <|end|>"
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			fresh, _ := Parse([]byte(file257(byteLevel, "")))
			for _, text := range texts {
				if got, want := tok.Encode(text), fresh.Encode(text); !slices.Equal(got, want) {
					t.Errorf("Encode(%q) = %v, want %v", text, got, want)
				}
			}
		})
	}
	all.Wait()
}

// TestTokensFound: of 800 tokens that begin alike each is found, the longest of those that end at several places.
func TestTokensFound(t *testing.T) {
	var a addedTokens
	for i := range 800 {
		a.add(addedToken{content: "<|" + strings.Repeat("x", i), id: int32(i)})
	}
	for i := range 800 {
		var got []int32
		a.cut(piece{text: "<|" + strings.Repeat("x", i) + "y<"}, func(id int32) { got = append(got, id) }, func(p piece) {
			if p.text != "y<" {
				t.Errorf("%d: between them lies %q", i, p.text)
			}
		})
		if !slices.Equal(got, []int32{int32(i)}) {
			t.Errorf("%d: found %v", i, got)
		}
	}
}
