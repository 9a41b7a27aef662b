package tokenizer

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// file257 is a tokenizer.json of the 256 bytes, "he", "ll", "hell", " he" and two added tokens.
func file257(pre, rest string) string {
	var vocab []string
	for r, b := range byteOf {
		entry := string(r)
		if r == '"' || r == '\\' {
			entry = `\` + entry
		}
		vocab = append(vocab, fmt.Sprintf(`"%s":%d`, entry, b))
	}
	vocab = append(vocab, `"he":256`, `"ll":257`, `"hell":258`, `"Ġhe":259`)
	return fmt.Sprintf(`{"added_tokens":[{"id":260,"content":"<|end|>","special":true},{"id":261,"content":"<|end|>!"}],
		"pre_tokenizer":%s,%s"model":{"type":"BPE","vocab":{%s},"merges":["h e","l l",["he","ll"],["Ġ","he"]]}}`,
		pre, rest, strings.Join(vocab, ","))
}

const byteLevel = `{"type":"ByteLevel","add_prefix_space":false}`

func TestEncode(t *testing.T) {
	tok, err := Parse([]byte(file257(byteLevel, "")))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		text string
		want []int32
	}{
		{"", []int32{}},
		{"hell", []int32{258}},
		{" hell", []int32{' ', 258}}, // rank order: "he"+"ll" goes before " "+"he"
		{" he", []int32{259}},
		{"lll", []int32{257, 'l'}},
		{"a<|end|>he", []int32{'a', 260, 256}},
		{"<|end|>!<|end|>", []int32{261, 260}},
		{"é", []int32{0xc3, 0xa9}},
		{"\xff", []int32{0xff}},
	} {
		got := tok.Encode(c.text)
		if !slices.Equal(got, c.want) {
			t.Errorf("Encode(%q) = %v, want %v", c.text, got, c.want)
		}
		if back := tok.Decode(got); back != c.text {
			t.Errorf("Decode(Encode(%q)) = %q", c.text, back)
		}
	}
	if id, ok := tok.ID("<|end|>"); !ok || id != 260 {
		t.Errorf("ID of an added token: %d %v", id, ok)
	}
	if id, ok := tok.ID(" he"); !ok || id != 259 {
		t.Errorf("ID of a plain token: %d %v", id, ok)
	}
	if _, ok := tok.ID("nothing"); ok || tok.Size() != 262 || tok.Piece(262) != nil || tok.Piece(-1) != nil {
		t.Error("unknown tokens are known, or Size is wrong")
	}
	if s := tok.Decode([]int32{'a', 999}); s != "a\uFFFD" {
		t.Errorf("unknown id decodes to %q", s)
	}
}

func TestParseRefuses(t *testing.T) {
	good := file257(byteLevel, "")
	split := func(fields string) string {
		return file257(`{"type":"Sequence","pretokenizers":[{"type":"Split",`+fields+`},{"type":"ByteLevel","add_prefix_space":false,"use_regex":false}]}`, "")
	}
	for _, c := range []struct{ name, file, want string }{
		{"not JSON", "{", "not a tokenizer.json"},
		{"empty", "{}", "no model"},
		{"other model", strings.Replace(good, `"BPE"`, `"Unigram"`, 1), `model type "Unigram"`},
		{"sentencepiece", strings.Replace(good, `"BPE"`, `"BPE","byte_fallback":true`, 1), "byte_fallback"},
		{"dropout", strings.Replace(good, `"BPE"`, `"BPE","dropout":0.1`, 1), "dropout"},
		{"suffix", strings.Replace(good, `"BPE"`, `"BPE","end_of_word_suffix":"</w>"`, 1), "suffix"},
		{"missing byte", strings.Replace(good, `"Ġ":32`, `"Ġx":32`, 1), "byte 0x20"},
		{"merge without result", strings.Replace(good, `"hell":258`, `"hexx":258`, 1), "merge 2"},
		{"merge of one", strings.Replace(good, `"h e"`, `"he"`, 1), "does not name two"},
		{"merge of nothing", strings.Replace(good, `"h e"`, `"h "`, 1), "does not name two"},
		{"merge without tokens", strings.Replace(good, `["he","ll"]`, `["he","zz"]`, 1), `merge 2, "he" + "zz", uses a token that is not in the vocabulary`},
		{"null merge", strings.Replace(good, `"h e"`, `null`, 1), "does not name two"},
		{"no merges", strings.Replace(good, `"merges"`, `"other"`, 1), "no merges, but 4 tokens of several bytes"},
		{"empty merges", strings.Replace(good, `["h e","l l",["he","ll"],["Ġ","he"]]`, `[]`, 1), "no merges, but 4 tokens of several bytes"},
		{"entry twice", strings.Replace(good, `"hell":258`, `"hell":258,"hell":258`, 1), `key "hell" stands twice in model/vocab: keep one of them`},
		{"entry twice, escaped", strings.Replace(good, `"hell":258`, `"hell":258,"\u0068ell":300`, 1), `key "hell" stands twice`},
		{"model twice", strings.Replace(good, `"model":`, `"model":{},"model":`, 1), `key "model" stands twice`},
		{"invalid UTF-8", strings.Replace(good, `"hell"`, "\"hell\xff\"", 1), "invalid UTF-8"},
		{"id twice", strings.Replace(good, `"hell":258`, `"hell":257`, 1), "share the id 257"},
		{"added id taken", strings.Replace(good, `"id":260`, `"id":259`, 1), `tokens " he" and "<|end|>" share the id 259`},
		{"added token with two ids", strings.Replace(good, `<|end|>!`, `<|end|>`, 1), `added token "<|end|>" has the ids 260 and 261`},
		{"added token of the vocabulary with another id", strings.Replace(good, `<|end|>!`, `hell`, 1), `added token "hell" has the ids 258 and 261`},
		{"too large", good + strings.Repeat(" ", MaxBytes), "bytes are more than the 67108864 that any published one needs"},
		{"negative id", strings.Replace(good, `"hell":258`, `"hell":-1`, 1), "outside"},
		{"huge id", strings.Replace(good, `"hell":258`, `"hell":2000000000`, 1), "outside"},
		{"no pre-tokenizer", file257("null", ""), "no pre_tokenizer"},
		{"other pre-tokenizer", file257(`{"type":"Metaspace"}`, ""), `"Metaspace"`},
		{"no ByteLevel", file257(`{"type":"Split","pattern":{"Regex":"a"},"behavior":"Isolated"}`, ""), "no ByteLevel"},
		{"bad pattern", split(`"pattern":{"Regex":"("},"behavior":"Isolated"`), "pattern"},
		{"no pattern", split(`"pattern":{"String":""},"behavior":"Isolated"`), "neither a Regex nor a String"},
		{"other behavior", split(`"pattern":{"Regex":"a"},"behavior":"Merged"`), `behavior "Merged"`},
		{"normalizer", file257(byteLevel, `"normalizer":{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Lowercase"}]},`), "Lowercase"},
		{"decoder", file257(byteLevel, `"decoder":{"type":"WordPiece"},`), "WordPiece"},
	} {
		_, err := Parse([]byte(c.file))
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want one line with %q", c.name, err, c.want)
		}
	}
}

// TestAdded: of the added tokens at a place the longest counts; one that the vocabulary lists too keeps its id, and one that
// stands twice counts once.
func TestAdded(t *testing.T) {
	file := strings.Replace(file257(byteLevel, ""), `"added_tokens":[`, `"added_tokens":[{"id":260,"content":"<|end|>"},{"id":259,"content":"Ġhe"},
		{"id":262,"content":"<|","lstrip":true},{"id":263,"content":"zz","rstrip":true,"normalized":true},`, 1)
	tok, err := Parse([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string][]int32{
		"<|end|>!<|end|>x": {261, 260, 'x'},
		"a  <|enzz \n b":   {'a', 262, 'e', 'n', 263, 'b'},
		" heĠhe":           {259, 259},
		"<|end|><|end|":    {260, 262, 'e', 'n', 'd', '|'},
	} {
		if got := tok.Encode(text); !slices.Equal(got, want) {
			t.Errorf("Encode(%q) = %v, want %v", text, got, want)
		}
	}
}

// FuzzParse: a tokenizer.json is read or refused in one line, and one that is read encodes any text.
func FuzzParse(f *testing.F) {
	f.Add([]byte(file257(byteLevel, "")), "hell <|end|>")
	f.Add([]byte(file257(`{"type":"Split","pattern":{"Regex":"a"},"behavior":"Isolated"}`, `"normalizer":{"type":"NFC"},`)), "\xffhe")
	f.Add([]byte(`{"model":{"vocab":{"a":1,"a":2},"merges":[["a"],"a b",null]}}`), "")
	f.Fuzz(func(t *testing.T, data []byte, text string) {
		tok, err := Parse(data)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\r\n") {
				t.Errorf("%q", err)
			}
			return
		}
		for _, id := range tok.Encode(text) {
			if tok.Piece(id) == nil {
				t.Fatalf("Encode(%q) has token %d, which stands for nothing", text, id)
			}
		}
	})
}

