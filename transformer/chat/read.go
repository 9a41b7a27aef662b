package chat

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// maxFile is the most bytes of a file that may hold a template: tokenizer_config.json with thousands of added tokens has 2 MB.
const maxFile = 16 << 20

// Read finds the chat template of a checkpoint's folder in Hugging Face's format; nil where it has none. The file chat_template.jinja
// wins over tokenizer_config.json, and that over chat_template.json, which processors have. Of several templates in
// tokenizer_config.json the one that is named default counts.
func Read(dir fs.FS) (*Template, error) {
	var config map[string]json.RawMessage
	if err := readJSON(dir, "tokenizer_config.json", &config); err != nil {
		return nil, err
	}
	tokens := map[string]string{}
	for name, value := range config {
		if text := tokenText(value); strings.HasSuffix(name, "_token") && text != "" {
			tokens[name] = text
		}
	}
	source, err := read(dir, "chat_template.jinja")
	if err != nil {
		return nil, fmt.Errorf("chat_template.jinja: %w", err)
	}
	if source != nil {
		return New(string(source), tokens), nil
	}
	text, err := named(config["chat_template"])
	if err != nil {
		return nil, fmt.Errorf("tokenizer_config.json: %w", err)
	}
	if text == "" {
		var processor map[string]json.RawMessage
		if err := readJSON(dir, "chat_template.json", &processor); err != nil {
			return nil, err
		}
		if text, err = named(processor["chat_template"]); err != nil {
			return nil, fmt.Errorf("chat_template.json: %w", err)
		}
	}
	if text == "" {
		return nil, nil
	}
	return New(text, tokens), nil
}

// tokenText is a special token: a text, or an object with it as content; empty for anything else.
func tokenText(value json.RawMessage) (text string) {
	var object struct{ Content string }
	if json.Unmarshal(value, &text) != nil && json.Unmarshal(value, &object) == nil {
		return object.Content
	}
	return text
}

// named is a template: a text, or the one named default of a list.
func named(value json.RawMessage) (text string, err error) {
	var list []struct{ Name, Template string }
	switch {
	case len(value) == 0 || string(value) == "null" || json.Unmarshal(value, &text) == nil:
		return text, nil
	case json.Unmarshal(value, &list) != nil:
		return "", errors.New("chat_template is neither a text nor a list of named ones: fetch it again")
	}
	names := make([]string, len(list))
	for i, one := range list {
		if names[i] = one.Name; one.Name == "default" {
			return one.Template, nil
		}
	}
	return "", fmt.Errorf("chat_template has the templates %s and none that is named default: name one of them so", strings.Join(names, ", "))
}

func readJSON(dir fs.FS, name string, into any) error {
	data, err := read(dir, name)
	if err == nil && data != nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		return fmt.Errorf("%s: %w; fetch it again", name, err)
	}
	return nil
}

// read reads a regular file; nil where there is none.
func read(dir fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(dir, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("it is no regular file")
	case info.Size() > maxFile:
		return nil, fmt.Errorf("%d bytes are more than any published one has", info.Size())
	}
	return fs.ReadFile(dir, name)
}
