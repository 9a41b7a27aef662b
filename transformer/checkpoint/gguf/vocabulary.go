package gguf

import (
	"fmt"
	"slices"

	"tandem/transformer/tokenizer"
)

// Keys of the tokenizer.
const (
	keyModel  = "tokenizer.ggml.model"
	keyPre    = "tokenizer.ggml.pre"
	keyTokens = "tokenizer.ggml.tokens"
	keyTypes  = "tokenizer.ggml.token_type"
	keyMerges = "tokenizer.ggml.merges"
	keyBOS    = "tokenizer.ggml.bos_token_id"
	keyEOS    = "tokenizer.ggml.eos_token_id"
	keyEOT    = "tokenizer.ggml.eot_token_id"
	keyEOM    = "tokenizer.ggml.eom_token_id"
	keyMask   = "tokenizer.ggml.mask_token_id"
	keyAddBOS = "tokenizer.ggml.add_bos_token"
)

// The types of tokens [llama.cpp include/llama.h].
const (
	tokenNormal = iota + 1
	tokenUnknown
	tokenControl
	tokenUserDefined
	tokenUnused
)

// special are the ids of the tokens that mean something to a decoder; -1 stands for none.
type special struct {
	BOS    int32
	AddBOS bool    // the model was trained with BOS before every text: the tokenizer's Frame has it
	EOS    []int32 // any of them ends a text: the end of sequence, of a turn and of a message
	Mask   int32
}

// tokens is how many ids the vocabulary has.
func (f *File) tokens() int {
	list, _ := f.metadata[keyTokens].([]string)
	return len(list)
}

// special reads the special ids. A mask must be a token that no text becomes, and no end.
func (f *File) special() (special, error) {
	var s special
	var err error
	if s.BOS, err = f.tokenID(keyBOS); err != nil {
		return s, err
	}
	if s.Mask, err = f.tokenID(keyMask); err != nil {
		return s, err
	}
	// llama.cpp's own default for Llama 3, whose files leave the key out [src/llama-vocab.cpp].
	if s.AddBOS, err = f.metadata.flag(keyAddBOS, f.metadata[keyPre] == "llama-bpe"); err != nil {
		return s, err
	}
	s.AddBOS = s.AddBOS && s.BOS >= 0
	for _, key := range []string{keyEOS, keyEOT, keyEOM} {
		id, err := f.tokenID(key)
		if err != nil {
			return s, err
		}
		if id >= 0 && !slices.Contains(s.EOS, id) {
			s.EOS = append(s.EOS, id)
		}
	}
	if s.Mask < 0 {
		return s, nil
	}
	types, err := f.tokenTypes()
	if err != nil {
		return s, err
	}
	if kind := types[s.Mask]; kind != tokenControl && kind != tokenUserDefined {
		return s, fmt.Errorf("key %q is %d, a plain token that text may hold: convert the model again", keyMask, s.Mask)
	}
	if slices.Contains(s.EOS, s.Mask) {
		return s, fmt.Errorf("key %q is %d, which also ends a text: convert the model again", keyMask, s.Mask)
	}
	return s, nil
}

// tokenID is the id under a key, -1 where the file has none.
func (f *File) tokenID(key string) (int32, error) {
	id, err := f.metadata.integer(key, -1)
	if err != nil {
		return -1, err
	}
	if _, there := f.metadata[key]; there && (id < 0 || id >= int64(f.tokens())) {
		return -1, fmt.Errorf("key %q: token %d lies outside the vocabulary of %d: convert the model again", key, id, f.tokens())
	}
	return int32(id), nil
}

// tokenTypes are the types of the tokens by id.
func (f *File) tokenTypes() ([]int64, error) {
	list, ok := f.metadata[keyTypes].(array)
	if !ok || list.len() != f.tokens() {
		return nil, fmt.Errorf("key %q is missing, or has not one type for each token: convert the model again", keyTypes)
	}
	types := make([]int64, list.len())
	for id := range types {
		kind, ok := list.at(id).(int64)
		if !ok || kind < tokenNormal || kind > tokenUnused {
			return nil, fmt.Errorf("key %q: token %d has type %v, which byte-level BPE does not have", keyTypes, id, list.at(id))
		}
		types[id] = kind
	}
	return types, nil
}

// Tokenizer is the file's tokenizer. Byte-level BPE is supported, which llama.cpp calls gpt2.
func (f *File) Tokenizer() (*tokenizer.Tokenizer, error) {
	model, err := f.metadata.text(keyModel, "")
	if err != nil {
		return nil, err
	}
	if model != "gpt2" {
		return nil, fmt.Errorf("tokenizer %q is not supported; only gpt2, byte-level BPE, is", model)
	}
	pre, err := f.metadata.text(keyPre, "")
	if err != nil {
		return nil, err
	}
	tokens, err := value[[]string](f.metadata, keyTokens, nil)
	if err != nil {
		return nil, err
	}
	merges, err := value[[]string](f.metadata, keyMerges, nil)
	if err != nil {
		return nil, err
	}
	types, err := f.tokenTypes()
	if err != nil {
		return nil, err
	}
	ids, err := f.special()
	if err != nil {
		return nil, err
	}
	v := tokenizer.Vocabulary{Tokens: slices.Clone(tokens), Merges: merges, Pre: pre}
	if ids.AddBOS {
		v.Before = []int32{ids.BOS}
	}
	for id, kind := range types {
		switch kind {
		case tokenUnused:
			v.Tokens[id] = ""
		case tokenControl, tokenUserDefined, tokenUnknown:
			v.Added = append(v.Added, int32(id))
		}
	}
	return tokenizer.New(v)
}