// TestSplit has the alternatives of the patterns; the pieces of a text are given, joined they are the text.
func TestSplit(t *testing.T) {
	for _, c := range []struct {
		name, pattern string
		want          []string
	}{
		{"gpt2", gpt2Pattern, []string{"it", "'s", " we", "'ll", "'", "LL"}},
		{"gpt2", gpt2Pattern, []string{"a", " ", " b", "\n", "c", "\n\n   ", " c"}},
		{"gpt2", gpt2Pattern, []string{"x", "123", " 45", "!!", " ??", "  "}},
		{"qwen", qwenPattern, []string{"it", "'s", " we", "'LL", "'ſ", "'x"}},
		{"qwen", qwenPattern, []string{"x", "1", "2", " ", "3", "'", "1"}},
		{"qwen", qwenPattern, []string{"f", "(x", "):\n", "   ", " return", " x", "\n\n", "   ", " y", " +=", " ", "1", "\n"}},
		{"qwen", qwenPattern, []string{"(a", ",b", " \",", "é", "²", "½", "日本"}},
		{"qwen", qwenPattern, []string{"a", "  \n  \n", " ", " b", "\t", "\tc", "\u00a0d", "  "}},
		{"llama", llamaPattern, []string{"123", "45", " ", "678", " x", "'re"}},
	} {
		got := pieces(t, component{Behavior: "Isolated", Pattern: pattern{Regex: &c.pattern}}, strings.Join(c.want, ""))
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// pieces are what a component Split makes of a text.
func pieces(t *testing.T, c component, text string) (out []string) {
	t.Helper()
	split, err := splitStage(c)
	if err != nil {
		t.Fatal(err)
	}
	split(piece{text: text}, func(p piece) { out = append(out, p.text) })
	return out
}

// TestFrame: the tokens that a post-processor puts around a sequence, and what is no post-processor of a single one.
func TestFrame(t *testing.T) {
	template := func(single string) string {
		return `{"type":"TemplateProcessing","single":[` + single + `],"special_tokens":{"<|end|>":{"id":"<|end|>","ids":[260]},"two":{"ids":[261,260]},"far":{"ids":[999]}}}`
	}
	word := func(id string) string { return `{"SpecialToken":{"id":"` + id + `","type_id":0}}` }
	sequence := `{"Sequence":{"id":"A","type_id":0}}`
	bytes := `{"type":"ByteLevel","trim_offsets":true}`
	for _, c := range []struct {
		post          string
		before, after []int32
		refused       string
	}{
		{post: `null`},
		{post: bytes},
		{post: template(word("<|end|>") + "," + sequence), before: []int32{260}},
		{post: template(sequence + "," + word("two")), after: []int32{261, 260}},
		{post: `{"type":"Sequence","processors":[` + bytes + `,` + template(word("two")+","+sequence) + `,` +
			template(word("<|end|>")+","+sequence+","+word("<|end|>")) + `]}`, before: []int32{260, 261, 260}, after: []int32{260}},
		{post: template(word("<|end|>")), refused: "names the sequence A 0 times"},
		{post: template(sequence + "," + sequence), refused: "names the sequence A 2 times"},
		{post: template(word("other") + "," + sequence), refused: `the template's token "other" is not among its special_tokens`},
		{post: template(word("far") + "," + sequence), refused: "post-processor: token 999 is not in the vocabulary"},
		{post: template(`{"Sequence":{"id":"B"}}`), refused: "neither a special token nor the sequence A"},
		{post: `{"type":"Bert"}`, refused: `post-processor: "Bert" is not supported`},
	} {
		tok, err := Parse([]byte(file257(byteLevel, `"post_processor":`+c.post+`,`)))
		if c.refused != "" {
			if err == nil || !strings.Contains(err.Error(), c.refused) {
				t.Errorf("%s: error %v, want %q", c.post, err, c.refused)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.post, err)
			continue
		}
		if before, after := tok.Frame(); !slices.Equal(before, c.before) || !slices.Equal(after, c.after) {
			t.Errorf("%s: %v and %v, want %v and %v", c.post, before, after, c.before, c.after)
		}
	}
}
