package tokenizer

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"tandem/transformer/strictjson"
)

// parts are the parts of a tokenizer.json.
func parts(t *testing.T, data []byte, pre string) Vocabulary {
	t.Helper()
	var f file
	if err := strictjson.Unmarshal(data, &f); err != nil {
		t.Fatal(err)
	}
	v := Vocabulary{Pre: pre}
	set := func(id int32, token string) {
		v.Tokens = append(v.Tokens, make([]string, max(0, int(id)+1-len(v.Tokens)))...)
		v.Tokens[id] = token
	}
	for token, id := range f.Model.Vocab {
		set(id, token)
	}
	for _, a := range f.AddedTokens {
		set(a.ID, a.Content)
		v.Added = append(v.Added, a.ID)
	}
	for _, m := range f.Model.Merges {
		v.Merges = append(v.Merges, m[0]+" "+m[1])
	}
	return v
}

// TestNew: each pre-tokenizer's name gives what Hugging Face's tokenizers makes of the file that it stands for.
func TestNew(t *testing.T) {
	data, err := os.ReadFile("testdata/oracle.json")
	if err != nil {
		t.Fatal(err)
	}
	var oracle struct {
		Tokenizer json.RawMessage
		Texts     []string
		Cases     []struct {
			Name string
			IDs  [][]int32
		}
	}
	if err := json.Unmarshal(data, &oracle); err != nil {
		t.Fatal(err)
	}
	tested := 0
	for _, c := range oracle.Cases {
		name, known := map[string]string{"gpt2": "gpt-2", "qwen": "qwen2", "digits": "smollm", "default": "default"}[c.Name]
		if !known {
			continue
		}
		tested++
		tok, err := New(parts(t, oracle.Tokenizer, name))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for i, text := range oracle.Texts {
			if got := tok.Encode(text); !slices.Equal(got, c.IDs[i]) {
				t.Errorf("%s: Encode(%q) = %v, want %v", name, text, got, c.IDs[i])
			}
		}
	}
	if tested != 4 {
		t.Errorf("%d names were tested, want 4", tested)
	}
}

// TestWholePieces: of Llama 3 a piece that is a token needs no merges; of the others it does.
func TestWholePieces(t *testing.T) {
	for name, want := range map[string][]int32{"llama-bpe": {258}, "qwen2": {256, 257}} {
		v := parts(t, []byte(file257(byteLevel, "")), name)
		v.Merges = v.Merges[:2] // "he" and "ll"
		tok, err := New(v)
		if err != nil {
			t.Fatal(err)
		}
		if got := tok.Encode("hell"); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

// TestBefore: a beginning-of-sequence token stands before a whole text, be it empty, and is left to the caller.
func TestBefore(t *testing.T) {
	v := parts(t, []byte(file257(byteLevel, "")), "gpt-2")
	v.Before = []int32{260}
	tok, err := New(v)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string][]int32{"": {260}, "he": {260, 256}, "he<|end|>a": {260, 256, 260, 'a'}} {
		before, after := tok.Frame()
		if got := slices.Concat(before, tok.Encode(text), after); !slices.Equal(got, want) {
			t.Errorf("%q in its frame is %v, want %v", text, got, want)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(*Vocabulary)
		want  string
	}{
		{"unknown name", func(v *Vocabulary) { v.Pre = "grok-2" }, `pre-tokenizer "grok-2" is not supported; supported are bailingmoe, deepseek-r1-qwen, deepseek-v3, default`},
		{"token twice", func(v *Vocabulary) { v.Tokens[257] = "he" }, `tokens 256 and 257 are both "he"`},
		{"merge of one", func(v *Vocabulary) { v.Merges[1] = "ll" }, `merge 1: merge ["ll"] does not name two tokens`},
		{"merge of none", func(v *Vocabulary) { v.Merges[1] = "l x" }, "merge 1"},
		{"added outside", func(v *Vocabulary) { v.Added = append(v.Added, 999) }, "added token 999 lies outside the vocabulary of 262"},
		{"nothing before", func(v *Vocabulary) { v.Before = []int32{999} }, "token 999, which goes before every text, stands for nothing"},
		{"no bytes", func(v *Vocabulary) { v.Tokens['a'] = "" }, "no token for byte 0x61"},
		{"empty", func(v *Vocabulary) { *v = Vocabulary{} }, "no model with a vocabulary"},
		{"added without text", func(v *Vocabulary) { v.Tokens[9], v.Added = "", []int32{9} }, "added token 9 is empty"},
	} {
		v := parts(t, []byte(file257(byteLevel, "")), "")
		c.spoil(&v)
		_, err := New(v)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want one line with %q", c.name, err, c.want)
		}
	}
}
