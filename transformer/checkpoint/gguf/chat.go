package gguf

// keyChat is the chat template; without it the model is spoken to in no particular way.
const keyChat = "tokenizer.chat_template"

// specialKeys are the metadata keys of the special tokens' ids, by the names that chat templates know them by.
var specialKeys = map[string]string{"bos_token": keyBOS, "eos_token": keyEOS, "unk_token": "tokenizer.ggml.unknown_token_id", "pad_token": "tokenizer.ggml.padding_token_id"}

// ChatTemplate is the source of the file's chat template, empty where it has none, and the texts of the special tokens, by the names
// that templates know them by.
func (f *File) ChatTemplate() (source string, special map[string]string, err error) {
	if source, err = f.metadata.text(keyChat, ""); err != nil || source == "" {
		return "", nil, err
	}
	tokens, err := value[[]string](f.metadata, keyTokens, nil)
	if err != nil {
		return "", nil, err
	}
	special = map[string]string{}
	for name, key := range specialKeys {
		id, err := f.tokenID(key)
		if err != nil {
			return "", nil, err
		}
		if id >= 0 {
			special[name] = tokens[id]
		}
	}
	return source, special, nil
}
