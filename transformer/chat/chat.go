// Package chat turns messages into the prompt of a checkpoint, by the chat template that it comes with.
//
//  1. A template stands in a checkpoint's files (read.go) or in a GGUF file's metadata; New takes its source.
//  2. Render gives the text of a conversation, byte for byte that of transformers' apply_chat_template.
//  3. Begun gives the text up to within the assistant's answer, whose beginning is then part of the prompt.
//
// A template that uses what package jinja does not know is an error, so that no model is asked otherwise than it was trained.
package chat

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"tandem/transformer/jinja"
)

// A Template is a checkpoint's. It is parsed when it is first used, and may be used by many goroutines.
type Template struct {
	source string
	tokens map[string]string // "bos_token": "<s>"
	parsed func() (*jinja.Template, error)
}

// New takes a template's source and the texts of the special tokens that it may use, by the names that tokenizer_config.json has for
// them.
func New(source string, tokens map[string]string) *Template {
	return &Template{source, tokens, sync.OnceValues(func() (*jinja.Template, error) { return jinja.Parse(source) })}
}

// SHA256 is the hash of the source, in hex.
func (t *Template) SHA256() string {
	sum := sha256.Sum256([]byte(t.source))
	return hex.EncodeToString(sum[:])
}

// A Message of a conversation.
type Message struct{ value any }

// Say is a message of a role: system, user or assistant.
func Say(role, content string) Message {
	return Message{jinja.Object("role", role, "content", content)}
}

// UnmarshalJSON reads a message with whatever fields it has, such as tool_calls.
func (m *Message) UnmarshalJSON(data []byte) (err error) {
	m.value, err = jinja.FromJSON(data)
	return err
}

// Options of a rendering.
type Options struct {
	Generate  bool           // the text ends where the assistant's answer begins
	Tools     any            // as jinja.FromJSON gives them; nil: none
	Variables map[string]any // further ones, such as enable_thinking
	Now       time.Time      // what strftime_now tells
}

// Render gives the text of a conversation.
func (t *Template) Render(messages []Message, o Options) (string, error) {
	parsed, err := t.parsed()
	if err != nil {
		return "", fmt.Errorf("chat template: %w", err)
	}
	values := make([]any, len(messages))
	for i, m := range messages {
		values[i] = m.value
	}
	variables := map[string]any{"messages": values, "tools": o.Tools, "documents": nil, "add_generation_prompt": o.Generate}
	for name, token := range t.tokens {
		variables[name] = token
	}
	maps.Copy(variables, o.Variables)
	text, err := parsed.Render(variables, o.Now)
	if err != nil {
		return "", fmt.Errorf("chat template: %w", err)
	}
	return text, nil
}

// cut marks where an answer's beginning ends, while a template renders it.
const cut = "CONTINUE_FINAL_MESSAGE_TAG "

// Begun gives the text of a conversation up to within the assistant's answer, of which begin stands in it already. Behind is what
// would follow in a whole answer, such as the end of a code block; it keeps a template from trimming what begin ends in. Where it is
// empty, white space at begin's end is lost where the template trims a message, as with transformers' continue_final_message.
func (t *Template) Begun(messages []Message, begin, behind string, o Options) (string, error) {
	o.Generate = false
	text, err := t.Render(append(messages[:len(messages):len(messages)], Say("assistant", begin+cut+behind)), o)
	if err != nil {
		return "", err
	}
	at := strings.LastIndex(text, strings.TrimSpace(cut))
	if at < 0 {
		return "", errors.New("chat template: it does not write the beginning of an answer, so that a prompt cannot end within one")
	}
	if strings.HasPrefix(text[at:], cut) || behind != "" {
		return text[:at], nil
	}
	return strings.TrimRight(text[:at], " \t\r\n"), nil
}
