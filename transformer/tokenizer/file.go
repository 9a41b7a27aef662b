package tokenizer

import (
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// file is the part of tokenizer.json that Encode, Decode and Frame depend on. Truncation and padding are left to the caller.
type file struct {
	AddedTokens   []addedEntry   `json:"added_tokens"`
	Normalizer    *component     `json:"normalizer"`
	PreTokenizer  *component     `json:"pre_tokenizer"`
	PostProcessor *postProcessor `json:"post_processor"`
	Decoder       *component     `json:"decoder"`
	Model         *model         `json:"model"`
}

type addedEntry struct {
	ID         int32  `json:"id"`
	Content    string `json:"content"`
	SingleWord bool   `json:"single_word"`
	LStrip     bool   `json:"lstrip"`
	RStrip     bool   `json:"rstrip"`
	Normalized bool   `json:"normalized"`
}

// component is a normalizer, a pre-tokenizer or a decoder.
type component struct {
	Type             string      `json:"type"`
	Normalizers      []component `json:"normalizers"`
	PreTokenizers    []component `json:"pretokenizers"`
	Decoders         []component `json:"decoders"`
	Behavior         string      `json:"behavior"`
	Invert           bool        `json:"invert"`
	AddPrefixSpace   *bool       `json:"add_prefix_space"`
	UseRegex         *bool       `json:"use_regex"`
	IndividualDigits bool        `json:"individual_digits"`
	Pattern          pattern     `json:"pattern"`
	Content          string      `json:"content"`
	Prepend          string      `json:"prepend"`
	Replacement      string      `json:"replacement"`
	PrependScheme    string      `json:"prepend_scheme"`
	Split            *bool       `json:"split"`
	Start            int         `json:"start"`
	Stop             int         `json:"stop"`
}

type pattern struct {
	Regex  *string `json:"Regex"`
	String *string `json:"String"`
}

// scheme says which pieces Metaspace puts its character before: always, first or never.
func (c component) scheme() (string, error) {
	scheme := c.PrependScheme
	if scheme == "" {
		scheme = "always"
	}
	if c.AddPrefixSpace != nil && *c.AddPrefixSpace != (scheme != "never") { // as older files have it
		return "", errors.New("add_prefix_space contradicts prepend_scheme")
	}
	if scheme != "always" && scheme != "first" && scheme != "never" {
		return "", fmt.Errorf("prepend_scheme %q is not supported", scheme)
	}
	if c.Replacement == "" || strings.Contains(c.Replacement, " ") {
		return "", fmt.Errorf("the replacement %q is not supported", c.Replacement)
	}
	return scheme, nil
}

// flatten lists the parts of a component, which may be a Sequence or nil.
func flatten(c *component, parts func(component) []component) []component {
	if c == nil {
		return nil
	}
	if c.Type != "Sequence" {
		return []component{*c}
	}
	var out []component
	for _, p := range parts(*c) {
		out = append(out, flatten(&p, parts)...)
	}
	return out
}

type model struct {
	Type                    string           `json:"type"`
	Dropout                 *float64         `json:"dropout"`
	Unknown                 *string          `json:"unk_token"`
	FuseUnknown             bool             `json:"fuse_unk"`
	ContinuingSubwordPrefix string           `json:"continuing_subword_prefix"`
	EndOfWordSuffix         string           `json:"end_of_word_suffix"`
	ByteFallback            bool             `json:"byte_fallback"`
	IgnoreMerges            bool             `json:"ignore_merges"`
	Vocab                   map[string]int32 `json:"vocab"`
	Merges                  []pair           `json:"merges"`
}

// pair is a merge: ["a","b"], or "a b" in older files.
type pair [2]string

func (p *pair) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	var list []string
	if d.PeekKind() == '"' {
		var s string
		if err := json.UnmarshalDecode(d, &s); err != nil {
			return err
		}
		list = strings.Split(s, " ")
	} else if err := json.UnmarshalDecode(d, &list); err != nil {
		return err
	}
	return p.set(list)
}

func (p *pair) set(list []string) error {
	if len(list) != 2 || list[0] == "" || list[1] == "" {
		return fmt.Errorf("merge %q does not name two tokens", list)
	}
	*p = pair{list[0], list[1]}
	return nil
}

// unmerged is how many tokens nothing makes, where there are no merges: those of several bytes that no text is searched for.
func (f *file) unmerged() (many int) {
	m := f.Model
	if len(m.Merges) > 0 || m.IgnoreMerges {
		return 0
	}
	added := make(map[string]bool, len(f.AddedTokens))
	for _, a := range f.AddedTokens {
		added[a.Content] = true
	}
	for entry := range m.Vocab {
		if raw, ok := rawBytes(entry); ok && len(raw) > 1 && !added[entry] {
			many++
		}
	}
	return many
}
