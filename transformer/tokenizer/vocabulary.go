package tokenizer

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A Vocabulary is a byte-level BPE tokenizer in the parts that formats other than tokenizer.json store.
type Vocabulary struct {
	Tokens []string // by id, in byte-level characters ("Ġthe"), added ones as they stand; "" is an id without a token
	Added  []int32  // ids of the tokens that are found in the text before anything else happens to it
	Before []int32  // ids that Frame has before a text: BOS, where the model was trained with it
	Merges []string // "left right", in the order of their ranks
	Pre    string   // the pre-tokenizer, by llama.cpp's name for it; "" is default
}

// New makes a tokenizer of its parts. Names of pre-tokenizers that it does not know are an error, as for Parse.
func New(v Vocabulary) (*Tokenizer, error) {
	f, err := v.file()
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %w", err)
	}
	t, err := build(f)
	if err != nil {
		return nil, err
	}
	for _, id := range v.Before {
		if t.Piece(id) == nil {
			return nil, fmt.Errorf("tokenizer: token %d, which goes before every text, stands for nothing", id)
		}
	}
	t.before = v.Before
	return t, nil
}

// A preset is what llama.cpp's name of a pre-tokenizer stands for, in tokenizer.json's terms.
type preset struct {
	nfc         bool
	wholePieces bool
	stages      []component
}

// Patterns of presets. defaultPunctuation and the two after it are the first, third and fourth of llama.cpp's default, which
// splits by GPT-2's pattern between them; bailingPattern is LLaDA's.
const (
	contractions = `(?i:'s|'t|'re|'ve|'m|'ll|'d)`
	wordsOf      = contractions + `|[^\r\n\p{L}\p{N}]?\p{L}+|`
	symbols      = `| ?[^\s\p{L}\p{N}]+[\r\n]*|`
	whiteSpace   = `\s*[\r\n]+|\s+(?!\S)|\s+`
	llamaPattern = wordsOf + `\p{N}{1,3}` + symbols + whiteSpace
	qwenPattern  = wordsOf + `\p{N}` + symbols + whiteSpace
	seedPattern  = wordsOf + `\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+|` + whiteSpace

	upper         = `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`
	lower         = `[\p{Ll}\p{Lm}\p{Lo}\p{M}]`
	tekkenSymbols = `| ?[^\s\p{L}\p{N}]+[\r\n/]*|`
	tekkenPattern = `[^\r\n\p{L}\p{N}]?` + upper + `*` + lower + `+|[^\r\n\p{L}\p{N}]?` + upper + `+` + lower + `*|\p{N}` +
		tekkenSymbols + whiteSpace
	bailingPattern = `'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+`

	deepseekNumbers = `\p{N}{1,3}`
	deepseekCJK     = `[一-龥\x{3040}-ゟ゠-ヿ]+`
	deepseekPattern = "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+" +
		`|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|` + whiteSpace

	defaultPunctuation = `[\p{P}\$\+<=>\^~\|]+`
	defaultNumbers     = `\p{N}+`
	defaultThrees      = `[0-9][0-9][0-9]`
)

// presets are the pre-tokenizers by llama.cpp's names [llama.cpp src/llama-vocab.cpp], as the tokenizer.json of the models
// has them: llama.cpp itself leaves the normalisation of Qwen out.
var presets = map[string]preset{
	"default":          {stages: []component{split(defaultPunctuation), split(gpt2Pattern), split(defaultNumbers), split(defaultThrees)}},
	"gpt-2":            {stages: []component{split(gpt2Pattern)}},
	"smollm":           {stages: []component{{Type: "Digits", IndividualDigits: true}, split(gpt2Pattern)}},
	"qwen2":            {nfc: true, stages: []component{split(qwenPattern)}},
	"deepseek-r1-qwen": {nfc: true, stages: []component{split(qwenPattern)}},
	"llama-bpe":        {wholePieces: true, stages: []component{split(llamaPattern)}},
	"tekken":           {wholePieces: true, stages: []component{split(tekkenPattern)}},
	"seed-coder":       {stages: []component{split(seedPattern)}},
	"deepseek-v3":      {stages: []component{split(deepseekNumbers), split(deepseekCJK), split(deepseekPattern)}},
	"bailingmoe":       {stages: []component{split(bailingPattern)}},
	"llada-moe":        {stages: []component{split(bailingPattern)}},
}

// split is the component that splits by a pattern.
func split(regex string) component {
	return component{Type: "Split", Behavior: "Isolated", Pattern: pattern{Regex: &regex}}
}

// file is the tokenizer.json of the vocabulary.
func (v Vocabulary) file() (*file, error) {
	name := v.Pre
	if name == "" {
		name = "default"
	}
	p, ok := presets[name]
	if !ok {
		return nil, fmt.Errorf("pre-tokenizer %q is not supported; supported are %s", name, strings.Join(slices.Sorted(maps.Keys(presets)), ", "))
	}
	if len(v.Tokens) > maxID {
		return nil, fmt.Errorf("%d tokens are more than the %d of any model", len(v.Tokens), maxID)
	}
	no := false
	byteLevel := component{Type: "ByteLevel", UseRegex: &no}
	f := &file{
		PreTokenizer: &component{Type: "Sequence", PreTokenizers: append(slices.Clone(p.stages), byteLevel)},
		Model:        &model{Type: "BPE", IgnoreMerges: p.wholePieces, Vocab: make(map[string]int32, len(v.Tokens)), Merges: make([]pair, len(v.Merges))},
	}
	if p.nfc {
		f.Normalizer = &component{Type: "NFC"}
	}
	for id, token := range v.Tokens {
		if token == "" {
			continue
		}
		if first, twice := f.Model.Vocab[token]; twice {
			return nil, fmt.Errorf("tokens %d and %d are both %q", first, id, token)
		}
		f.Model.Vocab[token] = int32(id)
	}
	for i, m := range v.Merges {
		if err := f.Model.Merges[i].set(strings.Split(m, " ")); err != nil {
			return nil, fmt.Errorf("merge %d: %w", i, err)
		}
	}
	for _, id := range v.Added {
		if id < 0 || int(id) >= len(v.Tokens) {
			return nil, fmt.Errorf("added token %d lies outside the vocabulary of %d", id, len(v.Tokens))
		}
		f.AddedTokens = append(f.AddedTokens, addedEntry{ID: id, Content: v.Tokens[id]})
	}
	return f, nil
}
